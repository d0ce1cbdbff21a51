/**
 * A client that uses all that a server offers: `node conformance-client.mjs URL`, as the official
 * conformance suite runs it. Every tool is called and every prompt and resource fetched, all at
 * once; what the server asks is answered with the defaults of its form. The suite says in the
 * environment which protocol version is spoken and, where it matters, which calls to make.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

const modern = '2026-07-28'
const version = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION ?? modern
const { toolCalls } = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}')

const client = new Client(
  { name: 'conformance-client', version: '1.0.0' },
  {
    capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
    versionNegotiation: { mode: version === modern ? 'auto' : 'legacy' },
  },
)
const answers = {
  'elicitation/create': ({ params }) => ({
    action: 'accept',
    content: valuesOf(params.requestedSchema),
  }),
  'sampling/createMessage': () => ({
    model: 'test',
    role: 'assistant',
    content: { type: 'text', text: 'Hello' },
  }),
  'roots/list': () => ({ roots: [] }),
}
for (const [method, answer] of Object.entries(answers)) client.setRequestHandler(method, answer)

await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])))
const offers = client.getServerCapabilities() ?? {}
const { tools } = offers.tools === undefined ? { tools: [] } : await client.listTools()
const { prompts } = offers.prompts === undefined ? { prompts: [] } : await client.listPrompts()
const { resources } =
  offers.resources === undefined ? { resources: [] } : await client.listResources()
const calls =
  toolCalls ??
  tools.map(({ name, inputSchema }) => ({ name, arguments: valuesOf(inputSchema, tools) }))

const used = await Promise.allSettled([
  ...calls.map((call) => client.callTool(call)),
  ...prompts.map(({ name, arguments: taken = [] }) =>
    client.getPrompt({
      name,
      arguments: Object.fromEntries(taken.map((argument) => [argument.name, 'text'])),
    }),
  ),
  ...resources.map(({ uri }) => client.readResource({ uri })),
])
await client.close()
// A server may well refuse what it offers: that is no fault of its client.
for (const { reason } of used) if (reason !== undefined) console.error(reason)
process.exit(0)

/** Values that a schema allows: its defaults, or the first that comes to mind. */
function valuesOf({ properties = {} }, known = []) {
  const entries = Object.entries(properties)
  return Object.fromEntries(entries.map(([name, schema]) => [name, valueFor(schema, name, known)]))
}

function valueFor(schema, name, known) {
  if (schema.default !== undefined) return schema.default
  if (schema.enum !== undefined) return schema.enum[0]
  // A tool that takes a schema gets one that the server gave.
  if (schema.type === 'object') return name === 'schema' ? known[0].inputSchema : {}
  return { string: 'text', number: 2, integer: 2, boolean: true, array: [] }[schema.type] ?? null
}
