/**
 * Unpacks the Rego compiler, compiles src, test and bench to dist with one tsc run, and keeps dist a
 * mirror of the sources: output whose source is gone is removed, and if output is missing the
 * compiler's memory of having written it is dropped, because an incremental build would not write it
 * again.
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { unpackCompiler } from './unpack-compiler.mjs'

const trees = ['src', 'test', 'bench']

/**
 * Compiles, always. The result carries tsc's output; files are written even if types do not hold.
 * Without `check` types are not looked at, which halves the time; the next run with it does so.
 */
export function build(root, { check }) {
  const started = performance.now()
  const dist = join(root, 'dist')
  const begun = new Date()
  unpackCompiler(root)
  if (mirror(root) > 0) rmSync(join(dist, '.tsbuildinfo'), { force: true })
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const args = [tsc, '-p', 'tsconfig.json', '--pretty', 'false', ...(check ? [] : ['--noCheck'])]
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  const ok = result.status === 0
  const stamp = join(dist, '.built')
  if (ok) {
    mkdirSync(dist, { recursive: true })
    writeFileSync(stamp, '')
    // A source saved while the compiler ran must count as newer than this build.
    utimesSync(stamp, begun, begun)
  } else rmSync(stamp, { force: true })
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`
  return { ok, output, ms: performance.now() - started }
}

/** True when the last build succeeded and no source, setting or package is newer than it. */
export function isBuilt(root) {
  const stamp = join(root, 'dist', '.built')
  if (!existsSync(stamp) || !existsSync(join(root, 'compiler', 'rego.wasm'))) return false
  if (mirror(root) > 0) return false
  const built = statSync(stamp).mtimeMs
  const inputs = ['tsconfig.json', 'package-lock.json', 'compiler/rego.json'].map((file) =>
    join(root, file),
  )
  for (const tree of trees) {
    inputs.push(...walk(join(root, tree)).filter((file) => file.endsWith('.ts')))
  }
  return inputs.every((file) => statSync(file).mtimeMs < built)
}

// Removes output without a source; returns how many sources have no output.
function mirror(root) {
  let missing = 0
  for (const tree of trees) {
    const sources = new Set(
      walk(join(root, tree))
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
        .map((file) => file.slice(root.length, -'.ts'.length)),
    )
    const distTree = join(root, 'dist', tree)
    const written = new Set()
    for (const file of walk(distTree)) {
      const stem = file.slice(join(root, 'dist').length).replace(/(\.js|\.d\.ts)(\.map)?$/, '')
      if (sources.has(stem)) written.add(stem)
      else rmSync(file, { force: true })
    }
    missing += sources.size - written.size
  }
  return missing
}

function walk(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules') return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? walk(path) : [path]
  })
}
