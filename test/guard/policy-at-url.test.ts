/**
 * A gateway whose policy is a bundle at a URL: what it does while the server has not answered, with a
 * new bundle, with a bad one, without the server, and after a restart without it.
 */
import { appendFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { orderRollback } from '../../src/guard/policy/order-rollback.js'
import { bundleOf } from '../rego/tar.js'
import { type BundleServer, bundleType, startBundleServer } from '../support/bundle-server.js'
import { type Gateway, type GatewayOptions, rolePolicy, startGateway } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { silent } from '../support/service.js'
import { startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()

test.after(() => upstream.close())

const text = rolePolicy['main.rego'] ?? ''
const open = bundleOf({ 'main.rego': text })
const narrow = bundleOf({ 'main.rego': `${text}\n_denied if input.resource.id == "open-tool"\n` })
const broken = bundleOf({ 'main.rego': `${text}\n_denied if input.tol\n` })
const delta = bundleOf({ 'patch.json': '{"data":[{"op":"upsert","path":"/a","value":1}]}' })

interface Health {
  readonly revision: string | null
  readonly problem: string | null
  readonly stale: boolean
  readonly server: { readonly answered: string | null; readonly problem: string | null }
}

interface Rig {
  readonly server: BundleServer
  readonly gateway: Gateway
  health(): Promise<Health>
  /** Whether the policy lets the tool be called; null: nothing is decided. */
  allows(): Promise<boolean | null>
  close(): Promise<void>
}

async function start(server: BundleServer, options: Partial<GatewayOptions> = {}): Promise<Rig> {
  const gateway = await startGateway({
    upstreams: { up: upstream.url },
    ...options,
    policyOptions: { path: server.url, poll: { interval: '1s' }, ...options.policyOptions },
  })
  return {
    server,
    gateway,
    health: async () => JSON.parse((await gateway.admin('/health')).body).policy,
    async allows() {
      const { status, body } = await gateway.send({ body: call('open-tool') })
      return status === 503 ? null : JSON.parse(body).result.isError !== true
    },
    close: () => gateway.close(),
  }
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`)
    await sleep(20)
  }
}

test('a new bundle is in force, a bad one is not and is said once', async () => {
  const server = await startBundleServer(open)
  const { gateway, health, allows, close } = await start(server)
  assert.is(await allows(), true)
  const first = await health()
  assert.equal([first.problem, first.stale, first.server.problem], [null, false, null])
  assert.match(first.server.answered ?? '', /^\d{4}-/)
  server.offer(narrow)
  await until('the new policy', async () => (await allows()) === false)
  const { revision } = await health()

  server.offer(broken)
  await until('a problem', async () => (await health()).problem !== null)
  const now = await health()
  assert.is(now.revision, revision)
  assert.match(now.problem ?? '', /main\.rego:\d+:\d+: undefined ref: input\.tol/)
  const { sent, unchanged } = server.counts
  await until('more answers', async () => server.counts.unchanged > unchanged + 1)
  assert.is(server.counts.sent, sent)
  assert.is(gateway.logged.filter((line) => line.includes('"refused"')).length, 1)
  assert.is((await gateway.admin('/ready')).status, 200)
  assert.match((await gateway.admin('/metrics')).body, /policy_polls_total\{result="changed"\} 3/)

  server.offer(delta)
  await until('another', async () => /delta/.test((await health()).problem ?? ''))
  server.offer(open)
  await until('the first again', async () => (await allows()) === true)
  assert.is((await health()).problem, null)
  await close()
  await server.down()
})

test('SIGHUP asks now, and says what became of it', async () => {
  const server = await startBundleServer(open)
  const options = { policyOptions: { poll: { interval: '24h' } } }
  const { gateway, health, close } = await start(server, options)
  assert.equal(await gateway.guard.reload(), { ok: true, message: 'unchanged' })
  server.offer(narrow)
  const { ok, message } = await gateway.guard.reload()
  assert.equal([ok, message], [true, `revision ${(await health()).revision} is active`])
  server.offer(broken)
  assert.not.ok((await gateway.guard.reload()).ok)
  await server.down()
  const failed = await gateway.guard.reload()
  assert.match(failed.message, /refuses connections; see whether it is up/)
  assert.match((await health()).server.problem ?? '', 'refuses connections')
  await close()
})

test('long polling: a new bundle is in force at once, and stopping does not wait for it', async () => {
  const server = await startBundleServer(open)
  server.type = bundleType
  const options = { policyOptions: { poll: { interval: '24h', longPoll: '5m' } } }
  const { allows, close } = await start(server, options)
  await until('a question that waits', async () => server.counts.waiting === 1)
  server.offer(narrow)
  const startedMs = performance.now()
  await until('the new policy', async () => (await allows()) === false)
  assert.ok(performance.now() - startedMs < 10_000)
  await until('the next question', async () => server.counts.waiting === 2)
  const stoppedMs = performance.now()
  await close()
  assert.ok(performance.now() - stoppedMs < 2_000)
  await server.down()
})

test('never answered and nothing on disk: it listens, is not ready and denies; then it is there', async () => {
  const server = await startBundleServer(open)
  await server.down()
  const { gateway, health, allows, close } = await start(server)
  assert.is((await gateway.admin('/ready')).status, 503)
  assert.is((await gateway.admin('/health')).status, 200)
  assert.is(await allows(), null)
  const refused = await gateway.send({ body: call('open-tool') })
  assert.match(refused.body, 'no policy is active')
  const { revision, server: asked } = await health()
  assert.is(revision, null)
  assert.match(asked.problem ?? '', 'refuses connections')
  assert.ok(gateway.logged.some((line) => line.includes('no policy is active, and every message')))
  await server.up()
  await until('a policy', async () => (await allows()) === true)
  await until('ready', async () => (await gateway.admin('/ready')).status === 200)
  await close()
  await server.down()
})

test('a server that takes a question and says nothing does not hold up the start for ever', async () => {
  const server = await startBundleServer(open)
  server.instead = silent
  const startedMs = performance.now()
  const { health, close } = await start(server)
  assert.ok(performance.now() - startedMs < 9_000)
  assert.is((await health()).revision, null)
  await close()
  await server.down()
})

test('without its server a restart has the last good one, says so, and follows the server later', async () => {
  const server = await startBundleServer(open)
  const first = await start(server)
  server.offer(narrow)
  assert.ok((await first.gateway.guard.reload()).ok)
  server.offer(broken)
  await first.gateway.guard.reload()
  const { revision } = await first.health()
  await first.gateway.guard.close()
  await server.down()

  const state = join(first.gateway.folder, 'state')
  const second = await start(server, { policyOptions: { state } })
  assert.is(await second.allows(), false)
  const stale = await second.health()
  assert.equal([stale.revision, stale.stale], [revision, true])
  assert.is((await second.gateway.admin('/ready')).status, 200)
  assert.ok(second.gateway.logged.some((line) => /^warn .*the last good one from disk/.test(line)))
  server.offer(open)
  await server.up()
  await until('the newest', async () => (await second.allows()) === true)
  assert.is((await second.health()).stale, false)
  await second.gateway.guard.close()
  await server.down()

  const revisions = join(state, readdirSync(state)[0] ?? '', 'revisions')
  for (const name of readdirSync(revisions)) appendFileSync(join(revisions, name), 'damaged')
  const third = await start(server, { policyOptions: { state } })
  assert.is(await third.allows(), null)
  assert.match(
    third.gateway.logged.join('\n'),
    'is not kept on disk any more, or its file is damaged',
  )
  await third.close()
  await second.close()
  rmSync(state, { recursive: true, force: true })
  await first.close()
})

test('what the server gives at the last moment of a start is not undone by what is on disk', async () => {
  const server = await startBundleServer(open)
  const first = await start(server)
  const { revision } = await first.health()
  await first.gateway.guard.close()
  // Compiled nowhere before, so that the start gives up waiting while it is being compiled.
  const rule = `_denied if input.resource.id == "${Date.now()}"`
  const late = bundleOf({ 'main.rego': `${text}\n${rule}\n` })
  server.offer(late, '"late"')
  server.instead = (_, response) => {
    server.instead = null
    const headers = { 'content-type': server.type, etag: '"late"' }
    setTimeout(() => response.writeHead(200, headers).end(late), 4_900)
  }
  const state = join(first.gateway.folder, 'state')
  const second = await start(server, { policyOptions: { state } })
  const now = await second.health()
  assert.is.not(now.revision, null)
  assert.is.not(now.revision, revision)
  assert.is(now.stale, false)
  const activated = second.gateway.logged.filter((line) => line.includes('"activated"'))
  assert.is(activated.length, 1, activated.join('\n'))
  await second.close()
  await first.close()
  await server.down()
})

test('SIGHUP says that a rollback holds against what the server still has', async () => {
  const server = await startBundleServer(open)
  const options = { policyOptions: { poll: { interval: '24h' } } }
  const { gateway, health, close } = await start(server, options)
  const { revision } = await health()
  server.offer(narrow)
  await gateway.guard.reload()
  const state = join(gateway.folder, 'state')
  assert.ok((await orderRollback(join(state, readdirSync(state)[0] ?? ''), undefined)).ok)
  const message = `rolled back: ${revision} stays active`
  assert.equal(await gateway.guard.reload(), { ok: true, message })
  assert.is((await health()).revision, revision)
  await close()
  await server.down()
})

test('validate asks no server', async () => {
  const server = await startBundleServer(open)
  const { gateway, close } = await start(server)
  const asked = server.asked.length
  const { createGuard } = await import('../../src/guard.js')
  const { loadConfig } = await import('../../src/config/load.js')
  const loaded = loadConfig({ file: join(gateway.folder, 'guard.yaml') })
  assert.ok(loaded.ok)
  const trial = await createGuard(loaded.config, { observer: {}, cacheDir: null, trial: true })
  await trial.close()
  assert.is(server.asked.length, asked)
  await close()
  await server.down()
})

test.run()
