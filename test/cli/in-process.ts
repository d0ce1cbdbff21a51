/**
 * A command run in this process, parsed as the command line parses it: for tables of many rows. What
 * it prints is kept; paths are relative to the folder of the file's child processes.
 */
import { join } from 'node:path'
import type { CommandModule } from 'yargs'
import yargs from 'yargs'
import { UsageError } from '../../src/cli/terminal.js'
import { testCacheDir } from '../support/gateway.js'
import { type Ended, folder } from './support.js'

process.chdir(folder)
// Each command listens for its reader to leave.
process.stdout.setMaxListeners(0)
process.env['XDG_CACHE_HOME'] = join(testCacheDir, '..')

/** A wrong command line ends with 2, as the program does; anything else that is thrown is thrown. */
export async function inProcess<Given>(
  command: CommandModule<object, Given>,
  words: readonly string[],
): Promise<Ended> {
  const printed = { stdout: '', stderr: '' }
  const writes = { stdout: process.stdout.write, stderr: process.stderr.write }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: string | Uint8Array) => {
      printed[name] += text
      return true
    }
  }
  process.exitCode = 0
  try {
    await yargs([...words])
      .scriptName('mcp-guard')
      .command(command)
      .strict()
      .exitProcess(false)
      .fail((message: string | null, error: Error | undefined) => {
        throw error ?? new UsageError(message ?? '')
      })
      .parseAsync()
    return { code: Number(process.exitCode), ...printed }
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown
    return { code: 2, stdout: printed.stdout, stderr: `error: ${thrown.message}\n` }
  } finally {
    process.exitCode = 0
    for (const name of ['stdout', 'stderr'] as const) process[name].write = writes[name]
  }
}
