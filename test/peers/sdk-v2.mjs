/**
 * Connects a client of the v2 SDK: `mode` legacy, auto, or modern (pinned to 2026-07-28). `made` gets
 * the transport before it is used, for whoever has to finish what it began.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

const modes = { legacy: 'legacy', auto: 'auto', modern: { pin: '2026-07-28' } }

export async function connect(to) {
  const { url, key, mode, capabilities, onRequest, onNotification, wire, authProvider, made } = to
  const headers = key === null ? {} : { authorization: `Bearer ${key}` }
  const client = new Client(
    { name: 'v2-client', version: '2.0.0' },
    { capabilities, versionNegotiation: { mode: modes[mode] } },
  )
  for (const [method, answer] of Object.entries(onRequest)) client.setRequestHandler(method, answer)
  for (const [method, hear] of Object.entries(onNotification)) {
    client.setNotificationHandler(method, hear)
  }
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    fetch: wire.fetch,
    authProvider,
  })
  made?.(transport)
  await client.connect(transport)
  const call = (params, options) => client.callTool(params, options)
  return { client, transport, call, era: client.getProtocolEra() }
}
