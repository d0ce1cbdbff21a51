/** What a client without headers was told of tools is remembered as it was told last, within bounds. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ownMessage } from '../../../src/mcp/json-rpc.js'
import { LearntParameters } from '../../../src/proxy/front/learnt-parameters.js'

const tool = (name: string, header: string | null, property = 'a') => ({
  name,
  inputSchema: {
    properties: { [property]: { type: 'string', ...(header && { 'x-mcp-header': header }) } },
  },
})
const answer = (...tools: object[]) =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } }))
const call = (name: string, args: Record<string, string> = { a: 'x' }, method = 'tools/call') =>
  ownMessage({ jsonrpc: '2.0', id: 1, method, params: { name, arguments: args } })

test('the newest definition counts, page by page', () => {
  const learnt = new LearntParameters()
  assert.equal(learnt.headersOf(call('one')), [])
  learnt.learn(answer(tool('one', 'A'), tool('none', null)))
  learnt.learn(answer(tool('two', 'B')))
  assert.equal(learnt.headersOf(call('one')), ['mcp-param-a', 'x'])
  assert.equal(learnt.headersOf(call('two')), ['mcp-param-b', 'x'])
  assert.equal(learnt.headersOf(call('none')), [])
  assert.equal(learnt.headersOf(call('one', {}, 'prompts/get')), [])
  learnt.learn(answer(tool('one', null), tool('two', 'C')))
  assert.equal(learnt.headersOf(call('one')), [])
  assert.equal(learnt.headersOf(call('two')), ['mcp-param-c', 'x'])
})

test('what is no list teaches nothing', () => {
  const learnt = new LearntParameters()
  learnt.learn(answer(tool('one', 'A')))
  const texts = ['', '"x-mcp-header"', '[]', 'null', '{"error":{}}', '{"result":{"tools":{}}}']
  for (const text of [...texts, '{"result":{"tools":[null,1,{"name":1}]}}']) {
    learnt.learn(Buffer.from(text))
  }
  assert.equal(learnt.headersOf(call('one')), ['mcp-param-a', 'x'])
})

test('a server that lists without end is remembered in part, the newest first', () => {
  const learnt = new LearntParameters()
  const long = 'p'.repeat(1000)
  for (let at = 0; at < 1000; at += 1) learnt.learn(answer(tool(`t${at}`, 'A', long)))
  const known = Array.from({ length: 1000 }, (_, at) => at).filter(
    (at) => learnt.headersOf(call(`t${at}`, { [long]: 'x' })).length > 0,
  )
  assert.ok(known.length > 200 && known.length < 260, `${known.length}`)
  assert.is(known.at(-1), 999)
  assert.is(known[0], 1000 - known.length)
  learnt.learn(answer(tool('huge', 'A', 'p'.repeat(300_000))))
  assert.equal(learnt.headersOf(call('huge', { ['p'.repeat(300_000)]: 'x' })), [])
  learnt.learn(answer(tool('small', 'A')))
  assert.equal(learnt.headersOf(call('small')), ['mcp-param-a', 'x'])
})

test.run()
