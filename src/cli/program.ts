/** The command line as a whole: what holds for every command, and how a failure ends. */

import yargs from 'yargs'
import { describeThrown } from '../errors.js'
import { commandNames, registerCommands } from './commands.js'
import { parsing } from './options.js'
import { exitCodes, printFailure, printNote, UsageError } from './terminal.js'
import { describeUsage } from './usage-hint.js'
import { readVersion } from './version.js'

/** `words` follow the program's name. What comes of them is printed, and is the process's exit code. */
export async function runProgram(words: readonly string[]): Promise<void> {
  const program = yargs([...words])
    .scriptName('mcp-guard')
    .usage(
      '$0 <command>\n\nA gateway that lets your Rego policy decide what AI agents may do over MCP.',
    )
    .demandCommand(
      1,
      `say which command: ${commandNames.slice(0, -1).join(', ')} or ${commandNames.at(-1)}`,
    )
    .example('$0 run --config guard.yaml', 'guard the servers of a configuration')
    .example('$0 call list --key-file alice.key', 'see what alice may use')
    .strict()
    .locale('en')
    .updateStrings({
      'Arguments %s and %s are mutually exclusive': '--%s and --%s exclude each other',
      'Show help': 'Show this help',
      'Show version number': 'Show the version',
    })
    .wrap(Math.min(100, process.stdout.columns || 100))
    .version(readVersion())
    .help()
    .alias('help', 'h')
    .epilogue(
      'Every command explains itself: mcp-guard <command> --help. Exit status: 0 done, 1 refused or failed,\n2 the command line was wrong; of test-policy: 0 passed, 1 error, 2 failed.',
    )
    .parserConfiguration(parsing)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined && !isOfParser(error)) throw error
      const problem = error?.message ?? message ?? 'the command line cannot be read'
      const { parsed } = program
      const options = parsed === false ? [] : Object.keys(parsed.aliases)
      throw new UsageError(describeUsage(problem, words, { commands: commandNames, options }))
    })
  try {
    await registerCommands(program, words)
    await program.parseAsync()
  } catch (thrown) {
    fail(thrown, words)
  }
}

function fail(thrown: unknown, [command = '']: readonly string[]): void {
  printFailure(describeThrown(thrown))
  const usage = thrown instanceof UsageError || isOfParser(thrown)
  if (usage) {
    const page = commandNames.includes(command) ? `${command} --help` : '--help'
    printNote(`mcp-guard ${page} shows how it is used`)
  }
  // There 2 says that tests failed, as with `opa test`.
  process.exitCode = usage && command !== 'test-policy' ? exitCodes.usage : exitCodes.failed
}

function isOfParser(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'YError'
}
