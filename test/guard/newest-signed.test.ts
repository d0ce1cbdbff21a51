/**
 * A signed bundle that is older than one that was active is not taken again, whoever offers it: the
 * source, the source after a restart, what is kept on disk; only an operator goes back to it, and
 * that does not let the source follow. And what becomes of it when what is written of that is lost.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { orderRelease, orderRollback } from '../../src/guard/policy/order-rollback.js'
import { keyPair, packed, signatures, tokenOf } from '../rego/signed.js'
import { startBundleServer } from '../support/bundle-server.js'
import { type Gateway, rolePolicy, startGateway } from '../support/gateway.js'
import { startUpstream } from '../support/upstream.js'

const owner = keyPair()
const upstream = await startUpstream()

test.after(() => upstream.close())

/** Each denies one more name, and is the next of the order. `space`: after what was signed as JSON. */
function bundle(serial: number, space = ''): Buffer {
  const files = {
    'main.rego': `${rolePolicy['main.rego']}\n_denied if input.resource.id == "tool-${serial}"\n`,
    '.manifest': JSON.stringify({
      revision: String(serial),
      metadata: { mcpguard: { serial } },
    }),
  }
  const signed = signatures(tokenOf(files, owner.privateKey))
  return packed({ ...files, '.manifest': files['.manifest'] + space }, signed)
}

const [one, two] = [bundle(1), bundle(2)]

async function health(gateway: Gateway) {
  return JSON.parse((await gateway.admin('/health')).body).policy
}

test('once a bundle was active, no older one is, but by a rollback', async () => {
  const server = await startBundleServer(one)
  const start = (state?: string) =>
    startGateway({
      upstreams: { up: upstream.url },
      policyOptions: {
        path: server.url,
        verify: { key: owner.publicKey },
        poll: { interval: '24h' },
        ...(state !== undefined && { state }),
      },
    })
  const refused = async (gateway: Gateway, problem: RegExp) => {
    server.offer(one)
    const { ok, message } = await gateway.guard.reload()
    assert.not.ok(ok, message)
    assert.match(message, problem)
  }
  const older = /older than one that was active before: serial 1 is below 2/

  const first = await start()
  const folder = join(first.folder, 'state')
  const { revision: revisionOne } = await health(first)
  server.offer(two)
  assert.ok((await first.guard.reload()).ok)
  const { revision: revisionTwo } = await health(first)
  await refused(first, older)
  assert.is((await health(first)).revision, revisionTwo)
  const state = join(folder, readdirSync(folder)[0] ?? '')
  await first.guard.close()

  const second = await start(folder)
  assert.match((await health(second)).problem, older)
  await refused(second, older)

  server.offer(two)
  assert.ok((await second.guard.reload()).ok)
  assert.ok((await orderRollback(state, revisionOne)).ok)
  assert.is((await health(second)).revision, revisionOne)
  server.offer(bundle(2, ' '))
  assert.match((await second.guard.reload()).message, 'rolled back')
  assert.is((await health(second)).revision, revisionOne, 'other bytes are what was signed')
  await refused(second, older)
  await orderRelease(state)
  assert.is((await health(second)).revision, revisionOne)
  await refused(second, older)

  server.offer(two)
  assert.ok((await second.guard.reload()).ok)
  assert.is((await health(second)).revision, revisionTwo)
  const serials = join(state, 'serials')
  rmSync(serials, { recursive: true })
  await refused(second, older)
  writeFileSync(serials, 'no folder')
  server.offer(bundle(3))
  const unread = await second.guard.reload()
  assert.match(unread.message, 'which signed policy was the newest so far cannot be read')
  rmSync(serials)
  server.offer(two)
  assert.ok((await second.guard.reload()).ok)
  assert.equal(readdirSync(serials).length, 1, 'it is written again')
  await second.close()

  rmSync(join(state, 'revisions', `${revisionTwo.slice(7)}.revision`))
  await server.down()
  const third = await start(folder)
  assert.is((await health(third)).revision, null)
  const logged = third.logged.join('\n')
  assert.match(logged, older)
  assert.match(logged, 'error no policy is active, and every message is denied')
  await third.close()

  await server.up()
  server.offer(one)
  rmSync(serials, { recursive: true })
  const fourth = await start(folder)
  assert.is((await health(fourth)).revision, revisionOne, 'the floor is as good as its folder')
  await fourth.close()
  await server.down()
  await first.close()
})

test.run()
