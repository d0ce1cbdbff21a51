/**
 * A gateway that is protected by a real authorization server, and somebody who gets tokens there as
 * a client does that knows nothing but the gateway's URL: 401, metadata, log-in, code, PKCE.
 */
import { createHash, randomBytes } from 'node:crypto'
import { pathToFileURL } from 'node:url'
import type { JsonObject } from '../../src/domain.js'
import { freePort } from './free-port.js'
import { type Gateway, type GatewayOptions, startGateway } from './gateway.js'
import { startAuthorizationServer } from './peers.js'

export interface Protected {
  readonly gateway: Gateway
  readonly issuer: string
  /** Asks for a token as `login`, for the server `upstream` and with these scopes. */
  signIn(login: string, asked: { upstream: string; scope: string }): Promise<string>
  /** The authorization server signs with a new key from now on. */
  rotate(keep: boolean): Promise<void>
  /** The token is dead, as far as its server can tell. */
  revoke(token: string): Promise<void>
  close(): Promise<void>
}

export interface ProtectedOptions extends Pick<GatewayOptions, 'upstreams' | 'policy'> {
  readonly format: 'jwt' | 'opaque'
  readonly scopes: readonly string[]
  /** Of the entry of the authorization server, beside its issuer. */
  readonly server?: (issuer: string) => JsonObject
  readonly oauth?: JsonObject
}

export const redirectUri = 'http://127.0.0.1:9/callback'
export const clientId = 'test-client'
export const resourceClient = { id: 'the gateway', secret: 'a secret: 100% & more' }

const clients: readonly JsonObject[] = [
  {
    client_id: clientId,
    application_type: 'native',
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
  },
  {
    client_id: resourceClient.id,
    client_secret: resourceClient.secret,
    redirect_uris: [],
    grant_types: [],
    response_types: [],
  },
]

type Authorize = (url: string, options: { redirectUri: string; login: string }) => Promise<URL>

export async function startProtected(options: ProtectedOptions): Promise<Protected> {
  const { format, scopes, upstreams, policy, server = () => ({}), oauth = {} } = options
  const port = await freePort()
  const provider = await startAuthorizationServer({ format, scopes, clients })
  const issuer = provider.url
  const authorizationServers = [{ issuer, claims: { roles: '/roles' }, ...server(issuer) }]
  const gateway = await startGateway({
    upstreams,
    ...(policy === undefined ? {} : { policy }),
    listen: { port, publicUrl: `http://127.0.0.1:${port}` },
    identity: { oauth: { authorizationServers, ...oauth } },
  })
  return {
    gateway,
    issuer,
    signIn: (login, asked) => signIn(gateway.url, login, asked),
    async rotate(keep) {
      await fetch(`${issuer}/test/rotate`, { method: 'POST', body: JSON.stringify({ keep }) })
    },
    async revoke(token) {
      const body = new URLSearchParams({ token, client_id: clientId })
      await fetch(`${issuer}/token/revocation`, { method: 'POST', body })
    },
    async close() {
      await gateway.close()
      await provider.stop()
    },
  }
}

/** What a client finds out on its way from a refused request to the authorization server. */
export async function discover(url: string): Promise<{
  readonly challenge: string
  readonly resource: JsonObject
  readonly server: JsonObject
}> {
  const refused = await fetch(url, { method: 'POST', ...jsonBody('{}') })
  const challenge = refused.headers.get('www-authenticate') ?? ''
  const metadataUrl = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? ''
  const resource = await json(await fetch(metadataUrl))
  const [issuer] = resource['authorization_servers'] as string[]
  const server = await json(await fetch(`${issuer}/.well-known/openid-configuration`))
  return { challenge, resource, server }
}

async function signIn(
  gatewayUrl: string,
  login: string,
  { upstream, scope }: { upstream: string; scope: string },
): Promise<string> {
  const { resource, server } = await discover(`${gatewayUrl}/mcp/${upstream}`)
  const verifier = randomBytes(32).toString('base64url')
  const request = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    resource: String(resource['resource']),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }
  const userAgent = pathToFileURL('test/peers/user-agent.mjs').href
  const { authorize } = (await import(userAgent)) as { authorize: Authorize }
  const query = new URLSearchParams(request)
  const back = await authorize(`${server['authorization_endpoint']}?${query}`, {
    redirectUri,
    login,
  })
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    code_verifier: verifier,
    client_id: clientId,
    redirect_uri: redirectUri,
    resource: request.resource,
  })
  const answer = await json(await fetch(String(server['token_endpoint']), { method: 'POST', body }))
  const token = answer['access_token']
  if (typeof token !== 'string') throw new Error(`no token: ${JSON.stringify(answer)}`)
  return token
}

function jsonBody(body: string): RequestInit {
  const accept = 'application/json, text/event-stream'
  return { body, headers: { 'content-type': 'application/json', accept } }
}

async function json(response: Response): Promise<JsonObject> {
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${text}`)
  return JSON.parse(text) as JsonObject
}
