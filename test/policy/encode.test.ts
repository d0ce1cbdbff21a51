import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Definition, Definitions, Json, Question } from '../../src/domain.js'
import { listItems, namedItems } from '../../src/mcp/methods.js'
import { type Asked, createEncoder, type Encoder } from '../../src/policy/encode.js'
import { itemFacts, messageFacts } from '../../src/policy/facts.js'
import { createZoneClock } from '../../src/policy/zones.js'
import { definitions, look, projections, questions, spellings } from './arbitrary.js'
import { callOf, circumstances, identityOf, questionOf } from './questions.js'
import { printedSeed } from './seed.js'

const timeZones = ['Asia/Kolkata', 'Europe/Berlin']
const zones = createZoneClock(timeZones)

function inputOf({ frame, resource }: Asked): string {
  return `{${frame.text},"resource":${resource.text}}`
}

function keyOf({ frame, resource, more }: Asked): string {
  return JSON.stringify([frame.key, resource.key, more])
}

function callText(paths: string[][] | null, question: Question): string {
  const items = namedItems(question.method, question.params) ?? []
  const asked = createEncoder(paths, timeZones).message(question, items)
  return asked === null ? 'null' : inputOf(asked)
}

test('only what is read is written, and every part is there', () => {
  const call = callOf('read', { path: '/a', n: 1 })
  const read = questionOf('resources/read', { uri: 'file:///a' })
  const empty = '"action":{},"context":{},"subject":{}'
  const rows: readonly (readonly [string[][], Question, string])[] = [
    [[], call, `{${empty},"resource":{}}`],
    [[['resource', 'params']], call, `{${empty},"resource":{"params":{}}}`],
    [[['resource', 'arguments', 'n']], call, `{${empty},"resource":{"arguments":{"n":1}}}`],
    [[['resource', 'arguments', 'n', 'x']], call, `{${empty},"resource":{"arguments":{}}}`],
    [
      [
        ['resource', 'id'],
        ['resource', 'arguments'],
      ],
      call,
      `{${empty},"resource":{"id":"read","arguments":{"path":"/a","n":1}}}`,
    ],
    [[['resource', 'uri', 'canonical']], call, `{${empty},"resource":{}}`],
    [[['resource', 'uri', 'canonical']], read, `{${empty},"resource":{"uri":{"canonical":true}}}`],
    [
      [
        ['context', 'question'],
        ['context', 'zones', 'Asia/Kolkata', 'minute'],
      ],
      call,
      '{"action":{},"context":{"question":"message","zones":{"Asia/Kolkata":{"minute":30}}},"subject":{},"resource":{}}',
    ],
    [
      [['subject', 'roles'], ['action'], ['items'], ['toString']],
      call,
      '{"action":{"name":"tools/call","class":"use"},"context":{},"subject":{"roles":["dev"]},"resource":{}}',
    ],
  ]
  for (const [paths, question, expected] of rows) {
    assert.is(callText(paths, question), expected, JSON.stringify(paths))
  }
  const noObject = questionOf('tools/call', { name: 'read', arguments: [] })
  assert.is(callText([], noObject), 'null', 'though nothing of the arguments is read')
})

test('a moment that is no date is refused where it is read, and only there', () => {
  const nowMs = Number.NaN
  const noDate = questionOf('ping', {}, { circumstances: { ...circumstances, nowMs } })
  for (const name of ['time', 'time_ns', 'date', 'hour', 'weekday', 'zones']) {
    assert.throws(() => callText([['context', name]], noDate), RangeError, name)
  }
  assert.match(callText([['context', 'ip']], noDate), '"ip":"10.0.0.7"')
})

/** The way to every end in the value: what is no object, or has no member. */
function endsOf(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path]
  const names = Object.keys(value)
  if (names.length === 0) return []
  return names.flatMap((name) => endsOf(value[name] ?? null, [...path, name]))
}

function assertProjected(sent: Json, whole: Json, paths: string[][] | null): void {
  if (paths === null) {
    assert.equal(sent, whole)
    return
  }
  for (const path of paths) {
    assert.is(JSON.stringify(look(sent, path)), JSON.stringify(look(whole, path)), path.join('.'))
  }
  for (const end of endsOf(sent)) {
    const isRead = paths.some((path) => path.every((name, at) => end[at] === name))
    assert.ok(isRead, `${end.join('.')} is sent`)
  }
}

test('what is sent is the projection of the whole facts, and a key stands for one text', async () => {
  let same = 0
  const row = fc.tuple(questions, fc.nat(3), spellings)
  const asked = fc.array(row, { minLength: 20, maxLength: 40 })
  const states = fc.tuple(definitions, definitions, definitions, definitions)
  await fc.assert(
    fc.property(projections, asked, states, (paths, rows, known) => {
      const encoder = createEncoder(paths, timeZones)
      const textOf = new Map<string, string>()
      function check(answer: Asked, facts: unknown): void {
        const text = inputOf(answer)
        const key = keyOf(answer)
        if (textOf.has(key)) same += 1
        assert.is(textOf.get(key) ?? text, text, key)
        textOf.set(key, text)
        assertProjected(JSON.parse(text), JSON.parse(JSON.stringify(facts)), paths)
      }
      for (const [row, state, spelling] of rows) {
        const question = { ...row, definitions: known[state] ?? null }
        const items = namedItems(question.method, question.params) ?? []
        for (const item of items)
          check(encoder.item(question, item), itemFacts(question, item, zones))
        for (const asked of [question, spelling(question)]) {
          const message = encoder.message(asked, items)
          if (message !== null) check(message, messageFacts(asked, items, zones))
        }
      }
    }),
    { numRuns: 120, seed: printedSeed('encoded = projected') },
  )
  assert.ok(same > 100, `${same} keys came again`)
})

test('a list and a message have the same key for the same item', () => {
  const encoder = createEncoder([['resource', 'id'], ['context', 'question'], ['action']], [])
  for (const kind of ['tools', 'prompts', 'resources', 'resourceTemplates'] as const) {
    const { type, action } = listItems[kind]
    const question = questionOf('ping')
    const inList = {
      frame: encoder.listFrame(question, kind),
      resource: encoder.resource(question, type, 'x'),
      more: '',
    }
    assert.is(keyOf(inList), keyOf(encoder.item(callOf('y'), { type, id: 'x', action })), kind)
  }
})

function nameOf(encoder: Encoder, known: Definition | null): string {
  const state: Definitions = { of: () => known }
  return encoder.resource({ ...callOf('read'), definitions: state }, 'tool', 'read').key
}

test('another definition is another resource where definitions are read', () => {
  const first = { digest: 'sha256:a', annotations: { readOnlyHint: true } }
  const second = { digest: 'sha256:b', annotations: { readOnlyHint: true } }
  for (const read of ['known', 'digest', 'annotations', 'annotations.readOnlyHint']) {
    const encoder = createEncoder(
      [
        ['resource', ...read.split('.')],
        ['resource', 'id'],
      ],
      [],
    )
    assert.ok(encoder.readsDefinitions, read)
    const names = [null, first, second, first].map((known) => nameOf(encoder, known))
    assert.is(names[1], names[3], read)
    assert.is(new Set(names).size, 3, read)
  }
  const blind = createEncoder([['resource', 'id']], [])
  assert.not.ok(blind.readsDefinitions)
  assert.is(nameOf(blind, first), nameOf(blind, null))
  for (const paths of [null, [['resource']], [[]]]) {
    assert.ok(createEncoder(paths, []).readsDefinitions, JSON.stringify(paths))
  }
})

test('items that share a definition, or whose servers are alike but for the name, are others', () => {
  const shared: Definition = { digest: 'sha256:a', annotations: {} }
  const definitions: Definitions = { of: () => shared }
  const encoder = createEncoder(
    [
      ['resource', 'id'],
      ['resource', 'server'],
      ['resource', 'digest'],
    ],
    [],
  )
  const call = { ...callOf('read'), definitions }
  const other = { ...call, server: { ...call.server, name: 'other' } }
  for (let round = 0; round < 2; round += 1) {
    for (const question of [call, other]) {
      for (const id of ['read', 'write', 'read']) {
        const server = question.server.name
        assert.equal(JSON.parse(encoder.resource(question, 'tool', id).text), {
          id,
          server,
          digest: 'sha256:a',
        })
      }
    }
  }
  const undefinedOf = (question: Question) =>
    encoder.resource({ ...question, definitions: null }, 'tool', 'read').key
  assert.is.not(undefinedOf(call), undefinedOf(other))
})

test('arguments known by their text leave the other parameters in the key', () => {
  const encoder = createEncoder(
    [
      ['resource', 'arguments'],
      ['resource', 'params'],
    ],
    [],
  )
  const given = { n: 1 }
  const spelling = { of: given, text: '{"n":1}' }
  const ask = (more: object, spelt: typeof spelling | null) => {
    const params = { name: 'read', arguments: given, ...more }
    const items = namedItems('tools/call', params) ?? []
    return encoder.message({ ...callOf('read'), params, spelling: spelt }, items)
  }
  const [first, same, other, unspelt] = [
    ask({ cursor: 'a' }, spelling),
    ask({ cursor: 'a' }, spelling),
    ask({ cursor: 'b' }, spelling),
    ask({ cursor: 'a' }, null),
  ]
  assert.ok(first && same && other && unspelt)
  assert.is(first?.more, same?.more)
  assert.is.not(first?.more, other?.more)
  assert.is.not(first?.more, unspelt?.more)
  for (const asked of [first, unspelt]) {
    assert.match(asked?.resource.text ?? '', /"arguments":{"n":1},"params":{"cursor":"a"}/)
  }
})

test('frames of what clients call a method of their own are not kept', () => {
  const encoder = createEncoder(
    [
      ['action', 'name'],
      ['context', 'hour'],
    ],
    [],
  )
  const identity = identityOf()
  const frameOf = (method: string) =>
    encoder.message(questionOf(method, {}, { identity }), [])?.frame
  assert.is(frameOf('ping'), frameOf('ping'))
  assert.is.not(frameOf('acme/own'), frameOf('acme/own'))
  assert.equal(frameOf('acme/own'), frameOf('acme/own'))
})

test('definitions are asked for only where they are read', () => {
  let asked = 0
  const counting: Definitions = {
    of() {
      asked += 1
      return null
    },
  }
  const question = { ...callOf('read'), definitions: counting }
  createEncoder([['resource', 'id']], []).resource(question, 'tool', 'read')
  assert.is(asked, 0)
  createEncoder([['resource', 'known']], []).resource(question, 'tool', 'read')
  assert.is(asked, 1)
})

test('which policies have decisions that come again', () => {
  const rows: readonly (readonly [string[][] | null, boolean])[] = [
    [null, true],
    [[['context']], true],
    [[['context', 'time']], true],
    [[['context', 'time_ns']], true],
    [[['context', 'request_id']], true],
    [[['context', 'date']], false],
    [
      [
        ['context', 'hour'],
        ['context', 'ip'],
      ],
      false,
    ],
    [[['resource'], ['subject'], ['action']], false],
    [[], false],
  ]
  for (const [paths, expected] of rows) {
    assert.is(createEncoder(paths, []).readsMoment, expected, JSON.stringify(paths))
  }
})

test('100,000 items: no name is given to two texts', () => {
  const encoder = createEncoder(
    [
      ['resource', 'id'],
      ['resource', 'type'],
      ['subject', 'id'],
    ],
    [],
  )
  const textOf = new Map<string, string>()
  for (let count = 0; count < 100_000; count += 1) {
    const id = `${'x'.repeat(50)}${(count * 7_919) % 60_000}`
    const { key, text } = encoder.resource(callOf(id), 'tool', id)
    assert.is(textOf.get(key) ?? text, text)
    assert.match(text, `"id":${JSON.stringify(id)}`)
    textOf.set(key, text)
  }
  assert.ok(textOf.size > 60_000, 'some were forgotten and named anew')
})

test.run()
