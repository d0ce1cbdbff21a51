/** What a step of `npm test` is, and the usual one: a script of the repository that must exit 0. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runNode } from './process.js'

export interface StepResult {
  readonly ok: boolean
  readonly output: string
  /** What was looked at; stands beside the name. */
  readonly note?: string
}

export interface Step {
  readonly name: string
  run(): Promise<StepResult>
}

const limitMs = 15 * 60_000

/** Runs a script with node; exit 0 is green. A script that is not there is red. */
export async function runScript(root: string, args: readonly string[]): Promise<StepResult> {
  if (!existsSync(join(root, args[0] ?? ''))) return { ok: false, output: `${args[0]} is missing` }
  const run = await runNode({ args, cwd: root, limitMs })
  const late = run.timedOut ? '\nran into the time limit' : ''
  return { ok: run.exitCode === 0, output: run.output + late }
}
