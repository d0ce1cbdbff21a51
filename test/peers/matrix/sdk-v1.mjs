/** The v1 SDK's client over each of its transports: the older eras only. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { fillIn } from './steps.mjs'
import { tap } from './tap.mjs'

const transports = {
  http: StreamableHTTPClientTransport,
  sse: SSEClientTransport,
  stdio: StdioClientTransport,
}

export async function connect({ transport: kind, url, headers, command, args, env }) {
  const where = command === undefined ? new URL(url) : { command, args, env, stderr: 'ignore' }
  const transport = new transports[kind](where, { requestInit: { headers } })
  const tapped = tap(transport)
  const client = new Client(
    { name: 'v1-client', version: '1.0.0' },
    { capabilities: { elicitation: { form: {} } } },
  )
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => fillIn(params))
  try {
    await client.connect(transport)
  } catch (error) {
    await client.close()
    throw error
  }
  tapped.hear()
  return {
    list: async () => (await client.listTools()).tools,
    call: (name, given, options) => client.callTool({ name, arguments: given }, undefined, options),
    progress: tapped.progress,
    afterwards: tapped.afterwards,
    close: async () => {
      if (kind === 'http') await transport.terminateSession()
      await client.close()
    },
  }
}
