/**
 * A client of an SDK that knows a URL and nothing else: what the SDK does of itself when it is told
 * 401 or 403, with a user agent that logs in and consents. Then the tools it was asked to call, each
 * of which may lead to the authorization server again.
 */
import { authorize } from './user-agent.mjs'

const redirectUri = 'http://127.0.0.1:9/callback'

/** What an application keeps for the SDK, and the browser that it would open. */
function createProvider(login, known) {
  const kept = { information: known, tokens: undefined, verifier: '', discovery: undefined }
  const asked = []
  return {
    asked,
    kept,
    back: null,
    redirectUrl: redirectUri,
    clientMetadata: { client_name: 'test', redirect_uris: [redirectUri] },
    clientInformation: () => kept.information,
    saveClientInformation: (information) => {
      kept.information = information
    },
    tokens: () => kept.tokens,
    saveTokens: (tokens) => {
      kept.tokens = tokens
    },
    saveCodeVerifier: (verifier) => {
      kept.verifier = verifier
    },
    codeVerifier: () => kept.verifier,
    discoveryState: () => kept.discovery,
    saveDiscoveryState: (discovery) => {
      kept.discovery = discovery
    },
    async redirectToAuthorization(url) {
      const { searchParams } = new URL(url)
      asked.push({ scope: searchParams.get('scope'), resource: searchParams.get('resource') })
      this.back = await authorize(url, { redirectUri, login })
    },
  }
}

/** Does it; where the SDK says that the user has to authorize, does so and does it again. */
async function authorized(provider, finish, act) {
  try {
    return await act()
  } catch (error) {
    if (provider.back === null) throw error
    const { searchParams } = provider.back
    provider.back = null
    await finish(searchParams)
    return await act()
  }
}

export async function oauth(connect, { login, client: known, tools, wire, url, ...job }) {
  const provider = createProvider(login, known)
  let newest = null
  // What goes elsewhere (metadata, tokens) is no MCP, and is not kept.
  const onlyMcp = (to, init) => (String(to) === url ? wire.fetch(to, init) : fetch(to, init))
  const options = { ...job, url, key: null, authProvider: provider, wire: { fetch: onlyMcp } }
  const none = { capabilities: {}, onRequest: {}, onNotification: {} }
  const finish = (params) => newest.finishAuth(params.get('code'), params.get('iss') ?? undefined)
  const made = (transport) => {
    newest = transport
  }
  const { client, call } = await authorized(provider, finish, () =>
    connect({ ...none, ...options, made }),
  )
  const results = {}
  for (const { name, arguments: given } of tools) {
    results[name] = await outcomeOf(() =>
      authorized(provider, finish, () => call({ name, arguments: given })),
    )
  }
  const { tools: listed } = await client.listTools()
  await client.close()
  return {
    asked: provider.asked,
    registered: provider.kept.information?.client_id !== known?.client_id,
    scope: provider.kept.tokens?.scope ?? null,
    listed: listed.map(({ name }) => name),
    results,
    statuses: wire.exchanges.map(({ asked, status }) => [asked, status]),
  }
}

async function outcomeOf(act) {
  try {
    const { content, isError = false } = await act()
    return { text: content[0]?.text ?? null, isError }
  } catch (error) {
    return { error: error.message }
  }
}
