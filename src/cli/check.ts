/** `check`: everything that is wrong with a policy and can be seen without running it. */
import type { CommandModule } from 'yargs'
import { knownMethods } from '../mcp/methods.js'
import type { SourceSet } from '../rego/source-set.js'
import { textOption } from './options.js'
import { type FindingArguments, findingOptions, reportFindings } from './report-findings.js'
import { endQuietlyOnBrokenPipe, UsageError } from './terminal.js'

interface CheckArguments extends FindingArguments {
  readonly 'max-errors'?: number | undefined
}

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check [path..]',
  describe: 'Find what is wrong with a policy',
  builder: (program) =>
    program
      .usage(
        '$0 check [PATH...] [options]\n\nCompiles a policy and its tests (default ./policies) strictly, against the ' +
          'schema of the facts and the built-in functions there are, and looks for what compiles but cannot be meant: ' +
          'rules that never match, that conflict, that are silent when a member is missing. Exits with 1 when there is ' +
          'an error.',
      )
      .positional('path', {
        type: 'string',
        array: true,
        describe: 'Folders or .rego files, or one bundle',
      })
      .options(findingOptions)
      .option('max-errors', {
        alias: 'm',
        ...textOption('max-errors', 'Print at most this many errors (default all)'),
        coerce: (value: unknown): number => {
          if (/^[1-9][0-9]{0,5}$/.test(String(value))) return Number(value)
          throw new UsageError('--max-errors takes a number from 1')
        },
      })
      .example('$0 check', 'check ./policies')
      .example('$0 check --fail-on-warn --format github', 'in CI')
      .epilogue('More: docs/policy.md#check'),
  handler: async (given) => {
    endQuietlyOnBrokenPipe()
    const { checkPolicy } = await import('../rego/check.js')
    const check = (set: SourceSet) => checkPolicy(set, { methods: knownMethods() })
    process.exitCode = await reportFindings(given, check, given['max-errors'])
  },
}
