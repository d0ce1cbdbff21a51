/**
 * A gateway whose policy is a signed bundle at a URL, where somebody without the key stands between:
 * bundles that say the same in other bytes, old ones without a serial, and long texts.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Files, keyPair, packed, signatures, tokenOf } from '../rego/signed.js'
import { startBundleServer } from '../support/bundle-server.js'
import { rolePolicy, startGateway } from '../support/gateway.js'
import { startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const owner = keyPair()

test.after(() => upstream.close())

function policy(name: string, manifest: string): Files {
  const rule = `_denied if input.resource.id == "${name}"`
  return { 'main.rego': `${rolePolicy['main.rego'] ?? ''}\n${rule}\n`, '.manifest': manifest }
}

const numbered = (serial: number) => `{"metadata": {"mcpguard": {"serial": ${serial}}}}`
const signatureOf = (files: Files) => signatures(tokenOf(files, owner.privateKey))
const sealed = (files: Files) => packed(files, signatureOf(files))

async function start(first: Buffer) {
  const server = await startBundleServer(first)
  const gateway = await startGateway({
    upstreams: { up: upstream.url },
    policyOptions: {
      path: server.url,
      verify: { key: owner.publicKey },
      poll: { interval: '24h' },
    },
  })
  const offer = (bundle: Buffer) => {
    server.offer(bundle)
    return gateway.guard.reload()
  }
  const close = async () => {
    await gateway.close()
    await server.down()
  }
  return { gateway, offer, close }
}

test('other white space takes no serial away from the bundle that was published', async () => {
  const two = policy('two', numbered(2))
  const spaced = packed({ ...two, '.manifest': `${numbered(2)} ` }, signatureOf(two))
  const { offer, close } = await start(sealed(policy('one', numbered(1))))
  assert.ok((await offer(spaced)).ok)
  const published = await offer(sealed(two))
  assert.ok(published.ok, published.message)
  const reused = await offer(sealed(policy('another', numbered(2))))
  assert.match(reused.message, 'the bundle has the serial 2, and so had another one')
  await close()
})

test('each bundle without a serial is warned of: an older one would do as well', async () => {
  const { gateway, offer, close } = await start(sealed(policy('one', '{}')))
  const warned = () => gateway.logged.filter((line) => /has no serial: an older one/.test(line))
  assert.is(warned().length, 1)
  assert.ok((await offer(sealed(policy('two', '{}')))).ok)
  assert.is(warned().length, 2)
  assert.match(warned()[1] ?? '', '--serial NUMBER')
  assert.ok((await offer(sealed(policy('three', numbered(1))))).ok)
  assert.is(warned().length, 2)
  await close()
})

test('what is said of a bundle has an end, however long it is', async () => {
  const files = policy('one', numbered(1))
  const long = 'k'.repeat(1_000_000)
  const header = { kid: `\u001b[31m${long}`, alg: long }
  const { gateway, offer, close } = await start(sealed(files))
  const algorithm = packed(files, signatures(tokenOf(files, owner.privateKey, { header })))
  const first = await offer(algorithm)
  assert.ok(!first.ok && first.message.length < 2_500, `${first.message.length}`)
  const many: Record<string, string> = {}
  for (let at = 0; at < 2_000; at += 1) many[`${at}/${'d'.repeat(60)}/data.json`] = '{'
  const second = await offer(sealed({ ...files, ...many }))
  assert.ok(!second.ok && second.message.length < 20_000, `${second.message.length}`)
  assert.ok((await gateway.admin('/health')).body.length < 25_000)
  await close()
})

test.run()
