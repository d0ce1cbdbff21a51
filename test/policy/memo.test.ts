/**
 * The memo changes what is evaluated and nothing else. A random policy is any function of the facts
 * it says it reads: it decides by a digest of all of them, so one fact too few or a key too short
 * gives another decision.
 */
import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DecisionPoint, Json, ListKind, Question } from '../../src/domain.js'
import { parseStrict } from '../../src/mcp/json.js'
import { readMessage } from '../../src/mcp/json-rpc.js'
import type { Evaluation, Evaluator } from '../../src/policy/evaluator.js'
import { createMemo } from '../../src/policy/memo.js'
import { definitions, ids, look, projections, questions, spellings } from './arbitrary.js'
import { compileFiles } from './bundles.js'
import { type PointOptions, pointOf, pointWith } from './points.js'
import { callOf, circumstances, identityOf, questionOf } from './questions.js'
import { drawUntil, printedSeed } from './seed.js'

const kinds = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const
const limit = { name: 'user', tier: 'gold', key: ['a'], cost: 1, tokens: 10, per: '1m', burst: 5 }

/** undefined: the policy has no decision; `fault`: the evaluation breaks off. */
function decide(input: Json, paths: string[][] | null, salt: number): Json | undefined | 'fault' {
  const seen = paths === null ? input : paths.map((path) => look(input, path) ?? 'nothing')
  const digest = createHash('sha256')
    .update(JSON.stringify([salt, seen]))
    .digest()
  const [choice = 0, more = 0] = digest
  if (choice < 100) return { allow: true, reasons: [`r${more % 8}`] }
  if (choice < 140) return { allow: true, reasons: [], limits: [{ ...limit, cost: more % 5 }] }
  if (choice < 200) return { allow: false, reasons: [`r${more}`] }
  if (choice < 225) return { allow: false, challenge: { scopes: [`s${more}`], listing: 'show' } }
  if (choice < 240) return undefined
  return choice < 248 ? 'fault' : { allow: 'malformed' }
}

function policyOf(paths: string[][] | null, salt: number): Evaluator {
  const fault = { kind: 'fault', reason: 'policy-fault', problem: 'chosen', spent: 1 } as const
  return {
    evaluate(entryPoint, input): Evaluation {
      const facts: Json = JSON.parse(input)
      if (entryPoint === 0) {
        const answer = decide(facts, paths, salt)
        if (answer === 'fault') return fault
        return answer === undefined
          ? { kind: 'undefined', spent: 1 }
          : { kind: 'defined', text: JSON.stringify(answer), spent: 1 }
      }
      const { items, ...rest } = facts as { items: Json[] }
      const answers: Record<string, Json> = {}
      for (const [index, resource] of items.entries()) {
        const answer = decide({ ...rest, resource } as Json, paths, salt)
        if (answer === 'fault') return fault
        if (answer !== undefined) answers[index] = answer
      }
      return { kind: 'defined', text: JSON.stringify(answers), spent: 1 }
    },
  }
}

function assertFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  assert.ok(Object.isFrozen(value), JSON.stringify(value))
  for (const member of Object.values(value)) assertFrozen(member)
}

/** With the memo, with one that holds a few decisions, and without. */
function threePoints(paths: string[][] | null, salt: number, watch: PointOptions['watch'][]) {
  const timeZones = ['Asia/Kolkata']
  const [kept, tiny, none] = [undefined, 12_000, 0].map((memoBytes, index) => {
    const seen = watch[index]
    const options = { timeZones, ...(memoBytes !== undefined && { memoBytes }) }
    const watched = { ...options, ...(seen !== undefined && { watch: seen }) }
    return pointWith(policyOf(paths, salt), paths, undefined, watched)
  })
  if (kept === undefined || tiny === undefined || none === undefined) throw new Error('no points')
  return { kept, tiny, none }
}

type Step = { question: Question; state: number; policy: number; list: ListKind | null }

const steps = fc.array(
  fc.record({
    question: fc.tuple(questions, spellings).map(([question, spelt]) => spelt(question)),
    state: fc.nat(2),
    policy: fc.nat(1),
    list: fc.option(fc.constantFrom(...kinds), { freq: 3 }),
  }),
  { minLength: 60, maxLength: 60 },
)

test('memo on = memo off, over policies, facts, definitions and revisions', async () => {
  const counts = { evaluated: 0, without: 0, steps: 0 }
  const count = (name: 'evaluated' | 'without') => () => {
    counts[name] += 1
  }

  async function check(points: ReturnType<typeof threePoints>, step: Step, asked: Question) {
    counts.steps += 1
    const { list } = step
    const answers: unknown[] = []
    for (const point of [points.none, points.kept, points.tiny]) {
      if (list !== null) answers.push(await point.visible(asked, list, ids))
      else {
        const { decision } = point.judge(asked)
        assertFrozen(decision)
        answers.push(decision)
      }
    }
    assert.equal(answers[1], answers[0], `${asked.method} ${list}`)
    assert.equal(answers[2], answers[0], `${asked.method} ${list}, little memory`)
  }

  const states = fc.tuple(definitions, definitions, definitions)
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(projections, projections),
      fc.nat(),
      states,
      steps,
      async ([first, second], salt, known, rows) => {
        const watch = [count('evaluated'), undefined, count('without')]
        // Two revisions side by side, as during a reload.
        const points = [threePoints(first, salt, watch), threePoints(second, salt + 1, watch)]
        for (const row of rows) {
          const at = points[row.policy]
          const asked = { ...row.question, definitions: known[row.state] ?? null }
          if (at !== undefined) await check(at, row, asked)
        }
      },
    ),
    { numRuns: 80, seed: printedSeed('memo on = memo off') },
  )
  console.log(counts)
  assert.ok(counts.evaluated < counts.without * 0.8, 'the memo answered a good part')
})

/** Evaluations of the entry points `decision` and `decisions` so far. */
function counted(paths: string[][] | null, options: PointOptions = {}) {
  const counts = { single: 0, chunks: 0 }
  const evaluator: Evaluator = {
    evaluate(entryPoint, input) {
      if (entryPoint === 0) counts.single += 1
      else counts.chunks += 1
      const { items } = JSON.parse(input) as { items?: Json[] }
      const answer = { allow: true, reasons: ['yes'] }
      const answers = Object.fromEntries((items ?? []).map((_, index) => [index, answer]))
      const text = JSON.stringify(items === undefined ? answer : answers)
      return { kind: 'defined', text, spent: 1 }
    },
  }
  return { counts, point: pointWith(evaluator, paths, undefined, options) }
}

const usual = [
  ['resource', 'id'],
  ['resource', 'type'],
  ['context', 'question'],
  ['subject', 'roles'],
]

test('a policy that reads no arguments is not evaluated again for new ones', () => {
  const { counts, point } = counted(usual)
  for (let n = 0; n < 100; n += 1) assert.ok(point.judge(callOf('read', { n })).decision.allow)
  assert.is(counts.single, 2, 'the item question and the message')
  point.judge(callOf('write'))
  assert.is(counts.single, 4)
  point.judge({ ...callOf('read'), identity: identityOf({ id: 'bob' }) })
  assert.is(counts.single, 4, 'the id is not read')
  point.judge({ ...callOf('read'), identity: identityOf({ roles: [] }) })
  assert.is(counts.single, 6)
})

test('a policy that reads arguments is evaluated for each of them, twice at most', () => {
  const { counts, point } = counted([...usual, ['resource', 'arguments', 'n']])
  for (let n = 0; n < 10; n += 1) point.judge(callOf('read', { n, other: Math.random() }))
  assert.is(counts.single, 1 + 10)
  for (let n = 0; n < 10; n += 1) point.judge(callOf('read', { n }))
  assert.is(counts.single, 1 + 10 + 10, 'kept from the second time on')
  for (let n = 0; n < 10; n += 1) point.judge(callOf('read', { n }))
  assert.is(counts.single, 1 + 10 + 10)
})

/** A call as the wire brings it. */
function callWith(text: string): Question {
  const message = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":${text}}}`
  const limits = { maxDepth: 64, maxMembers: 1_000 }
  const parsed = parseStrict(Buffer.from(message), limits, { textOf: 'arguments' })
  const read = parsed.ok ? readMessage(parsed.value, parsed.memberText) : null
  if (read === null || !read.ok) throw new Error(text)
  return { ...callOf('read'), params: read.message.params, spelling: read.message.spelling }
}

const whole = [...usual, ['resource', 'arguments']]

/** A policy that allows everything, and the message questions it was asked. */
function allowing() {
  const inputs: string[] = []
  const evaluate = (_: number, input: string): Evaluation => {
    if (input.includes('"arguments"')) inputs.push(input)
    return { kind: 'defined', text: '{"allow":true}', spent: 1 }
  }
  return { inputs, point: pointWith({ evaluate }, whole) }
}

test('arguments that are read whole are known by their text, and evaluated by their value', () => {
  const { inputs, point } = allowing()
  const same = ['{"n":100,"é":1}', '{"n":1e2,"é":1}', '{"n":100,"\\u00e9":1}', ' {"n" :100,"é":1}']
  const others = ['{"é":1,"n":100}', '{"n":101,"é":1}', '{"n":100,"Ã©":1}']
  for (const text of [...same, ...others]) {
    inputs.length = 0
    for (let round = 0; round < 4; round += 1) assert.ok(point.judge(callWith(text)).decision.allow)
    assert.is(inputs.length, 2, `${text} is kept from the second time on`)
    assert.equal(inputs[0], inputs[1])
    const expected = JSON.stringify(JSON.parse(text))
    assert.ok(inputs[0]?.includes(`"arguments":${expected}`), inputs[0])
    assert.is(expected === '{"n":100,"é":1}', same.includes(text))
  }
})

test('a text stands for its own object only', () => {
  const { inputs, point } = allowing()
  const call = callWith('{"n":"a text of some length"}')
  // As what a server asks while it answers such a call.
  const other = { ...call, params: { name: 'read', arguments: { n: 'another' } } }
  for (const question of [call, call, call, other]) point.judge(question)
  assert.is(inputs.length, 3)
  assert.match(inputs[2] ?? '', /"arguments":{"n":"another"}/)
})

test('what a list asked a call need not ask, and the other way round', async () => {
  const { counts, point } = counted(usual)
  const names = Array.from({ length: 500 }, (_, index) => `tool-${index}`)
  const list = questionOf('tools/list')
  assert.ok((await point.visible(list, 'tools', names)).every(Boolean))
  assert.equal(counts, { single: 0, chunks: 3 })
  assert.ok((await point.visible(list, 'tools', names)).every(Boolean))
  assert.equal(counts, { single: 0, chunks: 3 })
  point.judge(callOf('tool-1'))
  assert.equal(counts, { single: 1, chunks: 3 }, 'only the message question')
  point.judge(callOf('another'))
  await point.visible(list, 'tools', [...names, 'another'])
  assert.equal(counts, { single: 3, chunks: 3 })
  await point.visible(list, 'prompts', names.slice(0, 10))
  assert.equal(counts, { single: 3, chunks: 4 }, 'a prompt of the same name is another item')
})

test('a policy that reads the moment is asked every time', async () => {
  for (const member of ['time', 'time_ns', 'request_id']) {
    const { counts, point } = counted([...usual, ['context', member]])
    for (let round = 0; round < 3; round += 1) point.judge(callOf('read'))
    await point.visible(questionOf('tools/list'), 'tools', ['read'])
    assert.equal(counts, { single: 6, chunks: 1 }, member)
  }
  const { counts, point } = counted([...usual, ['context', 'hour']])
  const at = (ms: number) => ({ ...circumstances, nowMs: circumstances.nowMs + ms })
  for (const ms of [0, 1, 60_000, 3_540_000])
    point.judge({ ...callOf('read'), circumstances: at(ms) })
  assert.is(counts.single, 2)
  point.judge({ ...callOf('read'), circumstances: at(3_600_000) })
  assert.is(counts.single, 4)
})

test('faults are asked again each time', () => {
  let count = 0
  const outcomes: readonly (readonly [Evaluation, string])[] = [
    [{ kind: 'fault', reason: 'policy-fault', problem: 'x', spent: 1 }, 'policy-fault'],
    [{ kind: 'fault', reason: 'policy-budget', problem: 'x', spent: 1 }, 'policy-budget'],
    [{ kind: 'defined', text: '{"allow":1}', spent: 1 }, 'decision-malformed'],
    [{ kind: 'unreadable' }, 'facts-malformed'],
  ]
  for (const [outcome, reason] of outcomes) {
    const evaluate = () => {
      count += 1
      return outcome
    }
    const point = pointWith({ evaluate }, usual)
    count = 0
    for (let round = 0; round < 3; round += 1) {
      assert.equal(point.judge(callOf('read')).decision.reasons, [reason])
    }
    assert.is(count, 3, reason)
  }
})

test('no decision is a decision: undefined is remembered', () => {
  let count = 0
  const evaluate = (): Evaluation => {
    count += 1
    return { kind: 'undefined', spent: 1 }
  }
  const point = pointWith({ evaluate }, usual)
  for (let round = 0; round < 3; round += 1) {
    assert.equal(point.judge(callOf('read')).decision.reasons, ['policy-undefined'])
  }
  assert.is(count, 1)
})

test('large facts are not kept', () => {
  const { counts, point } = counted([...usual, ['resource', 'arguments']])
  const text = 'x'.repeat(2_048)
  for (let round = 0; round < 3; round += 1) point.judge(callOf('read', { text }))
  assert.is(counts.single, 1 + 3)
  for (let round = 0; round < 3; round += 1) point.judge(callOf('read', { text: 'x'.repeat(500) }))
  assert.is(counts.single, 1 + 3 + 2)
})

test('facts that look alike in every sample are told apart, and the latest are found', () => {
  const memo = createMemo(512 * 1024)
  const reason = (n: number) => ({ allow: false, reasons: [`r${n}`], challenge: null }) as const
  const alike = (n: number) => `{${String.fromCharCode(97 + n)}${'x'.repeat(298)}`
  const numbers = Array.from({ length: 26 }, (_, n) => n)
  const found = () =>
    numbers.filter((n) => {
      const decision = memo.get('group', '1k', alike(n))
      if (decision !== undefined) assert.equal(decision.reasons, [`r${n}`])
      return decision !== undefined
    })
  // The first is only seen; of the others nobody knows that they are not that one.
  for (const n of numbers) memo.set('group', '1k', alike(n), reason(n))
  assert.equal(found().slice(-1), [25])
  assert.ok(found().length <= 8, 'a look-up has few to compare')
  for (const n of [3, 7]) memo.set('group', '1k', alike(n), reason(n))
  assert.ok(found().includes(3) && found().includes(7))
  assert.is(memo.get('group', '1l', alike(25)), undefined, 'another resource')
  assert.is(memo.get('other', '1k', alike(25)), undefined, 'another group')
  assert.is(memo.get('group', '1k', `${alike(25)} `), undefined)
})

test('100,000 different facts stay within the bytes', () => {
  const maxBytes = 512 * 1024
  const memo = createMemo(maxBytes)
  let most = 0
  for (let count = 0; count < 100_000; count += 1) {
    const key = [`limit of ${count}`, 'x'.repeat(count % 3_000)]
    memo.set(`group ${count % 5}`, key.join(), count % 2 === 0 ? '' : `,${key.join()}`, {
      allow: true,
      reasons: ['granted'],
      limits: [{ ...limit, key, perMs: 60_000 }],
    })
    most = Math.max(most, memo.bytes())
  }
  assert.ok(most <= maxBytes && most > maxBytes / 2, `${most} bytes`)
})

const real = await compileFiles(
  {
    'main.rego': `package mcpguard.main

default decision := {"allow": false, "reasons": ["no"]}

decision := {"allow": true, "reasons": [input.context.question]} if {
	input.subject.roles[_] == "dev"
	allowed
}

decision := {"allow": false, "challenge": {"scopes": ["x"], "listing": "show"}} if {
	input.resource.annotations.readOnlyHint == false
}

allowed if {
	input.resource.id in data.open
	input.context.question == "item"
}

allowed if {
	input.resource.id in data.open
	not input.resource.arguments.n == 2
}

allowed if input.resource.uri.canonical
`,
  },
  { open: ['read', '__proto__', 'ä\u{1f600}"\\'] },
)

test('on the engine: projected = whole, remembered = evaluated', async () => {
  const asked = fc.array(fc.tuple(questions, fc.nat(2)), { minLength: 30, maxLength: 30 })
  const states = fc.tuple(definitions, definitions, definitions)
  assert.is.not(real.paths, null)
  const whole: DecisionPoint = pointOf({ ...real, paths: null }, { memoBytes: 0 })
  const projected = pointOf(real, { memoBytes: 0 })
  const remembering = pointOf(real)
  const counts = { allowed: 0, challenged: 0, denied: 0 }
  await drawUntil(counts, 10, () =>
    fc.assert(
      fc.asyncProperty(states, asked, async (known, rows) => {
        for (const [row, state] of rows) {
          const question = { ...row, definitions: known[state] ?? null }
          const { decision } = whole.judge(question)
          if (decision.allow) counts.allowed += 1
          else counts[decision.challenge === null ? 'denied' : 'challenged'] += 1
          for (const point of [projected, remembering]) {
            assert.equal(point.judge(question).decision, decision, question.method)
          }
          const seen = await whole.visible(question, 'tools', ids)
          for (const point of [projected, remembering]) {
            assert.equal(await point.visible(question, 'tools', ids), seen)
          }
        }
      }),
      { numRuns: 40, seed: printedSeed('projected = whole') },
    ),
  )
  console.log(counts)
})

test.run()
