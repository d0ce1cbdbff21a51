/**
 * What `npm publish` would ship: everything the product opens at run time, nothing that only the
 * repository needs; and a lock file that names no registry, so that an install uses the reader's
 * own. Nothing is built or downloaded here: the list is npm's own dry run over the compiled tree.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'

interface Manifest {
  readonly bin: { readonly [name: string]: string }
  readonly exports: { readonly [path: string]: { readonly [condition: string]: string } }
  readonly scripts: { readonly [name: string]: string }
}

function readJson(...path: string[]): unknown {
  return JSON.parse(readFileSync(packageFile(...path), 'utf8'))
}

function filesBelow(folder: string): string[] {
  return readdirSync(packageFile(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(packageFile('.'), join(entry.parentPath, entry.name)))
    .map((path) => path.replaceAll('\\', '/'))
}

const manifest = readJson('package.json') as Manifest
const targets = [
  ...Object.values(manifest.bin),
  ...Object.values(manifest.exports).flatMap((target) => Object.values(target)),
].map((path) => posix.normalize(path))

const output = execFileSync(
  'npm',
  ['pack', '--dry-run', '--json', '--offline', '--ignore-scripts', '--loglevel=error'],
  {
    cwd: packageFile('.'),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    shell: process.platform === 'win32',
  },
)
const [packed] = JSON.parse(output) as [{ files: { path: string; mode: number }[] }]
const packedPaths = new Set(packed.files.map((file) => file.path))

const needed = [
  ...targets,
  ...['rego.wasm', 'rego.json', 'capabilities.json', 'NOTICE'].map((n) => `compiler/${n}`),
  ...filesBelow('compiler/licences'),
  ...filesBelow('docs'),
  ...filesBelow('policies'),
  ...filesBelow('templates'),
  ...filesBelow('schemas'),
  ...filesBelow('src')
    .filter((path) => !path.endsWith('.d.ts'))
    .map((path) => `dist/${path.replace(/\.ts$/, '.js')}`),
  'LICENSE',
  'README.md',
  'package.json',
]

test('every file that the product needs is packed', () => {
  assert.ok(targets.length >= 3)
  assert.equal(
    needed.filter((path) => !packedPaths.has(path)),
    [],
  )
})

test('what the notices of the compiler name is packed', () => {
  const [first = ''] = readFileSync(packageFile('compiler', 'NOTICE'), 'utf8').split('\n')
  const named = first.match(/compiler\/[\w.]+\w/g) ?? []
  assert.equal(named, ['compiler/rego.wasm'])
  assert.ok(named.every((path) => packedPaths.has(path)))
})

test('nothing else is packed', () => {
  const known = new Set(needed)
  assert.equal(
    [...packedPaths].filter(
      (path) => !known.has(path) && !/^dist\/src\/.+\.(?:js|d\.ts)$/.test(path),
    ),
    [],
  )
})

test('a package is never packed unbuilt', () => {
  assert.is(manifest.scripts['prepack'], 'npm run build')
})

test('the lock file names no registry and no folder of a machine', () => {
  const { packages } = readJson('package-lock.json') as { packages: { [path: string]: JsonObject } }
  const entries = Object.entries(packages)
  assert.ok(entries.length > 100)
  for (const [path, entry] of entries) {
    assert.not('resolved' in entry, path)
    assert.not.match(path, /^(?:[\\/]|[a-z]:|.*\.\.)/i)
  }
  const text = readFileSync(packageFile('package-lock.json'), 'utf8')
  assert.not.match(text, /"(?:file:|\/|[A-Za-z]:[\\/])/)
})

test.run()
