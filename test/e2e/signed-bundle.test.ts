/**
 * A gateway whose policy must be signed, with the shipped policy as a built bundle in front of a real
 * server: it shows and answers what a gateway with the sources does, and nothing that is put in the
 * bundle's place takes over unless its owner signed it as the next one.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packageFile } from '../../src/lib/package-root.js'
import { cli, folder, type Started, startCli, startNode } from '../cli/support.js'
import { type Files, keyPair, packed, signatures, tokenOf, unpacked } from '../rego/signed.js'

const policies = packageFile('policies')
const built = await cli(['build', policies, '--out', 'built.tar.gz', '--serial', '7'])
assert.is(built.code, 0, built.stderr)
const sevenFiles = unpacked(readFileSync(join(folder, 'built.tar.gz')))
const owner = keyPair()
writeFileSync(join(folder, 'bundle.pub'), owner.publicKey)
writeFileSync(join(folder, 'guard.rego'), 'package mcpguard.main\n\ndecision := {"allow": true}\n')

/** The same module under another place in the order. */
function numbered(serial: number, revision = 'r'): Files {
  const manifest = JSON.parse(String(sevenFiles['.manifest'])) as {
    metadata: { mcpguard: object }
  }
  const mcpguard = { ...manifest.metadata.mcpguard, serial }
  const text = JSON.stringify({ ...manifest, revision, metadata: { mcpguard } })
  return { ...sevenFiles, '.manifest': text }
}

function signed(files: Files, key = owner.privateKey, scope = 'test'): Buffer {
  return packed(files, signatures(tokenOf(files, key, { payload: { scope } })))
}

const nine = numbered(9)
const signature = signatures(tokenOf(nine, owner.privateKey, { payload: { scope: 'test' } }))
const bundles: Readonly<Record<string, Buffer>> = {
  seven: signed(sevenFiles),
  stripped: packed(nine, undefined),
  emptied: packed(nine, signatures()),
  foreign: signed(nine, keyPair().privateKey),
  scope: signed(nine, owner.privateKey, 'other'),
  swapped: packed({ ...nine, 'policy.wasm': Buffer.from('\0asm') }, signature),
  extra: packed({ ...nine, 'x/data.json': '{}' }, signature),
  six: signed(numbered(6)),
  eight: signed(numbered(8)),
  'eight again': signed(numbered(8, 'another')),
}

const demo = startNode([packageFile('scripts', 'demo-server.mjs')])
const [upstream] = await demo.until(/http:\/\/\S+/)
const entries: string[] = []
for (const role of ['reader', 'admin']) {
  const { stdout } = await cli(['keygen', '--id', role, '--role', role, '--out', `${role}.key`])
  entries.push(stdout.slice(stdout.indexOf('  - id')))
}

function start(name: string, policy: string): Started {
  writeFileSync(
    join(folder, name),
    `listen: { port: 0 }
admin: { port: 0 }
policy: ${policy}
upstreams: { everything: { url: "${upstream}" } }
audit: { file: ./${name}.audit }
identity:
  apiKeys:
${entries.join('')}`,
  )
  return startCli(['run', '--config', name], '', { XDG_STATE_HOME: join(folder, 'state') })
}

const verify = `verify: { key: "\${file:./bundle.pub}", scope: test }`
const place = (bundle: string) => {
  writeFileSync(join(folder, 'next'), bundles[bundle] ?? '')
  renameSync(join(folder, 'next'), join(folder, 'bundle.tar.gz'))
}

/** What the log says from here on, once it says that. */
async function logged(started: Started, from: number, pattern: RegExp): Promise<string> {
  for (let left = 400; left > 0; left -= 1) {
    const log = started.stderr().slice(from)
    if (pattern.test(log)) return log
    await delay(50)
  }
  throw new Error(`the log does not say ${pattern}: ${started.stderr().slice(from)}`)
}

place('seven')
const fromSources = start('sources.yaml', `{ path: ${JSON.stringify(policies)} }`)
const fromBundle = start('bundle.yaml', `{ path: ./bundle.tar.gz, ${verify} }`)
const urlOf = async (started: Started) => (await started.until(/"endpoint":"([^"]+)"/))[1] ?? ''
const [sourcesUrl, bundleUrl] = await Promise.all([urlOf(fromSources), urlOf(fromBundle)])
const as = (url: string, role: string, ...args: string[]) =>
  cli(['call', ...args, '--url', url, '--key-file', `${role}.key`])

test('lists and calls are those of a gateway with the sources', async () => {
  for (const role of ['reader', 'admin']) {
    const [one, other] = await Promise.all(
      [sourcesUrl, bundleUrl].map((url) => as(url, role, 'list')),
    )
    assert.equal(one, other)
    assert.match(one?.stdout ?? '', 'echo')
  }
  const denied = await as(bundleUrl, 'reader', 'get-env')
  assert.match(denied.stdout, 'Denied by policy')
  assert.is((await as(bundleUrl, 'reader', 'echo', 'message=hi')).stdout, 'Echo: hi\n')
  assert.not.match(fromBundle.stderr(), 'lists are asked item by item')
})

const refusals: readonly [bundle: string, text: RegExp][] = [
  ['stripped', /\.signatures\.json: the bundle is not signed/],
  ['emptied', /0 signatures, where one is expected/],
  ['foreign', /the signature is not by the owner of the key/],
  ['scope', /signed for the scope \\"other\\", and \\"test\\" is asked for/],
  ['swapped', /policy\.wasm: not the file that was signed/],
  ['extra', /x\/data\.json: a file that was not signed/],
  ['six', /serial 6 is below 7/],
]

for (const [bundle, text] of refusals) {
  test(`refused, and the active one stays: ${bundle}`, async () => {
    const before = fromBundle.stderr().length
    place(bundle)
    assert.match(await logged(fromBundle, before, text), 'policy refused')
    assert.is((await as(bundleUrl, 'reader', 'echo', 'message=hi')).stdout, 'Echo: hi\n')
  })
}

test('the next one takes over, and then neither the one before nor another in its place', async () => {
  const steps: [bundle: string, text: RegExp][] = [
    ['eight', /policy activated/],
    ['seven', /serial 7 is below 8/],
    ['eight again', /the bundle has the serial 8, and so had another one/],
  ]
  for (const [bundle, text] of steps) {
    const before = fromBundle.stderr().length
    place(bundle)
    await logged(fromBundle, before, text)
  }
})

test('a restart knows what was active before', async () => {
  fromBundle.child.kill('SIGTERM')
  await fromBundle.ended
  place('seven')
  const again = start('bundle.yaml', `{ path: ./bundle.tar.gz, ${verify} }`)
  const { code, stderr } = await again.ended
  assert.is(code, 1)
  assert.match(stderr, 'serial 7 is below 8')
})

test('nothing listens with sources where a signature is asked for', async () => {
  const { code, stderr } = await start('folder.yaml', `{ path: ./guard.rego, ${verify} }`).ended
  assert.is(code, 1)
  assert.match(stderr, 'sources cannot have a signature, and one is asked for')
})

test.after(async () => {
  for (const started of [fromSources, demo]) started.child.kill('SIGKILL')
  await Promise.all([fromSources.ended, demo.ended])
})

test.run()
