/**
 * `mcp-guard rollback` against running gateways: the revision before is in force within moments, is
 * still after a restart, holds against a source that offers what was rolled back from, and is over
 * when the source moves on or the operator says so.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { orderRollback } from '../../src/guard/policy/order-rollback.js'
import { startGateway, writePolicy } from '../support/gateway.js'
import {
  decides,
  health,
  rollback,
  save,
  startBeside,
  stateOf,
  text,
  upstream,
  versions,
  withGateway,
} from './rollback-rig.js'

test.after(() => upstream.close())

test('back, further back, still so after a restart, and released', async () => {
  await withGateway(async (gateway) => {
    const one = await save(gateway, 1)
    const two = await save(gateway, 2)
    const three = await save(gateway, 3)

    const back = await rollback(gateway)
    assert.equal(back, {
      code: 0,
      stdout: `rolled back to ${two}\ngateway ${process.pid}: ${two} is active\n`,
      stderr: '',
    })
    assert.is(await decides(gateway), 2)
    const held = await health(gateway)
    assert.equal([held.revision, held.rollback?.to, held.rollback?.from], [two, two, [three]])
    assert.ok(gateway.logged.some((line) => line.includes('"rolled-back"')))
    assert.match((await gateway.admin('/metrics')).body, 'mcp_guard_policy_rolled_back 1')
    assert.is((await gateway.audit()).at(-1)?.revision, two)

    // The source still offers what was rolled back from.
    assert.equal(await gateway.guard.reload(), {
      ok: true,
      message: `rolled back: ${two} stays active`,
    })
    await writePolicy(gateway.policyFolder, versions[2]?.files ?? {})
    await sleep(1_500)
    assert.is(await decides(gateway), 2)

    assert.match((await rollback(gateway)).stdout, `rolled back to ${one}`)
    assert.is(await decides(gateway), 1)
    assert.equal((await health(gateway)).rollback?.from, [three, two])

    const again = await startBeside(gateway)
    assert.is(await decides(again), 1)
    const both = await rollback(gateway, '--release')
    assert.is(both.code, 0)
    assert.is(both.stdout.split(`${three} is active`).length, 3, both.stdout)
    assert.equal([await decides(gateway), await decides(again)], [3, 3])
    assert.is((await health(gateway)).rollback, null)
    assert.ok(again.logged.some((line) => line.includes('"released"')))
    await again.close()
  })
})

test('it is over when another policy is saved than those it was rolled back from', async () => {
  await withGateway(async (gateway) => {
    await save(gateway, 1)
    await save(gateway, 2)
    assert.ok((await orderRollback(stateOf(gateway), undefined)).ok)
    assert.is(await decides(gateway), 1)
    const three = await save(gateway, 3)
    assert.equal(
      [(await health(gateway)).revision, (await health(gateway)).rollback],
      [three, null],
    )
    await sleep(700)
    assert.is(await decides(gateway), 3)
    assert.match((await rollback(gateway, '--release')).stderr, 'no rollback is in force')
  })
})

test('a broken policy does not end it, and is told of', async () => {
  await withGateway(async (gateway) => {
    await save(gateway, 1)
    await save(gateway, 2)
    await orderRollback(stateOf(gateway), undefined)
    await writePolicy(gateway.policyFolder, { 'main.rego': `${text}\n_denied if input.tol\n` })
    assert.not.ok((await gateway.guard.reload()).ok)
    const { problem, rollback: held } = await health(gateway)
    assert.match(problem ?? '', 'undefined ref: input.tol')
    assert.ok(held !== null)
    assert.is(await decides(gateway), 1)
    const released = await rollback(gateway, '--release')
    assert.is(released.code, 1)
    assert.match(released.stderr, 'undefined ref: input.tol')
    assert.is(await decides(gateway), 1, 'there is nothing else to go to')
  })
})

test('without a gateway it counts from the next start on', async () => {
  const gateway = await startGateway({ upstreams: { up: upstream.url } })
  const first = (await health(gateway)).revision
  await save(gateway, 1)
  await gateway.guard.close()
  const { code, stdout, stderr } = await rollback(gateway)
  assert.equal([code, stdout], [0, `rolled back to ${first}\n`])
  assert.match(stderr, 'no gateway runs with this policy: it counts from the next start on')
  const next = await startBeside(gateway)
  assert.is((await health(next)).revision, first)
  await next.close()
  await gateway.close()
})

test.run()
