/** The way from a folder to a bundle, through the real child process: bytes, revision, cache. */
import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompiledBundle } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import {
  type CompilePolicyOptions,
  compilePolicy,
  formatProblem,
} from '../../src/rego/compile-policy.js'
import { folderOf } from './folder.js'
import { bundleOf, tarGz } from './tar.js'

const files = {
  '.manifest': '{"metadata": {"mcpguard": {"contract": 1}}, "roots": ["mcpguard", "grants"]}',
  'mcpguard/main/main.rego': `package mcpguard.main

import data.mcpguard.lib

decision := {"allow": lib.granted}
`,
  'mcpguard/lib/lib.rego': `package mcpguard.lib

default granted := false

granted if input.resource.id in data.grants[input.subject.id]
`,
  'grants/data.yaml': 'alice: [read]\n',
}
const tests = {
  'mcpguard/main/main_test.rego': 'package mcpguard.main\n\ndecision := {"allow": "from a test"}\n',
}

async function compiled(path: string, options: CompilePolicyOptions = {}): Promise<CompiledBundle> {
  const result = await compilePolicy(path, { cacheDir: null, ...options })
  if (result.ok) return result.bundle
  throw new Error(result.problems.map(formatProblem).join('\n'))
}

const once = compiled(folderOf(files))

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const dataOf = ({ data }: CompiledBundle) => JSON.parse(new TextDecoder().decode(data))

test('a folder becomes a bundle', async () => {
  const bundle = await once
  assert.ok(WebAssembly.validate(Buffer.from(bundle.wasm)))
  assert.match(bundle.revision, /^sha256:[0-9a-f]{64}$/)
  assert.equal(dataOf(bundle), { grants: { alice: ['read'] } })
  assert.is(bundle.contract, 1)
  assert.is(bundle.hostModule, true)
  assert.equal(bundle.paths, [
    ['resource', 'id'],
    ['subject', 'id'],
  ])
})

test('two builds, in any order of files, and with or without tests, give the same bytes', async () => {
  const first = await once
  const again = await compiled(folderOf(Object.fromEntries(Object.entries(files).reverse())))
  const tested = await compiled(folderOf({ ...tests, ...files, 'README.md': '# about' }))
  for (const other of [again, tested]) {
    assert.is(digest(other.wasm), digest(first.wasm))
    assert.is(other.revision, first.revision)
    assert.equal(other.data, first.data)
  }
})

test('a packed bundle has the revision and the bytes of its folder', async () => {
  const folder = await once
  const packed = join(folderOf({ 'b.tar.gz': bundleOf({ ...tests, ...files }) }), 'b.tar.gz')
  const bundle = await compiled(packed)
  assert.is(bundle.revision, folder.revision)
  assert.is(digest(bundle.wasm), digest(folder.wasm))
})

test('a bundle that came compiled is passed through: no paths, no module of ours', async () => {
  const { wasm } = await once
  const manifest = { wasm: [{ entrypoint: 'mcpguard/main/decision', module: '/policy.wasm' }] }
  const good = tarGz([
    { name: '/policy.wasm', content: wasm },
    { name: '/.manifest', content: JSON.stringify(manifest) },
    { name: '/data.json', content: '{"grants": {}}' },
  ])
  const bundle = await compiled(join(folderOf({ 'b.tar.gz': good }), 'b.tar.gz'))
  assert.is(digest(bundle.wasm), digest(wasm))
  assert.equal([bundle.paths, bundle.hostModule, bundle.contract], [null, false, 1])
  assert.equal(dataOf(bundle), { grants: {} })
})

test('one file is enough', async () => {
  const text = 'package mcpguard.main\n\ndecision := {"allow": input == {}}\n'
  const bundle = await compiled(join(folderOf({ 'my.rego': text }), 'my.rego'))
  assert.equal([bundle.contract, bundle.paths, dataOf(bundle)], [1, null, {}])
})

test('a second start takes the cache; a damaged entry is compiled again', async () => {
  const cacheDir = folderOf({})
  const folder = folderOf(files)
  const first = await compilePolicy(folder, { cacheDir })
  const second = await compilePolicy(folder, { cacheDir })
  assert.ok(first.ok && second.ok)
  if (!first.ok || !second.ok) return
  assert.equal([first.cached, second.cached], [false, true])
  assert.equal(second.bundle, first.bundle)

  const [name] = readdirSync(cacheDir)
  writeFileSync(join(cacheDir, name ?? ''), '{"wasm":""}')
  const third = await compilePolicy(folder, { cacheDir })
  assert.equal([third.ok, third.ok && third.cached], [true, false])
  const strict = await compilePolicy(folder, { cacheDir, strict: true })
  assert.equal([strict.ok, strict.ok && strict.cached], [true, false], 'other options, other entry')
  assert.is(readdirSync(cacheDir).length, 2)
})

test('another compiler does not take the cache of this one', async () => {
  const cacheDir = folderOf({})
  const folder = folderOf(files)
  const installed = folderOf({})
  for (const part of ['package.json', 'dist/src', 'compiler', 'schemas']) {
    cpSync(packageFile(part), join(installed, part), { recursive: true })
  }
  const module = pathToFileURL(join(installed, 'dist/src/rego/compile-policy.js')).href
  const other: { compilePolicy: typeof compilePolicy } = await import(module)
  assert.equal((await other.compilePolicy(folder, { cacheDir })).ok, true)
  const again = await other.compilePolicy(folder, { cacheDir })
  assert.ok(again.ok && again.cached)

  const about = join(installed, 'compiler/rego.json')
  const info = JSON.parse(readFileSync(about, 'utf8'))
  writeFileSync(about, JSON.stringify({ ...info, sha256: '0'.repeat(64) }))
  // There is no second compiler to ask: that this one is asked at all shows as its refusal.
  const thrown = await other.compilePolicy(folder, { cacheDir }).catch((error: Error) => error)
  assert.instance(thrown, Error)
  assert.match(String(thrown), 'does not have the digest that rego.json names')
})

test('a policy with problems is a value with its place, and nothing is cached', async () => {
  const cacheDir = folderOf({})
  const broken = { ...files, 'mcpguard/lib/lib.rego': 'package mcpguard.lib\n\ngranted if {\n' }
  const result = await compilePolicy(folderOf(broken), { cacheDir })
  assert.equal(result.ok ? [] : result.problems.map(formatProblem), [
    'mcpguard/lib/lib.rego:4:1: unexpected eof token',
  ])
  assert.equal(readdirSync(cacheDir), [])
})

test.run()
