/**
 * The program in this process, for what is said of many command lines: a process for each would take
 * most of the time. What it prints is kept; paths are relative to the folder of the file's child
 * processes. One at a time. That a process of its own says the same is for usage.test.ts to show.
 */
import { join } from 'node:path'
import { runProgram } from '../../src/cli/program.js'
import { testCacheDir } from '../support/gateway.js'
import { type Ended, folder } from './support.js'

process.chdir(folder)
process.env['XDG_CACHE_HOME'] = join(testCacheDir, '..')
process.env['HOME'] = folder
delete process.env['XDG_STATE_HOME']
for (const name of ['stdout', 'stderr'] as const) {
  // Each command listens for its reader to leave.
  process[name].setMaxListeners(0)
  // As the child processes have it, wherever the test was started.
  process[name].isTTY = false
  Object.defineProperty(process[name], 'columns', { value: undefined })
}

let last: Promise<unknown> = Promise.resolve()

export function inProcess(words: readonly string[]): Promise<Ended> {
  const ended = last.then(() => runHere(words))
  last = ended.catch(() => undefined)
  return ended
}

async function runHere(words: readonly string[]): Promise<Ended> {
  const printed = { stdout: '', stderr: '' }
  const writes = { stdout: process.stdout.write, stderr: process.stderr.write }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: string | Uint8Array, ...rest: unknown[]) => {
      printed[name] += typeof text === 'string' ? text : Buffer.from(text).toString('utf8')
      const written = rest.at(-1)
      if (typeof written === 'function') written()
      return true
    }
  }
  process.exitCode = 0
  process.argv.splice(2, process.argv.length, ...words)
  try {
    await runProgram(words)
    return { code: Number(process.exitCode), ...printed }
  } finally {
    process.exitCode = 0
    for (const name of ['stdout', 'stderr'] as const) process[name].write = writes[name]
  }
}
