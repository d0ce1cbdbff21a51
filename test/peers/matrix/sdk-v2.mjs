/** The v2 SDK's client over each of its transports: `mode` legacy, auto, or modern (pinned). */
import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { fillIn } from './steps.mjs'
import { tap } from './tap.mjs'

const modes = { legacy: 'legacy', auto: 'auto', modern: { pin: '2026-07-28' } }
const transports = {
  http: StreamableHTTPClientTransport,
  sse: SSEClientTransport,
  stdio: StdioClientTransport,
}

export async function connect({ transport: kind, url, headers, command, args, env, mode }) {
  const where = command === undefined ? new URL(url) : { command, args, env, stderr: 'ignore' }
  const transport = new transports[kind](where, { requestInit: { headers } })
  const tapped = tap(transport)
  const client = new Client(
    { name: 'v2-client', version: '2.0.0' },
    { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: modes[mode] } },
  )
  client.setRequestHandler('elicitation/create', ({ params }) => fillIn(params))
  try {
    await client.connect(transport)
  } catch (error) {
    await client.close()
    throw error
  }
  tapped.hear()
  return {
    list: async () => (await client.listTools()).tools,
    call: (name, given, options) => client.callTool({ name, arguments: given }, options),
    progress: tapped.progress,
    afterwards: tapped.afterwards,
    close: async () => {
      const isSession = kind === 'http' && client.getProtocolEra() === 'legacy'
      if (isSession) await transport.terminateSession()
      await client.close()
    },
  }
}
