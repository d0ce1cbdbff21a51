/**
 * What an order leaves on disk: a rollback that a gateway cannot make gives way to the one before, an
 * end ends the very one that it is meant for, and who cannot be asked whether it runs counts as running.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readHold, removeHold, writeHold } from '../../src/guard/policy/hold.js'
import { orderRollback } from '../../src/guard/policy/order-rollback.js'
import { createRevisions } from '../../src/guard/policy/revisions.js'
import { createStating, readStatements } from '../../src/guard/policy/statements.js'

const root = mkdtempSync(join(tmpdir(), 'mcp-guard-orders-'))

test.after(() => rmSync(root, { recursive: true }))

const [one, two, three] = ['1', '2', '3'].map((digit) => `sha256:${digit.repeat(64)}`) as [
  string,
  string,
  string,
]
const hold = { id: 'first', to: two, from: [three], since: '2026-11-23T08:00:00Z' }

for (const [what, before] of [
  ['the one before', hold],
  ['none', null],
] as const) {
  test(`a rollback that a gateway cannot make: in force is ${what}`, async () => {
    const state = join(root, what)
    const revisions = createRevisions(join(state, 'revisions'), {})
    for (const revision of [one, two, three]) await revisions.keep(revision, { files: {} }, null)
    if (before !== null) await writeHold(state, before)
    const stating = createStating(join(state, 'gateways'))
    const said = { revision: two, state: 'done', problem: null } as const
    await stating.state({ ...said, hold: before?.id ?? null })
    const ordering = orderRollback(state, one.slice(0, 20))
    let found = await readHold(state)
    while (found.kind !== 'hold' || found.hold.to !== one) {
      await new Promise(setImmediate)
      found = await readHold(state)
    }
    await stating.state({ ...said, hold: found.hold.id, state: 'failed', problem: 'not this one' })
    assert.equal(await ordering, { ok: false, problem: 'not this one' })
    const after = await readHold(state)
    assert.equal(after, before === null ? { kind: 'none' } : { kind: 'hold', hold: before })
    await stating.end()
  })
}

test('an end that comes too late leaves another that was written meanwhile', async () => {
  const state = join(root, 'late')
  await writeHold(state, hold)
  await removeHold(state, 'before')
  assert.equal(await readHold(state), { kind: 'hold', hold })
  await removeHold(state, hold.id)
  assert.equal(await readHold(state), { kind: 'none' })
})

test('a gateway of another user runs, as far as anybody knows', async () => {
  const folder = join(root, 'another', 'gateways')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const statement = { pid: 1, host: hostname(), revision: one, hold: null, state: 'done' }
  writeFileSync(join(folder, '1-0.gateway'), JSON.stringify(statement), { mode: 0o600 })
  const { kill } = process
  const answers = (code: string) => {
    process.kill = () => {
      throw Object.assign(new Error(code), { code })
    }
    return readStatements(folder).finally(() => {
      process.kill = kill
    })
  }
  assert.is((await answers('EPERM')).length, 1)
  assert.is((await answers('ESRCH')).length, 0)
  assert.equal(readdirSync(folder), [])
})

test.run()
