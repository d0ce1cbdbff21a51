/**
 * The committed Rego compiler belongs to its sources. Both digests are checked on every run; the
 * rebuild, which must give the same bytes, is slow and runs when `compiler/` was changed in the
 * work tree or in the hours before the newest commit, or with --long. A state that was rebuilt once
 * on this machine is not rebuilt again.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runScript, type StepResult } from './step.js'

// Longer than any change needs from its first commit until it is tested as a whole.
const recentHours = 6

export async function compilerStep(root: string, { long }: { long: boolean }): Promise<StepResult> {
  const digests = await runScript(root, ['scripts/build-compiler.mjs', '--digests'])
  if (!digests.ok) return digests
  const state = treeDigest(root)
  const stamp = join(root, 'node_modules/.cache/mcp-guard/compiler-rebuilt')
  const known = existsSync(stamp) && readFileSync(stamp, 'utf8') === state
  if (!long && (known || !changedLately(root))) return { ok: true, output: '', note: 'by digest' }
  const rebuilt = await runScript(root, ['scripts/build-compiler.mjs', '--check'])
  if (rebuilt.ok) {
    mkdirSync(join(stamp, '..'), { recursive: true })
    writeFileSync(stamp, state)
  }
  return { ...rebuilt, note: rebuilt.output.trim().split('\n').at(-1) ?? '' }
}

function changedLately(root: string): boolean {
  if (git(root, ['status', '--porcelain', '--', 'compiler']) !== '') return true
  const newest = Number(git(root, ['log', '-1', '--format=%ct']))
  const lastChange = Number(git(root, ['log', '-1', '--format=%ct', '--', 'compiler']))
  return newest - lastChange < recentHours * 3600
}

function treeDigest(root: string): string {
  const listed = git(root, ['ls-files', '--cached', '--others', '--exclude-standard', 'compiler'])
  const hash = createHash('sha256')
  for (const path of listed.split('\n').filter((line) => line !== '')) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0')
  }
  return hash.digest('hex')
}

function git(root: string, args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
}
