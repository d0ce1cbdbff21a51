#!/usr/bin/env node
/**
 * The command line: which commands there are, and how a failure ends the process. Each command is
 * one file; what a command needs is loaded when it runs, so that small ones start fast.
 */

import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { describeThrown } from '../errors.js'
import { buildCommand } from './build.js'
import { callCommand } from './call.js'
import { canCommand } from './can.js'
import { checkCommand } from './check.js'
import { explainCommand } from './explain.js'
import { fmtCommand } from './fmt.js'
import { grantsCommand } from './grants.js'
import { hashKeyCommand } from './hash-key.js'
import { initCommand } from './init.js'
import { inspectCommand } from './inspect.js'
import { keygenCommand } from './keygen.js'
import { lintCommand } from './lint.js'
import { parsing } from './options.js'
import { pinCommand } from './pin.js'
import { rollbackCommand } from './rollback.js'
import { runCommand } from './run.js'
import { exitCodes, printFailure, printNote, UsageError } from './terminal.js'
import { testPolicyCommand } from './test-policy.js'
import { describeUsage } from './usage-hint.js'
import { validateCommand } from './validate.js'
import { readVersion, versionCommand } from './version.js'

const commands = [
  'run',
  'call',
  'init',
  'fmt',
  'check',
  'lint',
  'build',
  'inspect',
  'keygen',
  'hash-key',
  'pin',
  'can',
  'explain',
  'grants',
  'test-policy',
  'rollback',
  'validate',
  'version',
]

async function main(): Promise<void> {
  const words = hideBin(process.argv)
  const program = yargs(words)
    .scriptName('mcp-guard')
    .usage(
      '$0 <command>\n\nA gateway that lets your Rego policy decide what AI agents may do over MCP.',
    )
    .command(runCommand)
    .command(callCommand)
    .command(initCommand)
    .command(fmtCommand)
    .command(checkCommand)
    .command(lintCommand)
    .command(buildCommand)
    .command(inspectCommand)
    .command(keygenCommand)
    .command(hashKeyCommand)
    .command(pinCommand)
    .command(canCommand)
    .command(explainCommand)
    .command(grantsCommand)
    .command(testPolicyCommand)
    .command(rollbackCommand)
    .command(validateCommand)
    .command(versionCommand)
    .demandCommand(
      1,
      `say which command: ${commands.slice(0, -1).join(', ')} or ${commands.at(-1)}`,
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
      throw new UsageError(describeUsage(problem, words, { commands, options }))
    })
  try {
    await program.parseAsync()
  } catch (thrown) {
    fail(thrown)
  }
}

function fail(thrown: unknown): void {
  printFailure(describeThrown(thrown))
  const [command = ''] = hideBin(process.argv)
  const usage = thrown instanceof UsageError || isOfParser(thrown)
  if (usage) {
    const page = commands.includes(command) ? `${command} --help` : '--help'
    printNote(`mcp-guard ${page} shows how it is used`)
  }
  // There 2 says that tests failed, as with `opa test`.
  process.exitCode = usage && command !== 'test-policy' ? exitCodes.usage : exitCodes.failed
}

function isOfParser(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'YError'
}

await main()
