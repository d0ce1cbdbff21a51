/**
 * `can`: what a principal sees and may use on each server, and why a use is allowed or refused. The
 * active policy is not asked, a gateway need not run: configuration and policy are read anew.
 */
import type { CommandModule } from 'yargs'
import type { CanArguments } from './can-setting.js'
import { parsing, repeatedOption, textOption } from './options.js'
import { endQuietlyOnBrokenPipe } from './terminal.js'

export const canCommand: CommandModule<object, CanArguments> = {
  command: 'can [who] [item] [argument..]',
  describe: 'Show what somebody sees and may call, or why not',
  builder: (program) =>
    program
      .parserConfiguration(parsing)
      .usage(
        '$0 can WHO [options]\n$0 can WHO TOOL [name=text]... [name:=json]...\n\nAsks the policy as the gateway ' +
          'would. WHO is the id of a key, or with --role, --scope and the like the id of somebody described; with ' +
          '--subject FILE leave WHO out. With TOOL the exit status is 0 for yes and 1 for no.',
      )
      .positional('who', {
        coerce: optionalText,
        describe: 'The id of a key, `anonymous`, or of whom the options describe',
      })
      .positional('item', {
        coerce: optionalText,
        describe: 'A tool, with --prompts a prompt, with --resources a URI',
      })
      .positional('argument', {
        coerce: (words: unknown): string[] => [words ?? []].flat().map(String),
        describe: 'name=text, or name:=json for numbers, true, lists and so on',
      })
      .option('config', { alias: 'c', ...textOption('config', 'The configuration, a YAML file') })
      .option(
        'policy',
        textOption('policy', 'A folder of Rego sources or a bundle file (default ./policies)'),
      )
      .option('upstream', repeatedOption('An MCP server, as NAME=URL; may be repeated'))
      .option('server', textOption('server', 'Ask about this server only'))
      .option('subject', textOption('subject', 'A file with the facts of a subject, YAML or JSON'))
      .option('role', repeatedOption('WHO has this role; may be repeated'))
      .option('group', repeatedOption('WHO is in this group; may be repeated'))
      .option('scope', repeatedOption('WHO has this scope; may be repeated'))
      .option('tenant', textOption('tenant', 'WHO is of this tenant'))
      .option('issuer', textOption('issuer', 'WHO has a token of this issuer'))
      .option(
        'items',
        textOption('items', "A server's answer to tools/list, as a file, instead of asking it"),
      )
      .option('prompts', { type: 'boolean', describe: 'A prompt instead of a tool' })
      .option('resources', { type: 'boolean', describe: 'A resource instead of a tool' })
      .conflicts('prompts', 'resources')
      .option('arguments', textOption('arguments', 'All arguments at once, as a JSON object'))
      .option(
        'time',
        textOption('time', 'When it is asked, such as 2026-11-22T20:00:00Z (default now)'),
      )
      .option('ip', { ...textOption('ip', 'Where it is asked from'), default: '127.0.0.1' })
      .option('json', { type: 'boolean', describe: 'Print JSON' })
      .example('$0 can alice --config guard.yaml', 'everything there is for alice')
      .example('$0 can alice create_issue repo=acme/site -c guard.yaml', 'yes or no, and why')
      .example(
        '$0 can bob --role dev --issuer https://idp.example -c guard.yaml',
        'somebody with a token',
      )
      .epilogue('docs/policy.md#can tells how the answers are to be read.'),
  handler: async (given) => {
    endQuietlyOnBrokenPipe()
    const { can } = await import('./answer-can.js')
    process.exitCode = await can(given)
  },
}

function optionalText(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value)
}
