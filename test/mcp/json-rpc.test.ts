import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json } from '../../src/domain.js'
import type { WrittenId } from '../../src/mcp/id-places.js'
import { parseErrorCodes, readMessage, serialise, withId } from '../../src/mcp/json-rpc.js'

const test = suite('json-rpc')

const noObject = 'the message is not an object'
const unknownMember = 'the message has an unknown member'
const badVersion = 'jsonrpc is not "2.0"'
const badId = 'id is not a string of up to 1024 characters or an integer'
const badMethod = 'method is not a string of 1 to 256 characters'
const badParams = 'params is not an object'
const both = 'the message is both a request and a response'
const badError = 'error is not an object with an integer code and a message'
const respelt = (where: string) =>
  `a member of ${where} differs from a known one only in its spelling`

const refused: [string, string, string | number | null][] = [
  ['null', noObject, null],
  ['true', noObject, null],
  ['1', noObject, null],
  ['"tools/call"', noObject, null],
  ['[]', noObject, null],
  ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', noObject, null],
  ['{}', badVersion, null],
  ['{"jsonrpc":"1.0","id":1,"method":"ping"}', badVersion, 1],
  ['{"jsonrpc":2.0,"id":1,"method":"ping"}', badVersion, 1],
  ['{"jsonrpc":"2.0 ","id":1,"method":"ping"}', badVersion, 1],
  ['{"id":1,"method":"ping"}', badVersion, 1],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}', unknownMember, 1],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}', unknownMember, 1],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","param\u017f":{}}', unknownMember, 1],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","__proto__":{}}', unknownMember, 1],
  ['{"jsonrpc":"2.0","id":null,"method":"ping"}', badId, null],
  ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', badId, null],
  ['{"jsonrpc":"2.0","id":9007199254740992,"method":"ping"}', badId, null],
  ['{"jsonrpc":"2.0","id":1e300,"method":"ping"}', badId, null],
  ['{"jsonrpc":"2.0","id":true,"method":"ping"}', badId, null],
  ['{"jsonrpc":"2.0","id":[1],"method":"ping"}', badId, null],
  ['{"jsonrpc":"2.0","id":{},"method":"ping"}', badId, null],
  [`{"jsonrpc":"2.0","id":"${'x'.repeat(1025)}","method":"ping"}`, badId, null],
  ['{"jsonrpc":"2.0","id":1}', 'method is missing', 1],
  ['{"jsonrpc":"2.0","id":1,"method":null}', badMethod, 1],
  ['{"jsonrpc":"2.0","id":1,"method":""}', badMethod, 1],
  ['{"jsonrpc":"2.0","id":1,"method":["ping"]}', badMethod, 1],
  [`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(257)}"}`, badMethod, 1],
  ['{"jsonrpc":"2.0","id":1,"method":"response"}', 'the method is reserved', 1],
  ['{"jsonrpc":"2.0","id":"a","method":"stream/open"}', 'the method is reserved', 'a'],
  ['{"jsonrpc":"2.0","method":"session/close"}', 'the method is reserved', null],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', badParams, 1],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', badParams, 1],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","params":"{}"}', badParams, 1],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}', both, 1],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","result":null}', both, 1],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","error":{"code":1,"message":""}}', both, 1],
  ['{"jsonrpc":"2.0","result":{}}', 'the response has no id', null],
  ['{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}', badId, null],
  ['{"jsonrpc":"2.0","id":1,"result":{},"params":{}}', 'the response has params', 1],
  [
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}',
    'the response has both result and error',
    1,
  ],
  [
    '{"jsonrpc":"2.0","id":1,"result":{},"error":null}',
    'the response has both result and error',
    1,
  ],
  ['{"jsonrpc":"2.0","id":1,"result":null}', 'result is not an object', 1],
  ['{"jsonrpc":"2.0","id":1,"result":[]}', 'result is not an object', 1],
  ['{"jsonrpc":"2.0","id":1,"error":null}', badError, 1],
  ['{"jsonrpc":"2.0","id":1,"error":"no"}', badError, 1],
  ['{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":""}}', badError, 1],
  ['{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":""}}', badError, 1],
  ['{"jsonrpc":"2.0","id":1,"error":{"code":1}}', badError, 1],
  ['{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","Data":1}}', badError, 1],
  [
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}',
    respelt('params'),
    1,
  ],
  ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"NAME":"b"}}', respelt('params'), 1],
  ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"argument\u017f":{}}}', respelt('params'), 1],
  ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"_Meta":{}}}', respelt('params'), 1],
  ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":null}}', '_meta is not an object', 1],
  ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":[]}}', '_meta is not an object', 1],
  [
    '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"progressTo\u212aen":1}}}',
    respelt('_meta'),
    1,
  ],
  [
    '{"jsonrpc":"2.0","method":"x","params":{"_meta":{"IO.modelcontextprotocol/protocolVersion":1}}}',
    respelt('_meta'),
    null,
  ],
  [
    '{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"a","Name":"b"}}}',
    respelt('ref'),
    1,
  ],
  [
    '{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"ResourceSubscriptions":["a:b"]}}}',
    respelt('notifications'),
    1,
  ],
]

test('what is not exactly one message is refused, addressed to its id where it has one', () => {
  for (const [text, expected, id] of refused) {
    const actual = readMessage(JSON.parse(text) as Json)
    assert.equal(actual, { ok: false, code: -32600, text: expected, id }, text)
  }
})

const read: [string, string, string | number | null, string][] = [
  ['{"jsonrpc":"2.0","id":1,"method":"ping"}', 'request', 1, 'ping'],
  ['{"jsonrpc":"2.0","id":"1","method":"ping","params":{}}', 'request', '1', 'ping'],
  ['{"jsonrpc":"2.0","id":"","method":"ping"}', 'request', '', 'ping'],
  [`{"jsonrpc":"2.0","id":"${'x'.repeat(1024)}","method":"p"}`, 'request', 'x'.repeat(1024), 'p'],
  ['{"jsonrpc":"2.0","id":-9007199254740991,"method":"p"}', 'request', -9007199254740991, 'p'],
  ['{"jsonrpc":"2.0","id":1,"method":"__proto__"}', 'request', 1, '__proto__'],
  ['{"jsonrpc":"2.0","id":1,"method":"Tools/Call"}', 'request', 1, 'Tools/Call'],
  ['{"jsonrpc":"2.0","method":"notifications/x"}', 'notification', null, 'notifications/x'],
  ['{"jsonrpc":"2.0","id":1,"result":{}}', 'response', 1, 'response'],
  ['{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m"}}', 'response', 1, 'response'],
  [
    '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m","data":{"Code":1}}}',
    'response',
    1,
    'response',
  ],
]

test('a message keeps its object, and what is sent is that object', () => {
  for (const [text, kind, id, method] of read) {
    const value = JSON.parse(text) as Json
    const actual = readMessage(value)
    assert.ok(actual.ok, text)
    if (!actual.ok) continue
    const { message } = actual
    assert.equal([message.kind, message.id, message.method], [kind, id, method], text)
    assert.is(message.raw, value)
    assert.is(Buffer.from(serialise(message)).toString(), text)
  }
})

test('unknown members of params, _meta and arguments survive, __proto__ included', () => {
  const text =
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","x-vendor":[1],"__proto__":{"name":"b"},' +
    '"arguments":{"Name":1,"name":2,"__proto__":{"admin":true}},"_meta":{"acme/x":{"ProgressToken":1}}}}'
  const actual = readMessage(JSON.parse(text) as Json)
  assert.ok(actual.ok)
  if (!actual.ok) return
  assert.is(actual.message.params?.['name'], 'a')
  assert.is(actual.message.params?.['admin'], undefined)
  assert.is(Buffer.from(serialise(actual.message)).toString(), text)
})

test('a message has the spelling of its arguments, and of nothing else', () => {
  const spelt = (text: string, kept: string | null) => {
    const actual = readMessage(JSON.parse(text) as Json, kept)
    assert.ok(actual.ok, text)
    return actual.ok ? actual.message : null
  }
  const call =
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{ }}}'
  const message = spelt(call, '{ }')
  assert.is(message?.spelling?.text, '{ }')
  assert.is(message?.spelling?.of, message?.params?.['arguments'])
  assert.is(spelt(call, null)?.spelling, null)
  assert.is(spelt(call.replace('{ }', '[]'), '[]')?.spelling, null, 'no object')
  const response = '{"jsonrpc":"2.0","id":1,"result":{"arguments":{}}}'
  assert.is(spelt(response, '{}')?.spelling, null)
})

test('what is not JSON is told from JSON that is refused', () => {
  assert.equal(parseErrorCodes, {
    encoding: -32700,
    syntax: -32700,
    depth: -32600,
    members: -32600,
    duplicate: -32600,
    number: -32600,
    surrogate: -32600,
  })
})

test('a response may answer a sealed id, which is longer than a client’s own', () => {
  const response = (length: number) =>
    readMessage({ jsonrpc: '2.0', id: 'x'.repeat(length), result: {} })
  const longest = response(4096)
  assert.is(longest.ok && longest.message.id, 'x'.repeat(4096))
  const refusal = response(4097)
  assert.is(!refusal.ok && refusal.text, badId)
})

const renamed: [WrittenId, string][] = [
  [{ type: 'string', text: '1' }, '{"jsonrpc":"2.0","id":"1","result":{"a":[1]}}'],
  [{ type: 'number', text: '1' }, '{"jsonrpc":"2.0","id":1,"result":{"a":[1]}}'],
  [{ type: 'number', text: '-7' }, '{"jsonrpc":"2.0","id":-7,"result":{"a":[1]}}'],
  [{ type: 'number', text: '1.0' }, '{"id":1.0,"jsonrpc":"2.0","result":{"a":[1]}}'],
  [{ type: 'number', text: '-0' }, '{"id":-0,"jsonrpc":"2.0","result":{"a":[1]}}'],
  [
    { type: 'number', text: '12345678901234567890' },
    '{"id":12345678901234567890,"jsonrpc":"2.0","result":{"a":[1]}}',
  ],
]
for (const [id, sent] of renamed) {
  test(`under the id ${id.text}, a ${id.type}, it is sent as ${sent}`, () => {
    const read = readMessage({ jsonrpc: '2.0', id: 'sealed', result: { a: [1] } })
    assert.ok(read.ok)
    if (!read.ok) return
    const message = withId(read.message, id)
    assert.is(Buffer.from(serialise(message)).toString(), sent)
    assert.equal(JSON.parse(sent), message.raw)
    const back = withId(message, { type: 'string', text: 'sealed' })
    assert.equal(serialise(back), serialise(read.message))
  })
}

test.run()
