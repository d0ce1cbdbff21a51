/**
 * Seen ⊆ allowed: whatever an upstream sends, and however it is framed, cut and labelled, the names
 * that any reader takes from what the client gets are names that policy allows. And an honest list
 * still arrives whole, less what is hidden. Every class of answer and every end has to be reached.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Expected } from '../../src/proxy/answer/filter.js'
import { type ClientView, passAnswer, type UpstreamAnswer } from '../support/answer-rig.js'
import { allClasses, generateAnswer } from '../support/list-answers.js'
import { namesSeen } from '../support/list-readers.js'
import { type Random, seededRandom } from '../support/random.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
const cases = 100_000
const allowed = new Set(['open-tool', 'file:///open', 'a"b\\c', 'tools'])
const names = [...allowed, 'hidden-tool', 'file:///secret', 'hidden', '__proto__']
const kinds = ['tools', 'prompts', 'resources', 'resourceTemplates']
const own: Expected = { type: 'own', id: 1 }
const classes = [...allClasses, 'expected:own', 'expected:any', 'expected:none']

/** Why a message does not pass: alone in its answer, or on a stream that goes on. */
const refusals = [
  ...kinds.map((kind) => `\`${kind}\` in a result is not an array`),
  ...kinds.map((kind) => `member \`${kind}\` twice in a result`),
  ...['prompts', 'resources', 'tools'].map(
    (kind) => `a member of the result looks like \`${kind}\``,
  ),
  'member `result` twice in a message',
  'unknown member in a message',
  'neither a request nor a response',
  'not a JSON-RPC object',
  'a response to another request',
  'invalid UTF-8',
  'control character in a string',
  'missing member name',
  'a value was expected',
  'text after the value',
  'the text ends before the value is complete',
]
const ends = [
  'passed',
  ...refusals,
  ...refusals.map((why) => `dropped: ${why}`),
  'a list or request inside a large result',
  'an answer without a body where one was due',
  'the answer ended without a response',
  'the answer has a content type that is not MCP',
  'the answer is encoded',
  'the upstream failed: 500',
]
/** What only a line break at a chance place makes; it need not fall there. */
const seldom = [
  'an unreadable member name in a result',
  'bad \\u escape in a string',
  'malformed id',
  'malformed jsonrpc',
  'malformed number',
  'missing colon',
  'missing comma',
  'not JSON-RPC 2.0',
  'unknown escape in a string',
  'unknown word',
].map((why) => `dropped: ${why}`)

const reached = new Map<string, number>()

test(`no reader sees a hidden name in ${cases} generated answers (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  let honest = 0
  for (let index = 0; index < cases; index++) {
    const generated = generateAnswer(random, names)
    const expected = drawExpected(generated.answer, random)
    const view = await passAnswer(generated.answer, {
      expected,
      allowed: (_, name) => allowed.has(name),
    })
    const drawn = [...generated.classes, `expected:${expected.type}`]
    for (const name of [...drawn, endOf(view)]) reached.set(name, (reached.get(name) ?? 0) + 1)
    const about = `case ${index} of seed ${seed}: ${drawn}`
    const seen = [...namesSeen(view.body)].sort()
    if (expected.type === 'none') assert.equal(seen, [], about)
    else {
      const leaked = seen.filter((name) => !allowed.has(name))
      assert.equal(leaked, [], about)
      if (!generated.honest) continue
      honest++
      const due = [...generated.offered].filter((name) => allowed.has(name)).sort()
      assert.equal(seen, due, about)
    }
  }
  console.log(`honest ${honest}`)
  assert.ok(honest > cases / 100)
})

test('every class of answer and every end was reached', () => {
  for (const name of new Set([...classes, ...ends, ...reached.keys()])) {
    console.log(`  ${String(reached.get(name) ?? 0).padStart(7)}  ${name}`)
  }
  const known = [...classes, ...ends]
  const missed = known.filter((name) => !reached.has(name))
  assert.equal(missed, [])
  const strangers = [...reached.keys()].filter((name) => ![...known, ...seldom].includes(name))
  assert.equal(strangers, [])
})

test('the readers make do with what is broken off', () => {
  const list = '{"result":{"content":"[{","prompts":[],"tools":[{"name":"a"},{"x":1,"name":"b"}'
  for (const rest of ['', ',', ',{', ',{"na', ',{"name":"c', '],', ']}', ']}}x']) {
    for (const before of ['', 'data: ', 'data: {}\n\ndata:']) {
      const seen = namesSeen(Buffer.from(before + list + rest))
      assert.equal([...seen], ['a', 'b'], before + list + rest)
    }
  }
})

/** A GET has only event streams: one that is resumed brings any response, another one none. */
function drawExpected({ status, headers }: UpstreamAnswer, random: Random): Expected {
  const stream = status === 200 && /event-stream/i.test(String(headers['content-type']))
  return stream ? random.pick<Expected>([own, own, { type: 'any' }, { type: 'none' }]) : own
}

function endOf({ failed, dropped }: ClientView): string {
  return failed ?? (dropped.length > 0 ? `dropped: ${dropped[0]}` : 'passed')
}

test.run()
