import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompiledBundle, PolicyEvent } from '../../src/domain.js'
import { GuardError } from '../../src/errors.js'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { imageProblems } from '../../src/policy/bundle-check.js'
import { answers, compileFiles, dataOf } from './bundles.js'
import { callOf } from './questions.js'

const bundle = await compileFiles({ 'main.rego': answers }, { answers: { yes: { allow: true } } })
const oneFile = await compileFiles({
  'policy.rego': `package mcpguard.main

decision := {"allow": allow}

default allow := false

allow if input.resource.id == "yes"

allow if input.action.class == "session"
`,
})
const faulty = await compileFiles({
  'main.rego': `package mcpguard.main

decision := {"allow": true} if input.action.name == "tools/call"

decision := {"allow": false} if input.resource.type == "tool"
`,
})
const malformed = await compileFiles({
  'main.rego': 'package mcpguard.main\n\ndecision := input.action.name == "tools/call"\n',
})

/** Activates a changed bundle over a good one; gives the text of the refusal. */
async function refusal(change: Partial<CompiledBundle>): Promise<string> {
  const events: PolicyEvent[] = []
  const holder = createPolicyHolder({ policy: (event) => events.push(event) })
  await holder.activate(bundle)
  const point = holder.current()
  const before = holder.status()
  events.length = 0
  let message = ''
  try {
    await holder.activate({ ...bundle, revision: 'sha256:new', ...change })
  } catch (thrown) {
    assert.instance(thrown, GuardError)
    if (thrown instanceof GuardError) {
      assert.is(thrown.code, 'GUARD_POLICY_INVALID')
      message = thrown.message
    }
  }
  assert.is.not(message, '', 'nothing was refused')
  assert.is(holder.current(), point)
  assert.equal(holder.status(), { ...before, problem: message })
  assert.equal(events, [{ type: 'refused', message, keeps: bundle.revision }])
  assert.ok(point?.judge(callOf('yes')).decision.allow)
  return message
}

test('a bundle that is not fit is refused with the reason, and the last good one stays', async () => {
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  const below = (name: string) => dataOf({ mcpguard: { [name]: { x: { permit: ['y'] } } } })
  const rows: readonly (readonly [Partial<CompiledBundle>, string])[] = [
    [{ contract: 2 }, 'contract 2 is not supported, this gateway speaks 1'],
    [{ contract: 0 }, 'contract 0 is not supported'],
    [{ contract: 1.5 }, 'contract 1.5 is not supported'],
    [{ contract: Number.NaN }, 'contract NaN is not supported'],
    [{ data: below('rules') }, 'data below mcpguard/rules, where only rules may be'],
    [{ data: below('main') }, 'data below mcpguard/main'],
    [{ data: below('host') }, 'data below mcpguard/host'],
    [{ data: dataOf({ mcpguard: [] }) }, 'data at mcpguard take the place of the rules'],
    [{ data: dataOf({ mcpguard: null }) }, 'data at mcpguard take the place of the rules'],
    [{ data: dataOf({ a: '\ud800' }) }, 'data hold a lone surrogate'],
    [{ data: dataOf({ 'a\udc00': 1 }) }, 'data hold a lone surrogate'],
    [{ wasm: new Uint8Array() }, 'policy sha256:new is not usable: '],
    [{ wasm: new TextEncoder().encode('not a module') }, 'policy sha256:new is not usable: '],
    [{ wasm: bundle.wasm.slice(0, 1_000) }, 'policy sha256:new is not usable: '],
    [{ wasm: empty }, 'policy sha256:new is not usable: '],
    [{ wasm: faulty.wasm }, 'for an item question the evaluation failed: '],
    [{ wasm: malformed.wasm }, 'for an item question the decision is not an object'],
    [{ data: dataOf({ answers: { sample: [] } }) }, 'for a list the decision is not an object'],
    [{ contract: 2, data: below('rules') }, 'mcpguard/rules, where only rules may be; contract 2'],
  ]
  for (const [change, expected] of rows) {
    const message = await refusal(change)
    assert.ok(message.includes(expected), `${message} <> ${expected}`)
    assert.ok(message.startsWith('policy sha256:new is not usable: '), message)
  }
})

test('a module must be of the known engine, with the entry points and without host functions', () => {
  const fit = {
    abi: { major: 1, minor: 3 },
    builtins: [],
    entryPoints: new Map([['mcpguard/main/decision', 0]]),
  }
  const unsupported = 'is not supported, it must be 1.2 or a later 1.x'
  assert.equal(imageProblems(fit, false), [])
  assert.equal(imageProblems({ ...fit, abi: { major: 1, minor: 2 } }, false), [])
  assert.equal(imageProblems(fit, true), ['entry point mcpguard/host/decisions is missing'])
  const bare = imageProblems({ ...fit, entryPoints: new Map([['mcpguard/main', 0]]) }, false)
  assert.equal(bare, ['entry point mcpguard/main/decision is missing'])
  const needing = imageProblems({ ...fit, builtins: ['time.now_ns', 'http.send'] }, false)
  assert.equal(needing, [
    'built-in functions that this gateway does not have: http.send, time.now_ns',
  ])
  for (const abi of [
    { major: 2, minor: 0 },
    { major: 1, minor: 1 },
    { major: 0, minor: 3 },
  ]) {
    const [problem] = imageProblems({ ...fit, abi }, false)
    assert.is(problem, `ABI ${abi.major}.${abi.minor} ${unsupported}`)
  }
})

test('nothing is active before the first activation, nor after a first that fails', async () => {
  const holder = createPolicyHolder()
  assert.is(holder.current(), null)
  assert.equal(holder.status(), { revision: null, activatedAtMs: null, problem: null })
  let code = ''
  await holder.activate({ ...bundle, contract: 9 }).catch((thrown: GuardError) => {
    code = thrown.code
  })
  assert.is(code, 'GUARD_POLICY_INVALID')
  assert.is(holder.current(), null)
  assert.match(holder.status().problem ?? '', 'contract 9')
})

test('a new policy and its data replace the old together; what was taken before keeps its own', async () => {
  const events: PolicyEvent[] = []
  const holder = createPolicyHolder({ policy: (event) => events.push(event) })
  await holder.activate(bundle)
  const old = holder.current()
  const data = dataOf({ answers: { yes: { allow: false }, no: { allow: true } } })
  await holder.activate({ ...bundle, revision: 'sha256:second', data })
  const next = holder.current()
  assert.ok(old?.judge(callOf('yes')).decision.allow)
  assert.not.ok(next?.judge(callOf('yes')).decision.allow)
  assert.ok(next?.judge(callOf('no')).decision.allow)
  assert.is(old?.judge(callOf('yes')).revision, bundle.revision)
  assert.is(next?.judge(callOf('yes')).revision, 'sha256:second')
  const { revision, activatedAtMs, problem } = holder.status()
  assert.equal([revision, problem], ['sha256:second', null])
  assert.ok(Math.abs(Date.now() - (activatedAtMs ?? 0)) < 60_000)
  assert.equal(
    events.map((event) => (event.type === 'activated' ? event.revision : event.type)),
    [bundle.revision, 'sha256:second'],
  )
})

test('activations asked for at once happen in order, and one that fails does not stop the next', async () => {
  const events: PolicyEvent[] = []
  const holder = createPolicyHolder({ policy: (event) => events.push(event) })
  const revisions = ['a', 'b', 'c', 'd']
  const results = await Promise.allSettled(
    revisions.map((revision) => {
      return holder.activate({ ...bundle, revision, contract: revision === 'c' ? 9 : 1 })
    }),
  )
  assert.equal(
    results.map((result) => result.status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
  // Refusing takes no time: out of turn it would be told before anything was active.
  const told = events.map((event) =>
    event.type === 'refused' ? `keeps ${event.keeps}` : event.type,
  )
  assert.equal(told, ['activated', 'activated', 'keeps b', 'activated'])
  assert.is(holder.current()?.revision, 'd')
  assert.is(holder.status().problem, null)
})

test('a bundle of one file with `allow` alone is complete', async () => {
  for (const source of [oneFile, { ...oneFile, hostModule: false }]) {
    const holder = createPolicyHolder()
    await holder.activate(source)
    const point = holder.current()
    assert.equal(point?.judge(callOf('yes')).decision, { allow: true, reasons: [], limits: null })
    const denied = { allow: false, reasons: [], challenge: null }
    assert.equal(point?.judge(callOf('no')).decision, denied)
    assert.equal(await point?.visible(callOf('yes'), 'tools', ['no', 'yes']), [false, true])
  }
})

test('data of a megabyte are loaded, and again after a fault', async () => {
  const filler = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`key-${index}`, { tools: ['read', 'write'] }]),
  )
  const data = dataOf({ answers: { yes: { allow: true } }, filler })
  const holder = createPolicyHolder()
  await holder.activate({ ...bundle, data })
  const point = holder.current()
  assert.equal(point?.judge(callOf('conflict')).decision.reasons, ['policy-fault'])
  assert.ok(point?.judge(callOf('yes')).decision.allow)
})

test.run()
