/**
 * A built bundle is the policy that the gateway would compile from the sources, with the same module,
 * data and projection, in bytes that depend on nothing else.
 */
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json } from '../../src/domain.js'
import { openDecider } from '../../src/policy/workbench.js'
import { readArtefactInfo } from '../../src/rego/artefact.js'
import { buildBundle } from '../../src/rego/build-bundle.js'
import { compileSource } from '../../src/rego/compile-policy.js'
import { hostModule } from '../../src/rego/host-module.js'
import { readSources } from '../../src/rego/sources.js'
import { folderOf } from './folder.js'
import { built, bytesOf, files, loaded, manifestOf, pack } from './packing.js'
import { call, compileSource as compile, must } from './reactor-fixture.js'
import { keyPair, unpacked } from './signed.js'
import { bundleOf, tarGz } from './tar.js'

// ── What is in it ───────────────────────────────────────────────────────────────────────────────

test('a bundle loads as what its sources compile to: module, data, paths, list module, contract', () => {
  const { revision: ofSources, ...fromSources } = must(compile({ files }))
  const { revision, ...fromBundle } = loaded(built)
  assert.equal(fromBundle, fromSources)
  assert.is.not(revision, ofSources)
  assert.equal(fromBundle['warnings'], [])
})

test('the files are the module, the data, the manifest and the annotations, and no test', () => {
  const found = unpacked(built)
  assert.equal(Object.keys(found), ['.manifest', 'annotations.json', 'data.json', 'policy.wasm'])
  assert.is(String(found['data.json']), '{"grants":{"alice":["read","<&>"],"limit":1.5}}\n')
  const { packages, annotations } = JSON.parse(String(found['annotations.json'])) as {
    packages: Json
    annotations: { path: string; row: number; annotations: { title: string } }[]
  }
  assert.equal(packages, [{ package: 'mcpguard.main', files: ['mcpguard/main/main.rego'] }])
  assert.equal(
    annotations.map(({ path, row, annotations: { title } }) => [path, row, title]),
    [
      ['data.mcpguard.main', 3, 'The decision'],
      ['data.mcpguard.main.decision', 9, 'By grants'],
    ],
  )
})

test('the manifest has what OPA reads, and what the gateway has to know of the module', () => {
  const manifest = manifestOf(built)
  const module = unpacked(built)['policy.wasm'] ?? Buffer.alloc(0)
  const digest = (text: string | Buffer) =>
    `sha256:${createHash('sha256').update(text).digest('hex')}`
  assert.is(manifest.revision, must(compile({ files }))['revision'])
  assert.equal(manifest.roots, ['mcpguard', 'grants'])
  assert.is(manifest.rego_version, 1)
  assert.equal(
    manifest.wasm.map(({ entrypoint, module: at }) => [entrypoint, at]),
    [
      ['mcpguard/main/decision', '/policy.wasm'],
      ['mcpguard/host/decisions', '/policy.wasm'],
    ],
  )
  assert.match(JSON.stringify(manifest.wasm[0]), '"code":"granted"')
  assert.equal(manifest.metadata, {
    team: 'a',
    mcpguard: {
      contract: 1,
      paths: [
        ['resource', 'id'],
        ['subject', 'id'],
      ],
      module: digest(module),
      hostModule: digest(hostModule),
      compiler: 'sha256:0',
    },
  })
})

test('roots that leave out the gateway are widened by it', () => {
  const narrow = { ...files, '.manifest': '{"roots": ["mcpguard/main", "grants"]}' }
  assert.equal(manifestOf(bytesOf(pack(narrow))).roots, [
    'mcpguard/main',
    'grants',
    'mcpguard/host',
  ])
  const none = { ...files, '.manifest': '{}' }
  assert.equal(manifestOf(bytesOf(pack(none))).roots, [''])
})

test('a policy that reads the input as a whole says so by null', () => {
  const whole = 'package mcpguard.main\n\ndecision := {"allow": count(input) > 9}\n'
  const bundle = bytesOf(pack({ 'main.rego': whole }))
  assert.is(manifestOf(bundle).metadata.mcpguard['paths'], null)
  assert.is(loaded(bundle)['paths'], null)
  const nothing = 'package mcpguard.main\n\ndecision := {"allow": false}\n'
  assert.equal(loaded(bytesOf(pack({ 'main.rego': nothing })))['paths'], [])
})

test('a path that is too deep to be read back is not written: everything is sent', () => {
  for (const [depth, written] of [
    [64, true],
    [65, false],
  ] as const) {
    const path = ['resource', 'arguments', ...Array.from({ length: depth - 2 }, () => 'a')]
    const deep = `package mcpguard.main\n\ndecision := {"allow": input.${path.join('.')} == 1}\n`
    const bundle = bytesOf(pack({ 'main.rego': deep }))
    const paths = written ? [path] : null
    assert.equal(manifestOf(bundle).metadata.mcpguard['paths'], paths)
    const result = loaded(bundle)
    assert.equal([result['paths'], result['hostModule'], result['warnings']], [paths, true, []])
  }
})

test('sources travel along when asked for, as they are and without tests; the module decides', () => {
  const bundle = bytesOf(pack(files, { withSources: true }))
  const found = unpacked(bundle)
  assert.is(String(found['mcpguard/main/main.rego']), files['mcpguard/main/main.rego'])
  assert.is(found['mcpguard/main/main_test.rego'], undefined)
  const other = Object.entries(found).map(([name, content]) => ({
    name: `/${name}`,
    content: name.endsWith('.rego')
      ? 'package mcpguard.main\n\ndecision := {"allow": true}\n'
      : content,
  }))
  assert.equal(loaded(tarGz(other))['wasm'], loaded(bundle)['wasm'])
  assert.is(loaded(tarGz(other))['hostModule'], true)
})

test('revision and serial are as they are given', () => {
  const manifest = manifestOf(bytesOf(pack(files, { revision: 'v1 <2>', serial: 7 })))
  assert.is(manifest.revision, 'v1 <2>')
  assert.is(manifest.metadata.mcpguard['serial'], 7)
  assert.is(loaded(bytesOf(pack(files, { serial: 0 })))['serial'], 0)
  assert.is(loaded(built)['serial'], null)
})

// ── The same bytes ──────────────────────────────────────────────────────────────────────────────

test('the bytes depend on the policy alone: no time, no owner, no order, no tests', () => {
  const turned = Object.fromEntries(Object.entries(files).reverse())
  const untested = { ...files, 'mcpguard/main/main_test.rego': '', 'x/y_test.rego': 'package z' }
  for (const source of [files, turned, untested]) assert.ok(built.equals(bytesOf(pack(source))))
  assert.is(built.readUInt32LE(4), 0) // the time in the header of gzip
  const tar = gunzipSync(built)
  const header = (at: number) => tar.toString('latin1', 100 + at, 157 + at)
  assert.is(
    header(0),
    `0000644\0${'0000000\0'.repeat(2)}${tar.toString('latin1', 124, 136)}00000000000\0${tar.toString('latin1', 148, 156)}0`,
  )
  assert.is.not(built.equals(bytesOf(pack({ ...files, 'grants/data.yaml': 'alice: []\n' }))), true)
})

test('a signed build can be repeated too, where the algorithm allows', () => {
  for (const [kind, algorithm] of [
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['P-521', 'ES512'],
    ['rsa', 'RS256'],
  ] as const) {
    const { privateKey: key } = keyPair(kind)
    const sign = { key, algorithm, keyId: 'k1', scope: 'prod' }
    assert.ok(bytesOf(pack(files, { sign })).equals(bytesOf(pack(files, { sign }))), algorithm)
  }
})

test('refused: what does not compile, and what is compiled already', () => {
  const broken = pack({ ...files, 'mcpguard/main/main.rego': 'package mcpguard.main\n\nx := y\n' })
  assert.is(broken.problems?.[0]?.['code'], 'rego_unsafe_var_error')
  const again = pack({}, { source: { bundle: built.toString('base64') } })
  assert.is(again.problems?.[0]?.['code'], 'already_compiled')
})

// ── The gateway's own way ───────────────────────────────────────────────────────────────────────

test('from sources or from the bundle: the same decisions, seen whole or projected', async () => {
  const read = await readSources(folderOf(files))
  assert.ok(read.ok)
  if (!read.ok) return
  const made = await buildBundle(read.source, { serial: 3 })
  const sources = await compileSource(read.source, { cacheDir: null })
  assert.ok(made.ok && sources.ok)
  if (!made.ok || !sources.ok) return
  assert.is(made.serial, 3)
  assert.is(made.revision, sources.bundle.revision)
  assert.is(
    manifestOf(made.packed).metadata.mcpguard['compiler'],
    `sha256:${readArtefactInfo().sha256}`,
  )
  const [one, other] = [openDecider(made.bundle), openDecider(sources.bundle)]
  for (const [id, allow] of [
    ['read', true],
    ['<&>', true],
    ['write', false],
  ] as const) {
    const facts = {
      subject: { id: 'alice' },
      resource: { id, server: 's' },
      action: {},
      context: {},
    }
    assert.equal(one.decide(facts), other.decide(facts))
    assert.equal(one.decideWhole(facts), other.decideWhole(facts))
    assert.is(one.decide(facts).decision.allow, allow)
  }
})

test('what we sign, OPA verifies; scope and key id are in what is signed', async () => {
  for (const [kind, algorithm] of [
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['P-521', 'ES512'],
    ['rsa', 'RS512'],
    ['rsa', 'PS256'],
  ] as const) {
    const { privateKey, publicKey } = keyPair(kind)
    const sign = { key: privateKey, algorithm, keyId: 'k1', scope: 'prod' }
    const bundle = bytesOf(pack(files, { sign, serial: 1 })).toString('base64')
    const asked = { key: publicKey, algorithm, keyId: 'k1', scope: 'prod' }
    assert.ok(call('verify', { bundle, verify: asked }).ok, algorithm)
    const other = call('verify', { bundle, verify: { ...asked, scope: '' } })
    assert.is(other.problems?.[0]?.['code'], 'signature_scope')
    const token =
      (
        JSON.parse(String(unpacked(Buffer.from(bundle, 'base64'))['.signatures.json'])) as {
          signatures: string[]
        }
      ).signatures[0] ?? ''
    const [header = '', payload = ''] = token
      .split('.')
      .map((text) => Buffer.from(text, 'base64url').toString())
    assert.equal(JSON.parse(header), { alg: algorithm, kid: 'k1', typ: 'JWT' })
    const { files: signed, scope } = JSON.parse(payload) as {
      files: { name: string; algorithm: string }[]
      scope: string
    }
    assert.is(scope, 'prod')
    assert.equal(
      signed.map(({ name }) => name),
      ['.manifest', 'annotations.json', 'data.json', 'policy.wasm'],
    )
  }
})

test('the bytes behind the end of the archive are not read', () => {
  const more = gzipSync(
    Buffer.concat([gunzipSync(built), gunzipSync(bundleOf({ 'x.rego': 'broken' }))]),
  )
  assert.equal(loaded(more), loaded(built))
})

test.run()
