/**
 * A rollback that cannot be made changes nothing, and says why: what is named wrongly, what is kept
 * and damaged, forged or gone, and where nothing can be kept.
 */
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { orderRollback } from '../../src/guard/policy/order-rollback.js'
import { createRevisions } from '../../src/guard/policy/revisions.js'
import { startGateway } from '../support/gateway.js'
import {
  cli,
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

test('to one that is named, and what cannot be named', async () => {
  await withGateway(async (gateway) => {
    const none = { stdout: '', code: 1 }
    const first = (await health(gateway)).revision
    assert.equal(await rollback(gateway), {
      ...none,
      stderr: `error: no revision before ${first} is kept on disk\n`,
    })
    const one = await save(gateway, 1)
    await save(gateway, 2)
    const rows: [string, RegExp][] = [
      ['sha256:ab', /named by at least 4 of its hex digits/],
      ['../../etc', /named by at least 4 of its hex digits/],
      ['0123456789', /0123456789 is not kept on disk; see --list/],
      [(await health(gateway)).revision, /is active already/],
    ]
    for (const [to, problem] of rows) {
      const ordered = await orderRollback(stateOf(gateway), to)
      const said = ordered.ok ? 'done' : ordered.problem
      assert.ok(problem.test(said), said)
    }
    assert.match((await rollback(gateway, '--to', one.slice(7, 20))).stdout, `back to ${one}`)
    assert.is(await decides(gateway), 1)
    const listed = await rollback(gateway, '--list')
    assert.match(listed.stdout, new RegExp(`${one}  \\S+Z  active\n`))
    assert.is(listed.stdout.split('\n').length, 4)
    assert.match(listed.stderr, 'rolled back since')
    const json = JSON.parse((await rollback(gateway, '--list', '--format', 'json')).stdout)
    assert.equal(json.revisions.length, 3)
    assert.is(json.rollback.to, one)
    assert.is(json.gateways[0].pid, process.pid)
  })
})

test('five revisions are kept, and the one that a rollback needs', async () => {
  await withGateway(async (gateway) => {
    const first = (await health(gateway)).revision
    await save(gateway, 1)
    await orderRollback(stateOf(gateway), undefined)
    const folder = join(stateOf(gateway), 'revisions')
    const revisions = createRevisions(folder, {})
    for (const digit of '012345') {
      await revisions.keep(`sha256:${digit.repeat(64)}`, { files: {} }, first)
    }
    assert.is(readdirSync(folder).length, 6, 'five, and the one that is gone back to')
    await save(gateway, 2)
    const names = readdirSync(folder)
    assert.is(names.length, 5, names.join())
    assert.not.ok(names.includes(`${first.slice(7)}.revision`), 'the rollback was over')
  })
})

const forged: readonly (readonly [what: string, forge: (file: string) => void, RegExp])[] = [
  ['cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, -3)), /is damaged/],
  ['empty', (file) => writeFileSync(file, ''), /is not kept on disk; see --list/],
  ['gone', (file) => rmSync(file), /is not kept on disk; see --list/],
  ['open to others', (file) => chmodSync(file, 0o666), /is not kept on disk; see --list/],
]

for (const [what, forge, problem] of forged) {
  test(`what is kept and is ${what} is not gone back to`, async () => {
    await withGateway(async (gateway) => {
      const first = (await health(gateway)).revision
      const one = await save(gateway, 1)
      forge(join(stateOf(gateway), 'revisions', `${first.slice(7)}.revision`))
      const ordered = await orderRollback(stateOf(gateway), first)
      const said = ordered.ok ? 'done' : ordered.problem
      assert.ok(problem.test(said), said)
      assert.is((await health(gateway)).revision, one)
    })
  })
}

test('the content of another revision under its name is refused by the gateway', async () => {
  await withGateway(async (gateway) => {
    const first = (await health(gateway)).revision
    const one = await save(gateway, 1)
    const folder = join(stateOf(gateway), 'revisions')
    const other = readFileSync(join(folder, `${one.slice(7)}.revision`))
    writeFileSync(join(folder, `${first.slice(7)}.revision`), other)
    const ordered = await orderRollback(stateOf(gateway), first)
    const said = ordered.ok ? 'done' : ordered.problem
    assert.match(said, `what was kept as ${first} is something else, ${one}`)
    const now = await health(gateway)
    assert.equal([now.revision, now.rollback], [one, null])
    assert.not.ok(readdirSync(stateOf(gateway)).includes('hold.json'))
  })
})

test('a start whose rollback cannot be kept up fails, and says what to do', async () => {
  await withGateway(async (gateway) => {
    await save(gateway, 1)
    await orderRollback(stateOf(gateway), undefined)
    const { to } = (await health(gateway)).rollback ?? { to: '' }
    rmSync(join(stateOf(gateway), 'revisions', `${to.slice(7)}.revision`))
    const failed = await startBeside(gateway).catch((error: Error) => error)
    assert.instance(failed, Error)
    assert.match(String(failed), /cannot be kept up: .* is not kept on disk .*--release/)
  })
})

test('a folder where nothing can be written: said once, and the gateway goes on', async () => {
  const gateway = await startGateway({
    upstreams: { up: upstream.url },
    // Below a file there are no folders, whoever asks.
    policyOptions: { state: cli },
  })
  await save(gateway, 1)
  const said = gateway.logged.filter((line) => line.includes('is not kept on disk'))
  assert.is(said.length, 1, said.join('\n'))
  assert.is(await decides(gateway), 1)
  await gateway.close()
})

test.run()
