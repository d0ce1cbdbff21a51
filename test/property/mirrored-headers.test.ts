/**
 * What a request's headers say is what its body says, whichever transport the client has: a server
 * over HTTP that reads only headers, and one that reads only bodies, take every call for the same.
 * A client over HTTP makes the headers itself; for others the gateway makes them, of what they were
 * told of the tools. The reader of headers here is its own, not the gateway's.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { printedSeed } from '../policy/seed.js'
import { startGateway } from '../support/gateway.js'
import { modern } from '../support/messages.js'
import { serveSse } from '../support/sse-client.js'
import { serveStdio } from '../support/stdio-client.js'
import { json, result, type Seen, startUpstream } from '../support/upstream.js'

const cases = Number(process.env['CASES'] ?? 150)

/** Header → where the argument is. */
const mirrored: Readonly<Record<string, readonly string[]>> = {
  'mcp-param-region': ['region'],
  'mcp-param-count': ['count'],
  'mcp-param-flag': ['flag'],
  'mcp-param-inner': ['group', 'inner'],
}
const of = (type: string, header: string) => ({ type, 'x-mcp-header': header })
const inputSchema = {
  type: 'object',
  properties: {
    region: of('string', 'Region'),
    count: of('integer', 'COUNT'),
    flag: of('boolean', 'Flag'),
    plain: { type: 'string' },
    group: { type: 'object', properties: { inner: of('string', 'inner') } },
  },
}
const names = ['tool', 'grün', ' led ', '=?base64?eA==?=', 'x'.repeat(300)]

const upstream = await startUpstream(({ message: { id, method } }, response) => {
  if (id === undefined) return void response.writeHead(202).end()
  const tools = names.map((name) => ({ name, inputSchema }))
  json(response, result(id, method === 'tools/list' ? { tools } : { content: [] }))
})
const gateway = await startGateway({ upstreams: { up: upstream.url } })
const stdio = serveStdio(gateway)
const sse = await serveSse(gateway)

test.before(async () => {
  const list = modern('tools/list').body as object
  stdio.send(list)
  await stdio.receives(({ id }) => id === 1)
  await sse.send(list)
  await sse.receives(1)
})
test.after(async () => {
  sse.close()
  stdio.input.end()
  await stdio.served
  await gateway.close()
  await upstream.close()
})

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', ' ', '\t', 'a\r\nb', '=?base64?', '=?base64??=', '=?BASE64?YQ==?=', '\u0000'),
)
const argumentsOf = fc.record(
  {
    region: fc.oneof(text, fc.constant(null)),
    count: fc.oneof(fc.maxSafeInteger(), fc.constant(null)),
    flag: fc.boolean(),
    plain: text,
    group: fc.oneof(
      fc.record({ inner: text }, { requiredKeys: [], noNullPrototype: true }),
      fc.constant(null),
    ),
  },
  { requiredKeys: [], noNullPrototype: true },
)

let made = 0
for (const front of ['stdio', 'sse', 'http'] as const) {
  const title = `${front}: every header says what the body says`
  test(title, async () => {
    const seed = printedSeed(title)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), argumentsOf, async (name, args) => {
        made += 1
        const sent = await send(front, name, args, `call-${made}`)
        const { params } = sent.message
        assert.equal(params?.['arguments'], args)
        assert.is(readHeader(sent.headers.get('mcp-name')), params?.['name'])
        assert.is(sent.headers.get('mcp-method'), 'tools/call')
        for (const [header, path] of Object.entries(mirrored)) {
          const value = path.reduce<unknown>((inner, member) => Object(inner)[member], args)
          const expected = value === undefined || value === null ? undefined : String(value)
          assert.is(readHeader(sent.headers.get(header)), expected, header)
        }
        const own = [...sent.headers.keys()].filter((header) => header.startsWith('mcp-param-'))
        assert.equal(
          own.filter((header) => !(header in mirrored)),
          [],
        )
      }),
      { seed, numRuns: cases },
    )
  })
}

async function send(
  front: 'stdio' | 'sse' | 'http',
  name: string,
  args: object,
  id: string,
): Promise<Seen> {
  const { body } = modern('tools/call', { name, arguments: args })
  const message = { ...(body as object), id }
  if (front === 'stdio') stdio.send(message)
  else if (front === 'sse') await sse.send(message)
  else await gateway.send({ body: message, headers: headersOf(name, args) })
  return upstream.arrives((seen) => seen.message.id === id)
}

/** As a client over HTTP makes them: what is not plain at once is encoded. */
function headersOf(name: string, args: object): Record<string, string> {
  const headers: Record<string, string> = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': encoded(name),
  }
  for (const [header, path] of Object.entries(mirrored)) {
    const value = path.reduce<unknown>((inner, member) => Object(inner)[member], args)
    if (value !== undefined && value !== null) headers[header] = encoded(String(value))
  }
  return headers
}

function encoded(value: string): string {
  if (/^[a-z0-9-]+$/.test(value)) return value
  return `=?base64?${Buffer.from(value).toString('base64')}?=`
}

function readHeader(value: string | undefined): string | undefined {
  const inside = /^=\?base64\?(.*)\?=$/.exec(value ?? '')?.[1]
  return inside === undefined ? value : Buffer.from(inside, 'base64').toString()
}

test.run()
