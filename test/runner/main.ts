/**
 * The suite behind `npm test`: steps and uvu files, a few at a time, then coverage, then one closing
 * line counted from what ran. `npm test -- WORD` runs only the files whose path has the word, and
 * no steps; `--long` adds test/long.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { countingOf } from './coverage.js'
import { runPool } from './pool.js'
import { killRunning } from './process.js'
import { runFile } from './run-file.js'
import type { Step } from './step.js'
import { allSteps, coverageStep } from './steps.js'
import { Tally } from './tally.js'

export interface SuiteOptions {
  readonly root: string
  /** How compiling went; it is the first step. */
  readonly types: { readonly ok: boolean; readonly output: string; readonly ms: number }
  readonly args: readonly string[]
}

// A file waits for its processes and timers a third of its time: one more than there are cores.
const width = availableParallelism() + 1
const fileLimitMs = 90_000
const longFileLimitMs = 20 * 60_000

/** Runs everything and returns the exit code: 1 if anything failed or nothing ran. */
export async function runSuite({ root, types, args }: SuiteOptions): Promise<number> {
  const long = args.includes('--long')
  const words = args.filter((arg) => arg !== '--long')
  const whole = words.length === 0
  const tally = new Tally((line) => console.log(line))
  endWithChildren()

  const coverageDir = join(root, 'coverage', 'tmp')
  rmSync(coverageDir, { recursive: true, force: true })
  tally.step('Types hold', types, types.ms)

  const steps = whole ? allSteps(root, { long }) : []
  const files = testFiles(root, long).filter((file) => words.every((word) => file.includes(word)))
  if (files.length === 0) tally.fail(whole ? 'found no test file' : `no test file has "${words}"`)
  await runPool(
    [...steps.map((step) => stepJob(step, tally)), ...files.map((file) => fileJob(file))],
    width,
  )
  if (whole) await stepJob(coverageStep(root), tally)()
  return tally.close()

  function fileJob(file: string): () => Promise<void> {
    return async () => {
      const result = await runFile(join(root, 'dist', file.replace(/\.ts$/, '.js')), {
        cwd: root,
        ...(whole ? countingOf(file, root) : {}),
        limitMs: file.startsWith('test/long/') ? longFileLimitMs : fileLimitMs,
        skipIsFailure: process.env['CI'] === 'true',
      })
      tally.file(file, result)
    }
  }
}

function stepJob(step: Step, tally: Tally): () => Promise<void> {
  return async () => {
    const started = performance.now()
    const result = await step.run().catch((thrown) => ({ ok: false, output: String(thrown) }))
    tally.step(step.name, result, performance.now() - started)
    if (result.ok && step.name === 'Coverage holds') console.log(result.output.trimEnd())
  }
}

/** Test files by their source, so that one which was not compiled is missed. */
function testFiles(root: string, long: boolean): string[] {
  return walk(join(root, 'test'))
    .map((file) => relative(root, file))
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => long || !file.startsWith('test/long/'))
    .sort((a, b) => Number(isSlow(b)) - Number(isSlow(a)) || a.localeCompare(b, 'en'))
}

// First, so that none of them runs alone at the end.
function isSlow(file: string): boolean {
  return /^test\/(long|property|e2e|scripts|rego|policies)\//.test(file)
}

function walk(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules') return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? walk(path) : [path]
  })
}

function endWithChildren(): void {
  process.once('exit', killRunning)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
}
