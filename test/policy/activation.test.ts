/** Activation beside decisions: the event loop goes on, and a loading thread that fails is no loss. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../src/errors.js'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { createLoader } from '../../src/policy/load-apart.js'
import { folderOf } from '../rego/folder.js'
import { threadMs } from '../support/thread-time.js'
import { compileFiles } from './bundles.js'
import { callOf } from './questions.js'

const bundle = await compileFiles({
  'main.rego': `package mcpguard.main

default allow := false

allow if data.grants[input.subject.id][input.resource.id]

decision := {"allow": allow}
`,
})
const { wasm, contract, hostModule } = bundle
const request = { wasm, data: bundle.data, contract, hostModule, budget: 1_000_000 }

/** Grants of so many bytes of JSON, and one that counts. */
function grantsOf(bytes: number): Uint8Array {
  const users = ['"alice":{"read":{}}']
  for (let size = 0; size < bytes; size += users.at(-1)?.length ?? 0) {
    users.push(`"user-${users.length}":{"read":{},"write":{},"search":{},"delete":{}}`)
  }
  return Buffer.from(`{"grants":{${users.join(',')}}}`)
}

test('17 MB of data are activated while decisions go on', async () => {
  const data = grantsOf(17_000_000)
  const holder = createPolicyHolder()
  await holder.activate({ ...bundle, data: grantsOf(0) })
  let held = 0
  let decisions = 0
  let last = threadMs()
  const ticker = setInterval(() => {
    const now = threadMs()
    held = Math.max(held, now - last)
    last = now
    decisions += 1
    assert.ok(holder.current()?.judge(callOf('read', { n: decisions })).decision.allow)
  }, 1)
  const startedMs = performance.now()
  await holder.activate({ ...bundle, revision: 'sha256:large', data })
  const tookMs = Math.round(performance.now() - startedMs)
  clearInterval(ticker)
  console.log(
    `${tookMs} ms, ${decisions} decisions meanwhile, ${held.toFixed(1)} ms at most between`,
  )
  assert.ok(decisions > 20, `${decisions} decisions`)
  assert.is(holder.current()?.revision, 'sha256:large')
  assert.ok(held < 100, `held for ${held} ms`)
  assert.ok(holder.current()?.judge(callOf('read')).decision.allow)
  assert.not.ok(holder.current()?.judge(callOf('unheard-of')).decision.allow)
})

const slow = await compileFiles({
  'main.rego': `package mcpguard.main

decision := {"allow": count(numbers.range(1, 20000)) == 20000}
`,
})

test('what replaces a policy is warmed, for a second where it is slow', async () => {
  const holder = createPolicyHolder()
  /** How long the event loop was busy; the thread that loads has another one. */
  const busyMs = async (revision: string) => {
    const before = performance.eventLoopUtilization()
    await holder.activate({ ...slow, revision })
    return performance.eventLoopUtilization(before).active
  }
  await busyMs('sha256:first')
  const startedMs = performance.now()
  for (let n = 0; n < 5; n += 1) holder.current()?.judge(callOf(`tool-${n}`))
  assert.ok(performance.now() - startedMs > 2, 'a second is too short for 3,000 evaluations')
  const warmMs = await busyMs('sha256:second')
  console.log(`busy for ${Math.round(warmMs)} ms`)
  assert.ok(warmMs >= 900, `busy for ${warmMs} ms`)
})

test('a loading thread that hangs, crashes or ends is a refusal, and is gone', async () => {
  const threads: readonly (readonly [source: string, deadlineMs: number, problem: RegExp])[] = [
    ['for (;;) {}', 300, /^the policy was not loaded within 300 ms$/],
    ['throw new Error("crashed")', 20_000, /^the policy was not loaded: crashed$/],
    ['process.exit(0)', 20_000, /^the policy was not loaded: its thread ended$/],
  ]
  for (const [source, deadlineMs, problem] of threads) {
    const file = join(folderOf({}), 'thread.mjs')
    writeFileSync(file, source)
    const loader = createLoader({ entry: pathToFileURL(file), deadlineMs })
    const thrown = await loader.load(request).catch((error) => error)
    assert.instance(thrown, GuardError)
    assert.is(thrown.code, 'GUARD_POLICY_INVALID')
    assert.match(thrown.message, problem)
  }
})

test('what is loaded apart is what is loaded in place', async () => {
  const loader = createLoader()
  const outcome = await loader.load({ ...request, data: grantsOf(100) })
  assert.ok(outcome.ok)
  if (!outcome.ok) return
  const { image, entryPoints } = outcome.policy
  assert.equal([...image.entryPoints.keys()].sort(), [
    'mcpguard/host/decisions',
    'mcpguard/main/decision',
  ])
  assert.is(entryPoints.decision, image.entryPoints.get('mcpguard/main/decision'))
  const refused = await loader.load({ ...request, contract: 2 })
  assert.equal(refused, {
    ok: false,
    problems: ['contract 2 is not supported, this gateway speaks 1'],
  })
})

test('a thread may start ahead of its policy, and one that ended meanwhile is replaced', async () => {
  const begun = join(folderOf({}), 'begun')
  const thread = new URL('../../src/policy/load-thread.js', import.meta.url).href
  const file = join(folderOf({}), 'thread.mjs')
  // Every second one ends before it is asked.
  writeFileSync(
    file,
    `import { existsSync, rmSync, writeFileSync } from 'node:fs'
const begun = ${JSON.stringify(begun)}
if (existsSync(begun)) {
  rmSync(begun)
  await import(${JSON.stringify(thread)})
} else {
  writeFileSync(begun, '')
  process.exit()
}`,
  )
  const loader = createLoader({ entry: pathToFileURL(file) })
  loader.expect()
  loader.expect()
  while (!existsSync(begun)) await sleep(5)
  await sleep(100)
  assert.ok((await loader.load(request)).ok)
  assert.not.ok(existsSync(begun))
  writeFileSync(begun, '')
  loader.expect()
  while (existsSync(begun)) await sleep(5)
  assert.ok((await loader.load(request)).ok)
  assert.not.ok(existsSync(begun), 'another thread was started')
})

test('a thread that waits for a policy ends with whom it waits for', async () => {
  const threads = () => readdirSync('/proc/self/task').length
  const loader = createLoader()
  const before = threads()
  loader.expect()
  assert.ok(threads() > before)
  loader.close()
  for (let tries = 0; threads() > before && tries < 400; tries += 1) await sleep(5)
  assert.is(threads(), before)
  loader.expect()
  assert.is(threads(), before, 'nothing is expected any more')
})

test('memory is flat over decisions and reloads', async () => {
  const holder = createPolicyHolder()
  const reload = (n: number) => holder.activate({ ...bundle, revision: String(n) })
  await reload(0)
  const decide = (count: number) => {
    for (let n = 0; n < count; n += 1) holder.current()?.judge(callOf('read', { n }))
  }
  const settle = async (reloads: number) => {
    for (let n = 0; n < reloads; n += 1) await reload(n)
    decide(10_000)
    return process.memoryUsage.rss() / 1e6
  }
  const before = await settle(30)
  const after = await settle(30)
  console.log(`${before.toFixed(0)} MB, then ${after.toFixed(0)} MB`)
  assert.ok(after < before + 60, `${before} MB, then ${after} MB`)
})

test.run()
