import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  envelopeNames,
  filterNames,
  fold,
  foldedCollision,
  metaNames,
  paramsNames,
  referenceNames,
} from '../../src/mcp/fold.js'

const test = suite('fold')

const lookalikes: [string, string][] = [
  ['Name', 'name'],
  ['NAME', 'name'],
  ['param\u017f', 'params'],
  ['PARAM\u017f', 'params'],
  ['progressTo\u212aen', 'progressToken'],
  ['\uff4e\uff41\uff4d\uff45', 'name'],
  ['\u24dd\u24d0\u24dc\u24d4', 'name'],
  ['ur\u0131', 'uri'],
  ['ur\u0130', 'uri'],
  ['noti\ufb01cations', 'notifications'],
  ['progre\u00dfToken', 'progressToken'],
  ['progre\u1e9eToken', 'progressToken'],
  ['na\u00adme', 'name'],
  ['na\u200dme', 'name'],
  ['\ufeffname', 'name'],
  ['name\0', 'name'],
  ['name\0x', 'name'],
  ['Name\0x', 'name'],
]

test('a name that some parser takes for a known one folds to it', () => {
  for (const [name, known] of lookalikes) {
    assert.is(fold(name), fold(known), JSON.stringify(name))
    const object = JSON.parse(`{"a":1,"${known}":1,${JSON.stringify(name)}:2}`)
    const names = known === 'params' ? envelopeNames : paramsNames
    assert.is(foldedCollision(object, names), name)
  }
})

const strangers = ['names', 'nam', 'na me', ' name', 'n\u00e4me', 'n\u0430me', '', '__proto__']

test('a name of its own collides with nothing', () => {
  for (const name of strangers) {
    const object = JSON.parse(`{"name":1,${JSON.stringify(name)}:2}`)
    for (const names of [envelopeNames, paramsNames, metaNames, referenceNames, filterNames]) {
      assert.is(foldedCollision(object, names), null, JSON.stringify(name))
    }
  }
})

test('known names are what the protocol says, and none of them collides with itself', () => {
  const pins: [typeof envelopeNames, string[]][] = [
    [envelopeNames, ['jsonrpc', 'id', 'method', 'params', 'result', 'error']],
    [paramsNames, ['_meta', 'name', 'arguments', 'uri', 'ref', 'cursor', 'taskId', 'task']],
    [paramsNames, ['requestId', 'progressToken', 'requestState', 'inputResponses', 'clientInfo']],
    [metaNames, ['io.modelcontextprotocol/protocolVersion', 'traceparent', 'progressToken']],
    [referenceNames, ['type', 'name', 'uri']],
    [filterNames, ['resourceSubscriptions', 'taskIds', 'toolsListChanged']],
  ]
  for (const [names, expected] of pins) {
    for (const name of expected) assert.ok(names.exact.has(name), name)
    const all = Object.fromEntries([...names.exact].map((name) => [name, 1]))
    assert.is(foldedCollision(all, names), null)
    for (const name of names.exact) {
      assert.is(foldedCollision({ [name.toUpperCase()]: 1 }, names), name.toUpperCase())
    }
  }
})

test('an own __proto__ member is a name like any other', () => {
  const object = JSON.parse('{"__proto__":{"Name":1},"arguments":{}}')
  assert.is(foldedCollision(object, paramsNames), null)
})

test.run()
