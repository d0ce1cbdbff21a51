/**
 * Who comes first: a rollback waits for nothing that is being compiled, two that look at once begin
 * it once, and nothing becomes active in a gateway that is stopping.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../src/errors.js'
import { createActivation, type Offer } from '../../src/guard/policy/activation.js'
import { writeHold } from '../../src/guard/policy/hold.js'
import { createNewest } from '../../src/guard/policy/newest.js'
import { createRevisions } from '../../src/guard/policy/revisions.js'
import { createRollback } from '../../src/guard/policy/rollback.js'
import { createStating } from '../../src/guard/policy/statements.js'
import type { ActivePolicy } from '../../src/policy/activate.js'
import { openCompilerSession } from '../../src/rego/compiler-session.js'
import type { ReadSources } from '../../src/rego/sources.js'
import { rolePolicy, testCacheDir } from '../support/gateway.js'

const root = mkdtempSync(join(tmpdir(), 'mcp-guard-order-'))

test.after(() => rmSync(root, { recursive: true }))

const found: ReadSources = { ok: true, source: { files: rolePolicy } }

function rig(isHeldBack: () => boolean = () => false, keep?: () => Promise<void>) {
  const active: string[] = []
  const policy = {
    current: () => null,
    expect: () => undefined,
    status: () => ({ revision: active.at(-1) ?? null, activatedAtMs: null }),
    activate: async ({ revision }: { revision: string }) => void active.push(revision),
  } as unknown as ActivePolicy
  let stopped = false
  const from: Offer['from'][] = []
  const told: string[] = []
  const { activate, settled } = createActivation({
    policy,
    observer: { policy: ({ type }) => told.push(type) },
    cacheDir: testCacheDir,
    verify: null,
    session: openCompilerSession(),
    revisions: { ...createRevisions(join(root, 'revisions'), {}), ...(keep && { keep }) },
    newest: createNewest(join(root, 'serials'), {}),
    isHeldBack,
    isRolledBack: () => false,
    keeps: keep !== undefined,
    needed: () => null,
    activated: async (one) => void from.push(one),
    stopped: () => stopped,
  })
  return { activate, settled, from, told, stop: () => (stopped = true) }
}

function latch(): { read: Offer['read']; open: () => void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { read: () => opened.then(() => found), open }
}

test('a rollback is made while the source is still being compiled, which is judged after it', async () => {
  const { activate, from } = rig(() => from.includes('rollback'))
  const slow = latch()
  const source = activate({ from: 'source', read: slow.read })
  const outcome = await activate({ from: 'rollback', read: async () => found })
  assert.is(outcome.kind, 'activated')
  slow.open()
  assert.is((await source).kind, 'held')
  assert.equal(from, ['rollback'])
})

test('what is offered or being compiled while the gateway stops is not activated', async () => {
  const { activate, from, told, stop } = rig()
  const slow = latch()
  const under = activate({ from: 'source', read: slow.read })
  const waiting = activate({ from: 'source', read: async () => found })
  stop()
  slow.open()
  for (const outcome of [await under, await waiting]) {
    assert.is(outcome.kind === 'refused' && outcome.error.message, 'the gateway is stopping')
  }
  assert.equal([from, told], [[], []])
})

test('what is ready when the gateway stops is not activated, and what comes then is not even read', async () => {
  const { activate, from, told, stop } = rig()
  const slow = latch()
  let readings = 0
  const read = () => {
    readings += 1
    return slow.read()
  }
  const under = activate({ from: 'source', read })
  while (readings === 0) await sleep(1)
  stop()
  const late = await activate({ from: 'rollback', read })
  slow.open()
  for (const outcome of [await under, late]) {
    assert.is(outcome.kind === 'refused' && outcome.error.message, 'the gateway is stopping')
  }
  assert.equal([readings, from, told], [1, [], []])
})

test('what is on offer no more is neither activated nor told of', async () => {
  const { activate, from, told } = rig()
  const broken: ReadSources = { ok: true, source: { files: { 'main.rego': 'package' } } }
  for (const read of [found, broken]) {
    const offer = { from: 'source', read: async () => read } as const
    assert.is((await activate({ ...offer, isCurrent: async () => false })).kind, 'superseded')
  }
  assert.equal([from, told], [[], []])
})

test('what is held back from the source is what an operator may go to', async () => {
  const { activate, from } = rig(() => true)
  const read = async () => found
  assert.is((await activate({ from: 'source', read })).kind, 'held')
  for (const by of ['rollback', 'kept'] as const) {
    assert.is((await activate({ from: by, read })).kind, 'activated')
  }
  assert.equal(from, ['rollback', 'kept'])
})

test('two that look at the same time begin a rollback once', async () => {
  const folder = join(root, 'looks')
  const offers: Offer[] = []
  const hold = { id: 'a', to: 'sha256:1', from: ['sha256:2'], since: '2026-01-01T00:00:00Z' }
  await writeHold(folder, hold)
  const rollback = createRollback({
    folder,
    revisions: createRevisions(join(folder, 'revisions'), {}),
    stating: createStating(join(folder, 'gateways')),
    observer: {},
    active: () => null,
    resume: async () => null,
    async activate(offer) {
      offers.push(offer)
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (await offer.isCurrent?.()) return { kind: 'activated', revision: 'sha256:1' }
      const error = new GuardError('GUARD_POLICY_INVALID', 'another came')
      return { kind: 'refused', error, lasting: false }
    },
  })
  assert.equal(await Promise.all([rollback.look(), rollback.look()]), [null, null])
  assert.equal([offers.length, rollback.current()?.id], [1, 'a'])
})

test('whoever waits for the activation waits until it is kept', async () => {
  let kept = false
  const { activate, settled, from } = rig(
    () => false,
    async () => {
      await sleep(100)
      kept = true
    },
  )
  const offered = activate({ from: 'source', read: async () => found })
  while (from.length === 0) await sleep(5)
  assert.not.ok(kept)
  await settled()
  assert.ok(kept)
  assert.is((await offered).kind, 'activated')
})

test.run()
