/**
 * `mcp-guard rollback` against running gateways: the revision before is in force within moments, is
 * still after a restart, holds against a source that offers what was rolled back from, and is over
 * when the source moves on or the operator says so. What cannot be done changes nothing.
 */
import { execFile } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { orderRollback } from '../../src/guard/policy/order-rollback.js'
import { type Gateway, rolePolicy, startGateway, writePolicy } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
const upstream = await startUpstream()

test.after(() => upstream.close())

const text = rolePolicy['main.rego'] ?? ''
/** One more name is denied by each. */
const versions = ['one', 'two', 'three'].map((name, index, names) => ({
  name,
  files: {
    'main.rego': `${text}\n_denied if input.resource.id in ${JSON.stringify(names.slice(0, index + 1))}\n`,
  },
}))

interface Health {
  readonly revision: string
  readonly problem: string | null
  readonly rollback: { to: string; from: string[] } | null
}

async function health(gateway: Gateway): Promise<Health> {
  return JSON.parse((await gateway.admin('/health')).body).policy
}

/** How many of the names are denied: which version decides. */
async function decides(gateway: Gateway): Promise<number> {
  const answers = await Promise.all(
    versions.map(async ({ name }) => JSON.parse((await gateway.send({ body: call(name) })).body)),
  )
  return answers.filter(({ result }) => result.isError === true).length
}

async function save(gateway: Gateway, version: number): Promise<string> {
  await writePolicy(gateway.policyFolder, versions[version - 1]?.files ?? {})
  const { ok, message } = await gateway.guard.reload()
  assert.ok(ok, message)
  return (await health(gateway)).revision
}

function rollback(
  gateway: Gateway,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const config = join(gateway.folder, 'guard.yaml')
  return new Promise((resolve) => {
    const all = [cli, 'rollback', '--config', config, ...args]
    execFile(process.execPath, all, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

async function withGateway(use: (gateway: Gateway) => Promise<void>): Promise<void> {
  const gateway = await startGateway({ upstreams: { up: upstream.url } })
  try {
    await use(gateway)
  } finally {
    await gateway.close()
  }
}

function stateOf(gateway: Gateway): string {
  const state = join(gateway.folder, 'state')
  return join(state, readdirSync(state)[0] ?? '')
}

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

    const again = await startGateway({
      upstreams: { up: upstream.url },
      policyOptions: { path: gateway.policyFolder, state: join(gateway.folder, 'state') },
    })
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
    assert.match(released.stderr, 'undefined ref: input.tol')
    assert.is(await decides(gateway), 1, 'there is nothing else to go to')
  })
})

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
    for (let count = 0; count < 6; count += 1) {
      appendFileSync(join(folder, `${String(count).repeat(64)}.revision`), 'x')
    }
    await save(gateway, 2)
    const names = readdirSync(folder)
    assert.is(names.length, 5, names.join())
    assert.not.ok(names.includes(`${first.slice(7)}.revision`), 'the rollback was over')
  })
})

const forged: readonly (readonly [what: string, forge: (file: string) => void, RegExp])[] = [
  ['cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, -3)), /is damaged/],
  ['empty', (file) => writeFileSync(file, ''), /is damaged/],
  ['gone', (file) => rmSync(file), /is not kept on disk; see --list/],
  ['open to others', (file) => chmodSync(file, 0o666), /is damaged/],
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
    const failed = await startGateway({
      upstreams: { up: upstream.url },
      policyOptions: { path: gateway.policyFolder, state: join(gateway.folder, 'state') },
    }).catch((error: Error) => error)
    assert.instance(failed, Error)
    assert.match(String(failed), /cannot be kept up: .* is not kept on disk .*--release/)
  })
})

test('without a gateway it counts from the next start on', async () => {
  const gateway = await startGateway({ upstreams: { up: upstream.url } })
  const { policyFolder, folder } = gateway
  const first = (await health(gateway)).revision
  await save(gateway, 1)
  await gateway.guard.close()
  const { code, stdout, stderr } = await rollback(gateway)
  assert.equal([code, stdout], [0, `rolled back to ${first}\n`])
  assert.match(stderr, 'no gateway runs with this policy: it counts from the next start on')
  const next = await startGateway({
    upstreams: { up: upstream.url },
    policyOptions: { path: policyFolder, state: join(folder, 'state') },
  })
  assert.is((await health(next)).revision, first)
  await next.close()
  await gateway.close()
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
