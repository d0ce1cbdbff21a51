/**
 * What the manifest of a compiled bundle says of its module is believed for that very module and this
 * very gateway only. Anything else is a bundle of others: shown all facts, asked item by item.
 */
import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, JsonObject } from '../../src/domain.js'
import { openDecider } from '../../src/policy/workbench.js'
import { capabilities } from '../../src/rego/compile-policy.js'
import { entryPoint } from '../../src/rego/host-module.js'
import { built, bytesOf, files, loaded, manifestOf, pack } from './packing.js'
import { call, compileSource as compile, must } from './reactor-fixture.js'
import { unpacked } from './signed.js'
import { tarGz } from './tar.js'

type Stamp = Record<string, Json>

/** The bundle with another metadata.mcpguard, or another module. */
function restamped(change: (stamp: Stamp) => Stamp, more: Record<string, Uint8Array> = {}): Buffer {
  const manifest = manifestOf(built)
  const metadata = { ...manifest.metadata, mcpguard: change(manifest.metadata.mcpguard) }
  const text = JSON.stringify({ ...manifest, metadata })
  const all = { ...unpacked(built), ...more, '.manifest': Buffer.from(text) }
  return tarGz(Object.entries(all).map(([name, content]) => ({ name: `/${name}`, content })))
}

const without = (name: string) => (stamp: Stamp) =>
  Object.fromEntries(Object.entries(stamp).filter(([member]) => member !== name))
const otherModule =
  unpacked(
    bytesOf(
      pack({
        ...files,
        'mcpguard/main/main.rego':
          'package mcpguard.main\n\ndecision := {"allow": input.action.name == "x"}\n',
      }),
    ),
  )['policy.wasm'] ?? Buffer.alloc(0)

const foreign: readonly [what: string, bundle: () => Buffer, text: string][] = [
  [
    'nothing of the module',
    () => restamped(without('module')),
    'the module was not built by mcp-guard',
  ],
  [
    'another module in its place',
    () => restamped((stamp) => stamp, { 'policy.wasm': otherModule }),
    'the manifest speaks of another module',
  ],
  [
    'a digest that is none',
    () => restamped((stamp) => ({ ...stamp, module: 7 })),
    'the manifest speaks of another module',
  ],
  [
    'paths that are a text',
    () => restamped((stamp) => ({ ...stamp, paths: 'resource' })),
    'paths of the manifest is not a list',
  ],
  [
    'a path that is a text',
    () => restamped((stamp) => ({ ...stamp, paths: ['resource'] })),
    'has something that is not a path',
  ],
  [
    'an empty path',
    () => restamped((stamp) => ({ ...stamp, paths: [[]] })),
    'has something that is not a path',
  ],
  [
    'a number in a path',
    () => restamped((stamp) => ({ ...stamp, paths: [['resource', 1]] })),
    'has something that is not a path',
  ],
  [
    'too many paths',
    () => restamped((stamp) => ({ ...stamp, paths: Array.from({ length: 10_001 }, () => ['a']) })),
    'is not a list of at most 10000 paths',
  ],
]

for (const [what, bundle, text] of foreign) {
  test(`as any bundle of others: ${what}`, () => {
    const result = loaded(bundle())
    assert.is(result['paths'], null)
    assert.is(result['hostModule'], false)
    const [warning] = result['warnings'] as JsonObject[]
    assert.is(warning?.['code'], 'foreign_bundle')
    assert.match(String(warning?.['message']), text)
    assert.match(
      String(warning?.['message']),
      'facts are sent whole and lists are asked item by item',
    )
  })
}

test('a list module of another version is not asked, and the paths still hold', () => {
  const other = restamped((stamp) => ({ ...stamp, hostModule: 'sha256:0' }))
  const manifest = manifestOf(built)
  const noEntry = JSON.stringify({ ...manifest, wasm: manifest.wasm.slice(0, 1) })
  const all = { ...unpacked(built), '.manifest': Buffer.from(noEntry) }
  const unnamed = tarGz(
    Object.entries(all).map(([name, content]) => ({ name: `/${name}`, content })),
  )
  const [decision, list] = manifest.wasm
  const elsewhere = { ...manifest, wasm: [decision, { ...list, module: '/x/policy.wasm' }] }
  const twoModules = tarGz(
    Object.entries({
      ...unpacked(built),
      'x/policy.wasm': otherModule,
      '.manifest': JSON.stringify(elsewhere),
    }).map(([name, content]) => ({ name: `/${name}`, content })),
  )
  for (const bundle of [other, restamped(without('hostModule')), unnamed, twoModules]) {
    const result = loaded(bundle)
    assert.is(result['hostModule'], false)
    assert.equal(result['paths'], loaded(built)['paths'])
    const [warning] = result['warnings'] as JsonObject[]
    assert.match(String(warning?.['message']), 'built for another version of the gateway')
  }
})

test('a manifest that promises an entry point its module does not have is refused', () => {
  const source = { files }
  const request = { source, capabilities: capabilities(), entryPoints: [entryPoint], tests: false }
  const wasm = Buffer.from(
    String(must(call('build', { ...request, revision: '' }))['wasm']),
    'base64',
  )
  const module = `sha256:${createHash('sha256').update(wasm).digest('hex')}`
  const { data, paths, ...result } = loaded(
    restamped((stamp) => ({ ...stamp, module }), { 'policy.wasm': wasm }),
  )
  assert.is(result['hostModule'], true)
  const bundle = {
    wasm,
    data: Buffer.from(JSON.stringify(data)),
    paths: paths as string[][],
    revision: 'r',
    contract: 1,
  }
  const missing = /entry point mcpguard\/host\/decisions is missing/
  assert.throws(() => openDecider({ ...bundle, hostModule: true }), missing)
  openDecider({ ...bundle, hostModule: false })
})

test('what a source says of paths is not what counts', () => {
  const lying =
    '{"metadata": {"mcpguard": {"contract": 1, "paths": [], "module": "sha256:0", "hostModule": "x"}}}'
  assert.equal(
    must(compile({ files: { ...files, '.manifest': lying } }))['paths'],
    loaded(built)['paths'],
  )
  const { mcpguard } = manifestOf(bytesOf(pack({ ...files, '.manifest': lying }))).metadata
  assert.equal(mcpguard['paths'], manifestOf(built).metadata.mcpguard['paths'])
})

test("a bundle of OPA's own build is foreign, and decides", () => {
  const module = unpacked(built)['policy.wasm'] ?? Buffer.alloc(0)
  const manifest = { wasm: [{ entrypoint: entryPoint, module: '/policy.wasm' }] }
  const bundle = tarGz([
    { name: '/policy.wasm', content: module },
    { name: '/.manifest', content: JSON.stringify(manifest) },
    {
      name: '/mcpguard/main/main.rego',
      content: 'package mcpguard.main\n\nimport data.mcpguard.main.decision\n',
    },
  ])
  const result = loaded(bundle)
  assert.is(result['hostModule'], false)
  assert.match(JSON.stringify(result['warnings']), 'was not built by mcp-guard')
})

test.run()
