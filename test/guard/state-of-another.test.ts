/**
 * A state folder that another user has, or has written into, is nothing that a gateway goes by: who
 * put it there would choose the policy. Ownership can be tried by root only, as in CI.
 */
import { chmodSync, chownSync, cpSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { orderRollback } from '../../src/guard/policy/order-rollback.js'
import {
  decides,
  health,
  rollback,
  save,
  startBeside,
  stateOf,
  upstream,
  withGateway,
} from './rollback-rig.js'

test.after(() => upstream.close())

const nobody = 65_534
const asRootOnly = process.getuid?.() === 0 ? test : test.skip

asRootOnly('a running gateway keeps what decides, and another does not start', async () => {
  await withGateway(async (gateway) => {
    const one = await save(gateway, 1)
    await save(gateway, 2)
    assert.ok((await orderRollback(stateOf(gateway), undefined)).ok)
    const state = stateOf(gateway)
    chownSync(state, nobody, nobody)
    chownSync(join(state, 'hold.json'), nobody, nobody)
    await sleep(800)
    assert.is(await decides(gateway), 1)
    assert.is((await health(gateway)).revision, one)
    const again = String(await startBeside(gateway).catch(String))
    assert.match(again, "it or its folder is not this user's alone")
    const listed = await rollback(gateway, '--list')
    assert.match(listed.stderr, "it or its folder is not this user's alone")
    const ordered = await orderRollback(state, undefined)
    assert.not.ok(ordered.ok)
  })
})

asRootOnly('what another keeps there is not gone back to', async () => {
  await withGateway(async (gateway) => {
    const first = (await health(gateway)).revision
    const one = await save(gateway, 1)
    const folder = join(stateOf(gateway), 'revisions')
    chownSync(join(folder, `${first.slice(7)}.revision`), nobody, nobody)
    const ordered = await orderRollback(stateOf(gateway), first)
    assert.match(ordered.ok ? '' : ordered.problem, `${first} is not kept on disk; see --list`)
    chownSync(join(folder, `${first.slice(7)}.revision`), 0, 0)
    chownSync(folder, nobody, nobody)
    const whole = await orderRollback(stateOf(gateway), first)
    assert.match(whole.ok ? '' : whole.problem, "or none that is this user's alone")
    assert.is((await health(gateway)).revision, one)
    await save(gateway, 2)
    const said = gateway.logged.filter((line) => line.includes('is not kept on disk'))
    assert.match(said.join('\n'), `${folder} belongs to somebody else`)
  })
})

asRootOnly('a rollback that another puts into a folder open to all is none', async () => {
  await withGateway(async (gateway) => {
    await save(gateway, 1)
    await save(gateway, 2)
    assert.ok((await orderRollback(stateOf(gateway), undefined)).ok)
    const state = stateOf(gateway)
    const planted = join(gateway.folder, 'planted')
    cpSync(join(state, 'hold.json'), planted)
    assert.is((await rollback(gateway, '--release')).code, 0)
    assert.is(await decides(gateway), 2)
    chmodSync(state, 0o777)
    cpSync(planted, join(state, 'hold.json'))
    chownSync(join(state, 'hold.json'), nobody, nobody)
    await sleep(800)
    assert.is(await decides(gateway), 2)
    assert.is((await health(gateway)).rollback, null)
  })
})

test('a folder of ours that was open to all is closed, and what is in it counts', async () => {
  await withGateway(async (gateway) => {
    await save(gateway, 1)
    await save(gateway, 2)
    const state = stateOf(gateway)
    const folders = [state, join(state, 'revisions'), join(state, 'gateways')]
    for (const folder of folders) chmodSync(folder, 0o777)
    assert.ok((await orderRollback(state, undefined)).ok)
    for (const folder of folders) assert.is(statSync(folder).mode & 0o777, 0o700, folder)
    assert.is(await decides(gateway), 1)
  })
})

test.run()
