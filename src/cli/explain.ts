/**
 * `explain`: why the policy decides as it does, for facts of a file, of options, or of a decision that
 * stands in an audit file. The policy on disk is asked, by the production module; a gateway need not
 * run.
 */
import type { CommandModule } from 'yargs'
import type { ExplainArguments } from './explain/options.js'
import { parsing, repeatedOption, textOption } from './options.js'
import { endQuietlyOnBrokenPipe } from './terminal.js'

export const explainCommand: CommandModule<object, ExplainArguments> = {
  command: 'explain [words..]',
  describe: 'Show why the policy decides as it does, rule by rule',
  builder: (program) =>
    program
      .parserConfiguration(parsing)
      .usage(
        '$0 explain --facts FILE [options]\n$0 explain --audit FILE DECISION_ID [options]\n' +
          '$0 explain --as ID --server NAME --tool NAME [options] [name=text]... [name:=json]...\n\n' +
          'Shows the decision, which question it came from, which rules fired, and of those that did not where they ended.',
      )
      .positional('words', {
        coerce: (words: unknown): string[] => [words ?? []].flat().map(String),
        describe: 'With --audit the id of a decision; else arguments of the call',
      })
      .option(
        'facts',
        textOption('facts', "Any part of the policy's input, YAML or JSON; - is stdin"),
      )
      .option('audit', textOption('audit', 'The audit file that the decision stands in'))
      .option('config', {
        alias: 'c',
        ...textOption(
          'config',
          'The configuration: who has which key, labels of servers, the policy',
        ),
      })
      .option(
        'policy',
        textOption('policy', 'A folder of Rego sources or a bundle file (default ./policies)'),
      )
      .option('as', textOption('as', 'The id of the caller; with --config that of a key'))
      .option('role', repeatedOption('The caller has this role; may be repeated'))
      .option('group', repeatedOption('The caller is in this group; may be repeated'))
      .option('scope', repeatedOption('The caller has this scope; may be repeated'))
      .option('tenant', textOption('tenant', 'The caller is of this tenant'))
      .option('issuer', textOption('issuer', 'The caller has a token of this issuer'))
      .option('server', textOption('server', 'The server, by its name in the configuration'))
      .option('tool', textOption('tool', 'The tool that is called'))
      .option('prompt', textOption('prompt', 'The prompt that is got'))
      .option('resource', textOption('resource', 'The URI that is read'))
      .option('method', textOption('method', 'Another method, such as tools/list'))
      .option('arguments', textOption('arguments', 'All arguments at once, as a JSON object'))
      .option(
        'time',
        textOption(
          'time',
          'When it is asked, such as 2026-11-22T20:00:00Z (default now; that of --facts or --audit)',
        ),
      )
      .option('all', {
        type: 'boolean',
        describe: 'Every rule, also those that have nothing to say',
      })
      .option('json', { type: 'boolean', describe: 'Print JSON' })
      .conflicts('facts', 'audit')
      .conflicts('tool', ['prompt', 'resource'])
      .conflicts('prompt', 'resource')
      .example(
        '$0 explain --as alice --role reader --server files --tool write_file path=/etc/x',
        'why not',
      )
      .example('$0 explain --audit audit.ndjson 0f3k2 -c guard.yaml', 'a decision that was made')
      .example('$0 explain --facts facts.yaml --json', 'for a machine')
      .epilogue('docs/policy.md#explain tells how it is to be read.'),
  handler: async (given) => {
    endQuietlyOnBrokenPipe()
    const { explain } = await import('./explain/answer.js')
    process.exitCode = await explain(given)
  },
}
