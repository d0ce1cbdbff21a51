/**
 * Runs one compiled uvu file in a process of its own and judges it.
 * Does not choose the files and prints nothing.
 */
import { readFileSync } from 'node:fs'
import { type Command, runNode } from './process.js'
import { type FileRun, judgeFile, type Verdict } from './verdict.js'

export interface FileResult extends Verdict {
  readonly file: string
  readonly output: string
  readonly ms: number
}

export interface FileOptions extends Omit<Command, 'args'> {
  /** Options of node, in front of the file. */
  readonly options?: readonly string[]
  readonly skipIsFailure: boolean
}

/** `file` is the compiled file; a file that is not there is red. */
export async function runFile(file: string, options: FileOptions): Promise<FileResult> {
  const started = performance.now()
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch {
    const problems = ['was not compiled']
    return { file, output: '', ms: 0, passed: 0, failed: 1, skipped: [], problems }
  }
  const run: FileRun = await runNode({
    ...options,
    args: ['--enable-source-maps', ...(options.options ?? []), file],
  })
  const verdict = judgeFile(run, source, options.skipIsFailure)
  return { ...verdict, file, output: run.output, ms: performance.now() - started }
}
