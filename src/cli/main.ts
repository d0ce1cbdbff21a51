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
import { usageHint } from './usage-hint.js'
import { validateCommand } from './validate.js'
import { readVersion, versionCommand } from './version.js'

async function main(): Promise<void> {
  const program = yargs(hideBin(process.argv))
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
      'say which command: run, call, init, fmt, check, lint, build, inspect, keygen, hash-key, pin, can, explain, grants, test-policy, rollback, validate or version',
    )
    .example('$0 run --config guard.yaml', 'guard the servers of a configuration')
    .example('$0 call list --key-file alice.key', 'see what alice may use')
    .recommendCommands()
    .strict()
    .locale('en')
    .updateStrings({
      'Did you mean %s?': 'there is no such command; did you mean %s?',
      'Show help': 'Show this help',
      'Show version number': 'Show the version',
    })
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .version(readVersion())
    .help()
    .alias('help', 'h')
    .epilogue(
      'Every command explains itself: mcp-guard <command> --help. Exit status: 0 done, 1 refused or failed,\n2 the command line was wrong; of test-policy: 0 passed, 1 error, 2 failed.',
    )
    .parserConfiguration(parsing)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined) throw error
      const problem = message ?? 'the command line cannot be read'
      const hint = usageHint(problem, hideBin(process.argv))
      throw new UsageError(hint === null ? problem : `${problem}\n${hint}`)
    })
  try {
    await program.parseAsync()
  } catch (thrown) {
    fail(thrown)
  }
}

function fail(thrown: unknown): void {
  printFailure(describeThrown(thrown))
  const usage =
    thrown instanceof UsageError || (thrown instanceof Error && thrown.name === 'YError')
  if (usage) printNote('mcp-guard --help shows how it is used')
  // There 2 says that tests failed, as with `opa test`.
  const isTest = hideBin(process.argv)[0] === 'test-policy'
  process.exitCode = usage && !isTest ? exitCodes.usage : exitCodes.failed
}

await main()
