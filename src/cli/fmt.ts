/** `fmt`: Rego in the one form that OPA's formatter gives it, shown, compared or written. */
import type { CommandModule } from 'yargs'
import type { FormatArguments } from './format-files.js'
import { endQuietlyOnBrokenPipe } from './terminal.js'

export const fmtCommand: CommandModule<object, FormatArguments> = {
  command: 'fmt [path..]',
  describe: 'Format Rego',
  builder: (program) =>
    program
      .usage(
        '$0 fmt [PATH...] [options]\n\nFormats .rego files and all those in folders (default ./policies), tests too. ' +
          'Without an option the formatted text is printed. When one file cannot be formatted, none is written. `-` ' +
          'is standard input.',
      )
      .positional('path', {
        type: 'string',
        array: true,
        describe: 'Folders or .rego files, or -',
      })
      .option('list', { alias: 'l', type: 'boolean', describe: 'List files that would change' })
      .option('diff', { alias: 'd', type: 'boolean', describe: 'Show what would change' })
      .option('write', { alias: 'w', type: 'boolean', describe: 'Write what changes' })
      .option('fail', { type: 'boolean', describe: 'Exit with 1 when something changes' })
      .example('$0 fmt -w', 'format ./policies')
      .example('$0 fmt --fail -d', 'in CI')
      .example('$0 fmt - < rule.rego', 'in an editor')
      .epilogue('More: docs/policy.md#fmt'),
  handler: async (given) => {
    endQuietlyOnBrokenPipe()
    // The parser of positionals loses a word that is nothing but a dash.
    const path = process.argv.slice(2).includes('-') ? [...(given.path ?? []), '-'] : given.path
    const { formatFiles } = await import('./format-files.js')
    process.exitCode = await formatFiles({ ...given, path })
  },
}
