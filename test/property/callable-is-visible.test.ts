/**
 * Callable ⇒ visible: whatever the policy reads of an item, of its definition, of the caller and of
 * the arguments, a tool that a call reaches was listed. Over random policies and catalogues, with
 * the list first or the call first, under a policy that stays, that is loaded again, and that has
 * been replaced while an exchange still holds it.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Decision, DecisionPoint, JsonObject, Question } from '../../src/domain.js'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { identityOf, questionOf } from '../policy/questions.js'
import { type Random, seededRandom } from '../support/random.js'
import { randomDecisions, randomDefinitions, toolNames } from '../support/random-decisions.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
const modules = 12
const servers = Array.from({ length: 10 }, (_, index) => `server-${index}`)

/** More names than one chunk of a list takes. */
const filler = Array.from({ length: 250 }, (_, index) => `filler-${index}`)

const reached = { called: 0, hidden: 0, challenged: 0, faulted: 0, byArguments: 0, known: 0 }

async function check(
  random: Random,
  point: DecisionPoint,
  later: DecisionPoint,
  listFirst: boolean,
) {
  const roles = random.pick([['dev'], ['ops'], ['dev', 'ops'], []])
  const identity = identityOf({ roles })
  const server = { name: random.pick(servers), labels: { env: random.pick(['prod', 'test']) } }
  const definitions = random.chance(0.8) ? randomDefinitions(random) : null
  const change: Partial<Question> = { identity, server, definitions }
  const names = random.chance(0.3) ? [...filler, ...toolNames] : toolNames
  const list = () => point.visible(questionOf('tools/list', {}, change), 'tools', names)
  const before = listFirst ? await list() : null
  const calls = toolNames.map((name) => {
    const args: JsonObject = random.pick([
      {},
      { n: 1 },
      { n: 2 },
      { path: '/w/a' },
      { n: 3, path: 'x' },
    ])
    const call = questionOf('tools/call', { name, arguments: args }, change)
    return { name, decision: later.judge(call).decision, args }
  })
  const seen = before ?? (await list())
  assert.is(seen.length, names.length)
  for (const { name, decision, args } of calls) {
    const visible = seen[names.indexOf(name)] === true
    if (decision.allow || decision.challenge?.listing === 'show') {
      assert.ok(visible, `${name} ${JSON.stringify(args)} on ${server.name}`)
    }
    if (decision.allow && definitions?.of('tool', name)) reached.known += 1
    tally(decision, visible)
  }
}

function tally(decision: Decision, visible: boolean): void {
  if (decision.allow) reached.called += 1
  else if (decision.challenge?.listing === 'show') reached.challenged += 1
  else if (visible) reached.byArguments += 1
  else reached.hidden += 1
  if (decision.reasons.includes('policy-fault')) reached.faulted += 1
}

test(`${modules * servers.length} policies, ${toolNames.length} tools each (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  const holder = createPolicyHolder()
  const current = () => {
    const point = holder.current()
    if (point === null) throw new Error('no policy is active')
    return point
  }
  let previous = randomDecisions(random, servers)
  for (let count = 0; count < modules; count += 1) {
    const bundle = randomDecisions(random, servers)
    await holder.activate(bundle)
    const point = current()
    for (let round = 0; round < servers.length; round += 1) {
      await check(random, point, point, random.chance(0.5))
    }
    // An exchange keeps the decision point it began with, whatever is active by then.
    await holder.activate(previous)
    await check(random, point, point, true)
    await holder.activate(bundle)
    await check(random, point, current(), true)
    await check(random, current(), point, false)
    previous = bundle
  }
  console.log(reached)
  for (const [what, count] of Object.entries(reached)) assert.ok(count > 20, `${what}: ${count}`)
})

test.run()
