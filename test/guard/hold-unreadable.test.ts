/**
 * What is written of a rollback and cannot be read is not a rollback that is over: the gateway keeps
 * what is in force, does not start without knowing, and the command does not write over it.
 */
import { chmodSync, readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { removeHold } from '../../src/guard/policy/hold.js'
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

const unread = 'what is written of a rollback cannot be read'

test('a hold that others may write, or that is cut off, stays in force and is told of once', async () => {
  await withGateway(async (gateway) => {
    await save(gateway, 1)
    await save(gateway, 2)
    assert.ok((await orderRollback(stateOf(gateway), undefined)).ok)
    const file = join(stateOf(gateway), 'hold.json')
    chmodSync(file, 0o664)
    await sleep(700)
    assert.match((await gateway.guard.reload()).message, 'rolled back')
    assert.is(await decides(gateway), 1)
    assert.ok((await health(gateway)).rollback !== null)
    const said = gateway.logged.filter((line) => line.includes(unread))
    assert.is(said.length, 1, gateway.logged.join('\n'))
    assert.match(said[0] ?? '', `error ${unread}, ${file}: it or its folder`)

    const again = await startBeside(gateway).catch(String)
    assert.match(String(again), `cannot be kept up: ${unread}, ${file}`)
    assert.match(String(again), 'give the file its owner and mode 600 back, or end it with')

    const id = (await orderRollback(stateOf(gateway), undefined)) as { problem?: string }
    assert.match(id.problem ?? '', unread)
    assert.match(String(await removeHold(stateOf(gateway), 'any').catch(String)), unread)
    const list = await rollback(gateway, '--list')
    assert.match(list.stderr, unread)

    chmodSync(file, 0o600)
    await sleep(700)
    truncateSync(file, 20)
    await sleep(700)
    assert.is(await decides(gateway), 1)
    assert.is(gateway.logged.filter((line) => line.includes('it is damaged')).length, 1)
    assert.match(String(await startBeside(gateway).catch(String)), 'it is damaged')

    assert.is((await rollback(gateway, '--release')).code, 0)
    assert.not.ok(readdirSync(stateOf(gateway)).includes('hold.json'))
    assert.is(await decides(gateway), 2)
  })
})

test.run()
