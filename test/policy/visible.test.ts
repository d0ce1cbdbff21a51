import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, PolicyEvent } from '../../src/domain.js'
import type { Bounds, Evaluation, Evaluator } from '../../src/policy/evaluator.js'
import { compileFiles } from './bundles.js'
import { pointOf, pointWith } from './points.js'
import { callOf, questionOf } from './questions.js'

const budget = 1_000
const list = questionOf('tools/list')
const paths = [['resource', 'id']]

function namesOf(count: number, prefix = 'tool'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
}

interface Asked {
  readonly items: number
  readonly budget: number
}

/** A policy that allows everything and costs for each item what it is told; 0 = as it is free. */
function costing(costOf: (id: string) => number) {
  const asked: Asked[] = []
  const spent = { units: 0 }
  const evaluator: Evaluator = {
    evaluate(entryPoint, input, bounds: Bounds): Evaluation {
      const facts = JSON.parse(input) as { resource?: { id: string }; items?: { id: string }[] }
      const items = facts.items ?? (facts.resource === undefined ? [] : [facts.resource])
      asked.push({ items: entryPoint === 0 ? 1 : items.length, budget: bounds.budget })
      const cost = items.reduce((sum, { id }) => sum + costOf(id), 0)
      spent.units += Math.min(cost, bounds.budget)
      if (cost > bounds.budget) {
        const problem = 'it takes too much work'
        return { kind: 'fault', reason: 'policy-budget', problem, spent: bounds.budget }
      }
      const answer: Json = { allow: true }
      const answers = Object.fromEntries(items.map((_, index) => [index, answer]))
      const text = JSON.stringify(facts.items === undefined ? answer : answers)
      return { kind: 'defined', text, spent: cost }
    },
  }
  return { asked, spent, evaluator }
}

test('a chunk has 200 items and twice the budget of one question', async () => {
  const { asked, evaluator } = costing(() => 5)
  const point = pointWith(evaluator, paths, undefined, { budget })
  assert.ok((await point.visible(list, 'tools', namesOf(450))).every(Boolean))
  assert.equal(asked, [
    { items: 200, budget: 2 * budget },
    { items: 200, budget: 2 * budget },
    { items: 50, budget: 2 * budget },
  ])
})

test('an item over the budget hides itself, is told of and is not remembered', async () => {
  const events: PolicyEvent[] = []
  const { asked, evaluator } = costing((id) => (id === 'tool-7' ? 2 * budget + 1 : 1))
  const point = pointWith(evaluator, paths, undefined, { budget, events })
  const names = namesOf(300)
  const expected = names.map((name) => name !== 'tool-7')
  assert.equal(await point.visible(list, 'tools', names), expected)
  asked.length = 0
  assert.equal(await point.visible(list, 'tools', names), expected)
  assert.ok(asked.length > 0 && asked.every(({ items }) => items === 1), 'it alone is asked again')
  const { decision } = point.judge(callOf('tool-7'))
  assert.equal(decision, { allow: false, reasons: ['policy-budget'], challenge: null })
  assert.ok(point.judge(callOf('tool-8')).decision.allow)
  const reasons = events.map((event) => (event.type === 'fault' ? event.reason : event.type))
  assert.ok(reasons.includes('policy-budget: it takes too much work'), reasons.join())
})

test('a list has a budget of its own, and what comes after is not shown', async () => {
  for (const entryPoints of [undefined, { decision: 0, decisions: null }]) {
    const { spent, evaluator } = costing(() => 2 * budget - 1)
    const point = pointWith(evaluator, paths, entryPoints, { budget })
    const seen = await point.visible(list, 'tools', namesOf(400))
    const shown = seen.filter(Boolean).length
    assert.equal(seen, [...Array(shown).fill(true), ...Array(400 - shown).fill(false)])
    assert.ok(shown >= 20 && shown <= 27, `${shown} shown`)
    assert.ok(spent.units <= 54 * budget, `${spent.units} units`)
  }
})

test('a policy that costs much is asked for shorter chunks, whose answers are remembered', async () => {
  const { asked, evaluator } = costing(() => 15)
  const point = pointWith(evaluator, paths, undefined, { budget })
  const names = namesOf(1_000)
  assert.ok((await point.visible(list, 'tools', names)).every(Boolean))
  const chunks = asked.filter(({ items }) => items > 1).map(({ items }) => items)
  assert.equal(chunks, [200, ...Array(8).fill(100)])
  asked.length = 0
  assert.ok((await point.visible(list, 'tools', names)).every(Boolean))
  assert.equal(asked, [])
  await point.visible(list, 'tools', namesOf(200, 'other'))
  assert.equal(
    asked.map(({ items }) => items),
    [100, 100],
    'and that is not tried anew for each list',
  )
})

test('items that are asked one by one keep nobody waiting', async () => {
  const rows: readonly (readonly [string, { decision: number; decisions: number | null }])[] = [
    ['a bundle that cannot answer lists', { decision: 0, decisions: null }],
    ['a chunk that fails', { decision: 0, decisions: 1 }],
  ]
  for (const [what, entryPoints] of rows) {
    const counts = { asked: 0, together: 0, most: 0 }
    const evaluator: Evaluator = {
      evaluate(entryPoint): Evaluation {
        if (entryPoint === 1) {
          return { kind: 'fault', reason: 'policy-fault', problem: 'x', spent: 1 }
        }
        const endMs = performance.now() + 3
        while (performance.now() < endMs);
        counts.asked += 1
        counts.together += 1
        counts.most = Math.max(counts.most, counts.together)
        return { kind: 'defined', text: '{"allow":true}', spent: 1 }
      },
    }
    const point = pointWith(evaluator, paths, entryPoints, { budget })
    let done = false
    const turn = () => {
      counts.together = 0
      if (!done) setImmediate(turn)
    }
    turn()
    assert.ok((await point.visible(list, 'tools', namesOf(60))).every(Boolean))
    done = true
    assert.is(counts.asked, 60, what)
    assert.ok(counts.most <= 2, `${what}: ${counts.most} evaluations together`)
  }
})

test('a message with all its questions has a budget', () => {
  const { asked, evaluator } = costing(() => budget - 1)
  const point = pointWith(evaluator, paths, undefined, { budget })
  const listen = questionOf('subscriptions/listen', {
    notifications: { resourceSubscriptions: namesOf(100) },
  })
  const { decision } = point.judge(listen)
  assert.equal(decision, { allow: false, reasons: ['policy-budget'], challenge: null })
  assert.is(asked.length, 5)
  assert.equal(
    asked.map((each) => each.budget),
    [2_000, 2_000, 2_000, 1_003, 4],
  )
})

test('ten faults of one caller raise an alarm, nine do not', async () => {
  const events: PolicyEvent[] = []
  const evaluate = (): Evaluation => {
    return { kind: 'fault', reason: 'policy-fault', problem: 'x', spent: 1 }
  }
  const point = pointWith({ evaluate }, paths, undefined, { events })
  const alarms = () => events.filter((event) => event.type === 'alarm')
  for (let count = 0; count < 9; count += 1) point.judge(callOf('read'))
  assert.equal(alarms(), [])
  point.judge(callOf('read'))
  const [faults, windowMs] = [10, 60_000]
  const alarm = { type: 'alarm', revision: 'sha256:test', subject: 'alice', issuer: 'api-keys' }
  assert.equal(alarms(), [{ ...alarm, faults, windowMs }])
  await point.visible(list, 'tools', namesOf(100))
  assert.is(alarms().length, 1)
})

const policy = await compileFiles({
  'main.rego': `package mcpguard.main

default decision := {"allow": false}

decision := {"allow": true, "reasons": ["yes"]} if {
	some role in input.subject.roles
	startswith(input.resource.id, data.prefixes[role][_])
}

decision := {"allow": true} if {
	endswith(input.resource.id, "-heavy")
	count(numbers.range(1, 100000)) == count(numbers.range(2, 100001))
}
`,
})
const prefixes = { dev: [...namesOf(40, 'no'), 'tool-'] }
const data = new TextEncoder().encode(JSON.stringify({ prefixes }))

/** CPU time, which other processes do not add to. */
function workedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** Longest work between two turns of the others while it ran. */
async function longestHold(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0
  let lastMs = workedMs()
  let done = false
  const turn = () => {
    const nowMs = workedMs()
    longestMs = Math.max(longestMs, nowMs - lastMs)
    lastMs = nowMs
    if (!done) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  done = true
  return Math.max(longestMs, workedMs() - lastMs)
}

test('a list of 10,000 items keeps nobody waiting, asked or remembered or heavy', async () => {
  const names = namesOf(10_000)
  const heavy = names.map((name, index) => (index % 100 === 50 ? `${name}-heavy` : name))
  const runs: [string, string[]][] = [
    ['asked', names],
    ['remembered', names],
    ['heavy', heavy],
  ]
  // The best of three: a first run is compiled meanwhile, and all threads are counted.
  for (const [what, asked] of runs) {
    let bestMs = Number.POSITIVE_INFINITY
    const remembered = pointOf({ ...policy, data })
    await remembered.visible(list, 'tools', names)
    for (let run = 0; run < 3; run += 1) {
      const point = what === 'remembered' ? remembered : pointOf({ ...policy, data })
      const holdMs = await longestHold(async () => {
        const seen = await point.visible(list, 'tools', asked)
        assert.is(seen.length, 10_000)
        if (what !== 'heavy') assert.ok(seen.every(Boolean))
      })
      bestMs = Math.min(bestMs, holdMs)
    }
    console.log(`${what}: ${bestMs.toFixed(1)} ms`)
    assert.ok(bestMs < 100, `${what}: ${bestMs} ms`)
  }
})

test.run()
