/** `lint`: what works in a policy and is known to go wrong later. */
import type { CommandModule } from 'yargs'
import { nearestKey } from '../config/nearest.js'
import { knownMethods } from '../mcp/methods.js'
import type { PolicyFinding } from '../rego/finding.js'
import { lintIds } from '../rego/lint.js'
import { problem } from '../rego/problem.js'
import type { SourceSet } from '../rego/source-set.js'
import { repeatedOption, textOption } from './options.js'
import { type FindingArguments, findingOptions, reportFindings } from './report-findings.js'
import { endQuietlyOnBrokenPipe, exitCodes, printFailure, UsageError } from './terminal.js'

interface LintArguments extends FindingArguments {
  readonly tools?: readonly string[] | undefined
  readonly 'key-file'?: string | undefined
  readonly disable?: readonly string[] | undefined
  readonly enable?: readonly string[] | undefined
}

export const lintCommand: CommandModule<object, LintArguments> = {
  command: 'lint [path..]',
  describe: 'Find what is known to go wrong in policies',
  builder: (program) =>
    program
      .usage(
        '$0 lint [PATH...] [options]\n\nLooks for what works in a policy (default ./policies) and is known to go ' +
          'wrong later. `# mcp-guard: allow ID` on a line, or on the line before it, silences ID there. Exits with 1 ' +
          'when there is an error.',
      )
      .positional('path', {
        type: 'string',
        array: true,
        describe: 'Folders or .rego files, or one bundle',
      })
      .options(findingOptions)
      .option(
        'tools',
        repeatedOption(
          'What a server offers, as [SERVER=]URL of it, or as a FILE with its answer to tools/list; may be repeated',
        ),
      )
      .option('key-file', textOption('key-file', 'A file with the key that the URL asks for'))
      .option('disable', repeatedOption('Leave this lint out; may be repeated'))
      .option('enable', repeatedOption('This lint and no other; may be repeated'))
      .conflicts('disable', 'enable')
      .example('$0 lint', 'lint ./policies')
      .example('$0 lint --tools github=http://127.0.0.1:3001/mcp', 'also names that github has not')
      .epilogue(`The lints: ${lintIds.join(', ')}.\nMore: docs/policy.md#lint`),
  handler: async (given) => {
    endQuietlyOnBrokenPipe()
    const disable = disabledIds(given)
    const { readOffered } = await import('./offered.js')
    const offered = await readOffered(given.tools ?? [], given['key-file'])
    if (!offered.ok) {
      printFailure(offered.problem)
      process.exitCode = exitCodes.failed
      return
    }
    const { lintPolicy } = await import('../rego/lint.js')
    const tools = given.tools === undefined ? {} : { tools: offered.servers }
    const options = { disable, methods: knownMethods(), ...tools }
    process.exitCode = await reportFindings(given, async (set) =>
      holdsRego(set) ? lintPolicy(set, options) : [nothingToLint],
    )
  },
}

function disabledIds({ disable = [], enable }: LintArguments): readonly string[] {
  for (const id of [...disable, ...(enable ?? [])]) {
    if (!lintIds.includes(id)) throw new UsageError(noLint(id))
  }
  return enable === undefined ? disable : lintIds.filter((id) => !enable.includes(id))
}

function noLint(id: string): string {
  const nearest = nearestKey(id, lintIds) ?? lintIds.find((known) => known.split('-').includes(id))
  const hint =
    nearest === undefined ? 'mcp-guard lint --help names all' : `did you mean ${nearest}?`
  return `there is no lint ${id}; ${hint}`
}

/** A wrong path must not pass as one where nothing was found. */
const nothingToLint: PolicyFinding = {
  ...problem('source_error', 'there is no .rego file', null, 'name a folder that holds one'),
  level: 'error',
  page: null,
}

function holdsRego({ source }: SourceSet): boolean {
  return 'bundle' in source || Object.keys(source.files).some((file) => file.endsWith('.rego'))
}
