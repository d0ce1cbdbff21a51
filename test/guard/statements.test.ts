/**
 * What gateways say of themselves, and what is made of those that say nothing any more: a statement
 * that was not renewed, or was left by a process that had this one's place, counts for nothing.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseRollback } from '../../src/guard/policy/choose-rollback.js'
import { orderRollback, readRollbackStatus } from '../../src/guard/policy/order-rollback.js'
import { createRevisions } from '../../src/guard/policy/revisions.js'
import { createStating, readStatements } from '../../src/guard/policy/statements.js'

const root = mkdtempSync(join(tmpdir(), 'mcp-guard-statements-'))

test.after(() => rmSync(root, { recursive: true }))

const [one, two, three] = ['1', '2', '3'].map((digit) => `sha256:${digit.repeat(64)}`) as [
  string,
  string,
  string,
]
const done = { revision: two, hold: null, state: 'done', problem: null } as const
const minuteMs = 60_000

function gateways(name: string): string {
  const folder = join(root, name, 'gateways')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

interface Left {
  readonly pid?: number
  readonly host?: string
  readonly revision?: string
  readonly agoMs?: number
}

function leave(folder: string, left: Left): string {
  const { pid = 1, host = 'another-host', revision = one, agoMs = 0 } = left
  const name = `${pid}-${String(readdirSync(folder).length).padStart(12, '0')}.gateway`
  const statement = { ...done, pid, host, revision }
  writeFileSync(join(folder, name), JSON.stringify(statement), { mode: 0o600 })
  const at = new Date(Date.now() - agoMs)
  utimesSync(join(folder, name), at, at)
  return name
}

test('one that was not renewed for three minutes is dead, and taken away', async () => {
  const folder = gateways('dead')
  leave(folder, { host: 'pod-a', agoMs: 4 * minuteMs })
  const alive = leave(folder, { host: 'pod-b', agoMs: 2 * minuteMs })
  assert.equal(
    (await readStatements(folder)).map(({ host }) => host),
    ['pod-b'],
  )
  assert.equal(readdirSync(folder), [alive])
})

test('what a process with the same host and id left is taken away, nothing of others', async () => {
  const folder = gateways('predecessor')
  const old = leave(folder, { pid: process.pid, host: hostname() })
  const other = leave(folder, { pid: process.pid, host: 'another-host' })
  const first = createStating(folder)
  await first.state(done)
  const second = createStating(folder)
  await second.state(done)
  const names = readdirSync(folder)
  assert.equal([names.includes(old), names.includes(other), names.length], [false, true, 3])
  await first.end()
  await second.end()
  assert.equal(readdirSync(folder), [other])
})

test('the dead do not say what is active', async () => {
  const folder = gateways('active')
  leave(folder, { host: 'pod-a', revision: one, agoMs: 4 * minuteMs })
  leave(folder, { host: 'pod-b', revision: three })
  leave(folder, { host: 'pod-c', revision: three })
  assert.equal((await readRollbackStatus(join(root, 'active'))).active, [three])
})

const kept = [three, two, one].map((revision, index) => ({ revision, activatedAtMs: 9 - index }))

test('where gateways do not agree the operator has to say where to', () => {
  const state = { kept, hold: null, active: [three, two] }
  assert.equal(chooseRollback(state), {
    ok: false,
    problem: `the gateways do not agree, ${three} and ${two} are active: use --to`,
  })
  assert.equal(chooseRollback(state, one), { ok: true, to: one, from: [three, two] })
  assert.equal(chooseRollback(state, two), { ok: true, to: two, from: [three] })
  assert.equal(chooseRollback({ ...state, active: [two] }), {
    ok: true,
    to: one,
    from: [two, three],
  })
})

test('who does not answer, or is not done in time, has not confirmed it', async () => {
  const folder = gateways('silent')
  const state = join(root, 'silent')
  const revisions = createRevisions(join(state, 'revisions'), {})
  await revisions.keep(one, { files: {} }, null)
  const patience = { noticeMs: 200, doneMs: 400 }
  leave(folder, { revision: two })
  const silent = await orderRollback(state, one.slice(0, 20), patience)
  assert.equal(silent.ok && [silent.ordered.silent, silent.ordered.confirmed], [1, false])

  const stating = createStating(folder)
  const ordering = orderRollback(state, one.slice(0, 20), { noticeMs: 2_000, doneMs: 2_500 })
  rmSync(join(folder, readdirSync(folder)[0] ?? ''))
  leave(folder, { revision: two })
  const hold = async () => (await readRollbackStatus(state)).hold?.id ?? null
  const before = await hold()
  while ((await hold()) === before) await new Promise(setImmediate)
  const [other] = readdirSync(folder)
  await stating.state({ ...done, hold: await hold(), state: 'working' })
  rmSync(join(folder, other ?? ''))
  const working = await ordering
  assert.equal(working.ok && [working.ordered.silent, working.ordered.confirmed], [0, false])
  await stating.end()
})

test.run()
