/**
 * Bodies that two parsers could read differently, or that are no message, are refused with the
 * exact answer below, leave one event and reach no upstream.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { brief, call, modern, pinned, request, seenByCaller } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

interface Row {
  readonly what: string
  readonly body: string | Uint8Array
  readonly rpc: -32700 | -32600
  readonly text: string
  readonly code: string
  readonly id?: string | number
  /** Where the message was read far enough to be named. */
  readonly method?: string
}

const before = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"open-tool"'
const good = `${before},"arguments":{}}}`
const args = (json: string) => `${before},"arguments":${json}}}`
const syntax = { rpc: -32700, text: 'the body is not one JSON value', code: 'json-syntax' } as const
const encoding = {
  rpc: -32700,
  text: 'the body is not UTF-8 without a byte order mark',
  code: 'json-encoding',
} as const
const duplicate = {
  rpc: -32600,
  text: 'an object has the same member twice',
  code: 'json-duplicate',
} as const
const inexact = {
  rpc: -32600,
  text: 'a number cannot be represented exactly',
  code: 'json-number',
} as const
const half = {
  rpc: -32600,
  text: 'a string has half of a surrogate pair',
  code: 'json-surrogate',
} as const
const deep = { rpc: -32600, text: 'the body is nested too deeply', code: 'json-depth' } as const
const invalid = (text: string, id?: number) =>
  ({ rpc: -32600, text, code: 'message-invalid', ...(id === undefined ? {} : { id }) }) as const
const spelling = (where: string) =>
  invalid(`a member of ${where} differs from a known one only in its spelling`, 7)

/** `levels` containers inside each other; envelope, params and arguments are three of them. */
function nested(levels: number): string {
  return args(`{"a":${'['.repeat(levels - 3)}${']'.repeat(levels - 3)}}`)
}

const rows: readonly Row[] = [
  { what: 'a member twice', body: good.replace('"id":7', '"id":7,"id":7'), ...duplicate },
  { what: 'a nested member twice', body: args('{"a":{"b":1,"b":2}}'), ...duplicate },
  { what: 'a member twice, once escaped', body: args('{"a":1,"\\u0061":2}'), ...duplicate },
  {
    what: 'an invalid byte',
    body: Buffer.from(args('{"a":"\xff"}'), 'latin1'),
    ...encoding,
  },
  {
    what: 'an overlong form',
    body: Buffer.from(args('{"a":"\xc0\xaf"}'), 'latin1'),
    ...encoding,
  },
  { what: 'a byte order mark', body: `\ufeff${good}`, ...encoding },
  { what: 'UTF-16', body: Buffer.from(good, 'utf16le'), ...syntax },
  { what: 'a second value behind it', body: `${good}${good}`, ...syntax },
  { what: 'a letter behind it', body: `${good}x`, ...syntax },
  { what: 'NUL behind it', body: `${good}\0`, ...syntax },
  { what: 'an empty body', body: '', ...syntax },
  { what: 'half a message', body: good.slice(0, -1), ...syntax },
  { what: 'a comment', body: good.replace('{', '{/**/'), ...syntax },
  { what: 'NaN', body: args('{"a":NaN}'), ...syntax },
  { what: '65 levels', body: nested(65), ...deep },
  { what: '10,000 levels', body: nested(10_000), ...deep },
  { what: 'a high surrogate alone', body: args('{"a":"\\ud800"}'), ...half },
  { what: 'a low surrogate alone', body: args('{"a":"\\udc00x"}'), ...half },
  { what: 'a surrogate as a name', body: args('{"\\ud83d":1}'), ...half },
  { what: '1e400', body: args('{"a":1e400}'), ...inexact },
  { what: '9007199254740993', body: args('{"a":9007199254740993}'), ...inexact },
  { what: 'a number', body: '1', ...invalid('the message is not an object') },
  { what: 'null', body: 'null', ...invalid('the message is not an object') },
  { what: 'no version', body: '{"id":7,"method":"ping"}', ...invalid('jsonrpc is not "2.0"', 7) },
  {
    what: 'Method for method',
    body: good.replace('"method"', '"Method"'),
    ...invalid('the message has an unknown member', 7),
  },
  {
    what: 'an unknown member of the envelope',
    body: good.replace('"id":7', '"id":7,"x":1'),
    ...invalid('the message has an unknown member', 7),
  },
  { what: 'Name for name', body: good.replace('"name"', '"Name"'), ...spelling('params') },
  {
    what: 'Name beside name',
    body: good.replace('"name"', '"Name":"hidden-tool","name"'),
    ...spelling('params'),
  },
  {
    what: 'a long s in arguments',
    body: good.replace('"arguments"', '"argument\u017f"'),
    ...spelling('params'),
  },
  {
    what: 'ProgressToken in _meta',
    body: good.replace('"name"', '"_meta":{"ProgressToken":1},"name"'),
    ...spelling('_meta'),
  },
  { what: 'null as the id', body: good.replace('"id":7', '"id":null'), ...idText() },
  { what: 'a fraction as the id', body: good.replace('"id":7', '"id":0.5'), ...idText() },
  {
    what: 'a list as params',
    body: '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":[]}',
    ...invalid('params is not an object', 7),
  },
  {
    what: 'a word of the gateway as the method',
    body: '{"jsonrpc":"2.0","id":7,"method":"session/close"}',
    ...invalid('the method is reserved', 7),
  },
  {
    what: 'a batch',
    body: `[${good}]`,
    rpc: -32600,
    text: 'the body is an array: this protocol version has no batches',
    code: 'batch',
  },
]

function idText() {
  return invalid('id is not a string of up to 1024 characters or an integer')
}

for (const row of rows) {
  test(`${row.what}: 400`, async () => {
    const earlier = (await gateway.audit()).length
    const answer = await gateway.send({ body: row.body })
    const id = row.id === undefined ? 'null' : JSON.stringify(row.id)
    assert.equal(seenByCaller(answer), {
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: `{"jsonrpc":"2.0","id":${id},"error":{"code":${row.rpc},"message":${JSON.stringify(row.text)},"data":{"requestId":"<id>"}}}`,
    })
    const events = (await gateway.audit()).slice(earlier)
    assert.equal(events.map(brief), [
      {
        event: 'refused',
        outcome: 'rejected',
        code: row.code,
        status: 400,
        method: row.method ?? null,
      },
    ])
    assert.equal(events[0]?.subject?.id, 'alice')
    assert.ok(answer.body.includes(events[0]?.request_id ?? 'none'))
    assert.equal(upstream.seen.length, 0, 'nothing reached the upstream')
  })
}

const mismatches: readonly { what: string; headers: Record<string, string | null> }[] = [
  { what: 'Mcp-Method differs', headers: { 'mcp-method': 'tools/list' } },
  { what: 'Mcp-Method is missing', headers: { 'mcp-method': null } },
  { what: 'Mcp-Name differs', headers: { 'mcp-name': 'other-tool' } },
  { what: 'Mcp-Name is missing', headers: { 'mcp-name': null } },
  { what: 'Mcp-Name is malformed', headers: { 'mcp-name': '=?base64?!?=' } },
  { what: 'the version differs', headers: { 'mcp-protocol-version': '2025-11-25' } },
  { what: 'the version is missing', headers: { 'mcp-protocol-version': null } },
]
const mismatchTexts: Readonly<Record<string, string>> = {
  'Mcp-Method differs': 'Mcp-Method differs from the method of the body',
  'Mcp-Method is missing': 'Mcp-Method is missing',
  'Mcp-Name differs': 'Mcp-Name differs from the name in the body',
  'Mcp-Name is missing': 'Mcp-Name is missing',
  'Mcp-Name is malformed': 'Mcp-Name is malformed',
  'the version differs': 'MCP-Protocol-Version differs from the version in _meta',
  'the version is missing': 'MCP-Protocol-Version is missing',
}

for (const { what, headers } of mismatches) {
  test(`modern, ${what}: 400 -32020`, async () => {
    const earlier = (await gateway.audit()).length
    const answer = await gateway.send(modern('tools/call', { name: 'open-tool' }, headers))
    assert.equal(answer.status, 400)
    assert.is(
      pinned(answer.body),
      `{"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":"${mismatchTexts[what]}","data":{"requestId":"<id>"}}}`,
    )
    const events = (await gateway.audit()).slice(earlier)
    assert.equal(
      events.map(({ outcome, code, method }) => ({ outcome, code, method })),
      [{ outcome: 'rejected', code: 'header-mismatch', method: 'tools/call' }],
    )
    assert.equal(upstream.seen.length, 0)
  })
}

test('a version nobody knows gets the versions that are', async () => {
  const sent = modern('tools/list', {}, { 'mcp-protocol-version': '2027-01-01' })
  const text = JSON.stringify(sent.body).replace('2026-07-28', '2027-01-01')
  const answer = await gateway.send({ ...sent, body: text })
  assert.equal(seenByCaller(answer), {
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"the protocol version is not supported","data":{"supported":["2026-07-28"],"requested":"2027-01-01","requestId":"<id>"}}}',
  })
  assert.equal(upstream.seen.length, 0)
})

test('what is only unusual passes as it was judged', async () => {
  const texts = ['{"a":0.1,"b":1.0,"c":1e2}', '{"a":[[[1]]]}', '{"__proto__":1,"A":1,"a":2}']
  for (const text of texts) {
    upstream.seen.length = 0
    const answer = await gateway.send({ body: args(text) })
    assert.is(answer.status, 200, text)
    const [arrived] = upstream.seen
    assert.equal(arrived?.message.params?.['arguments'], JSON.parse(text))
  }
  upstream.seen.length = 0
  await gateway.send({ body: nested(64) })
  assert.is(upstream.seen[0]?.body, nested(64), '64 levels')
})

test('unknown members of params and _meta reach the upstream', async () => {
  upstream.seen.length = 0
  const params = {
    name: 'open-tool',
    arguments: { n: 1 },
    _meta: { 'x.y/z': [1] },
    other: { a: 2 },
  }
  await gateway.send({ body: call('open-tool', params) })
  assert.equal(upstream.seen[0]?.message, request('tools/call', params))
})

test.run()
