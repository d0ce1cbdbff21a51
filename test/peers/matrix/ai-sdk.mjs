/** An implementation of its own, without either SDK: older eras, over each of its transports. */
import { createMCPClient, ElicitationRequestSchema } from '@ai-sdk/mcp'
import { Experimental_StdioMCPTransport as StdioTransport } from '@ai-sdk/mcp/mcp-stdio'
import { fillIn } from './steps.mjs'
import { tap } from './tap.mjs'

export async function connect({ transport: kind, url, headers, command, args, env }) {
  const wire =
    command === undefined ? overHttp() : overStdio({ command, args, env, stderr: 'ignore' })
  const client = await createMCPClient({
    transport: wire.transport ?? { type: kind, url, headers, fetch: wire.fetch },
    capabilities: { elicitation: {} },
  })
  client.onElicitationRequest(ElicitationRequestSchema, ({ params }) => fillIn(params))
  wire.hear()
  return {
    list: async () => (await client.listTools()).tools,
    call: (name, args, { signal } = {}) =>
      client.callTool({ name, args, options: { abortSignal: signal } }),
    afterwards: wire.afterwards,
    close: () => client.close(),
  }
}

function overStdio(how) {
  const transport = new StdioTransport(how)
  return { transport, ...tap(transport) }
}

/** It makes its transport itself; what it sends passes here. */
function overHttp() {
  let told = false
  return {
    fetch(url, init) {
      told ||= String(init?.body ?? '').includes('"notifications/cancelled"')
      return fetch(url, init)
    },
    hear() {},
    afterwards: () => ({ told, late: false }),
  }
}
