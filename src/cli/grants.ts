/**
 * `grants`: a first file of grants from what a live server offers, for somebody to read and cut down.
 * Never replaces a file that is there unless it is told to.
 */
import type { CommandModule } from 'yargs'
import { parsing, textOption } from './options.js'
import { endQuietlyOnBrokenPipe } from './terminal.js'
import type { GrantsArguments } from './write-grants.js'

export const grantsCommand: CommandModule<object, GrantsArguments> = {
  command: 'grants',
  describe: 'Write first grants from what a server offers',
  builder: (program) =>
    program
      .parserConfiguration({ ...parsing, 'populate--': true })
      .usage(
        '$0 grants --from URL [--server NAME]\n$0 grants --config FILE --server NAME\n$0 grants --server NAME -- ' +
          'COMMAND [ARGS...]\n\nAsks a server for its tools, prompts, resources and templates and writes grants of ' +
          'them for one role. What the server does not call harmless is written as a comment. Prints the file, or ' +
          'writes it with --out.',
      )
      .option('from', textOption('from', 'The MCP endpoint of the server itself'))
      .option('config', {
        alias: 'c',
        ...textOption('config', 'Ask a server of this configuration, as the gateway would'),
      })
      .option('server', {
        ...textOption(
          'server',
          "The server's name in the configuration (default: NAME of .../mcp/NAME)",
        ),
      })
      .option('role', {
        ...textOption('role', 'Whom it is granted to'),
        default: 'reader',
      })
      .option('key-file', textOption('key-file', 'A file with the key the endpoint asks for'))
      .option('modern', { type: 'boolean', describe: 'Speak MCP 2026-07-28, without a session' })
      .option('out', textOption('out', 'The file to write, such as policies/grants/data.yaml'))
      .option('overwrite', { type: 'boolean', describe: 'Replace the file where there is one' })
      .example(
        '$0 grants --from http://127.0.0.1:3001/mcp --server everything --out policies/grants/data.yaml',
        'a first draft',
      )
      .example('$0 grants --server files -- npx -y some-server .', 'of a server that is a command')
      .epilogue(
        'docs/policy.md#grants tells what is written, and docs/policy.md#grants-by-role how to go on.',
      ),
  handler: async (given) => {
    endQuietlyOnBrokenPipe()
    const { writeGrants } = await import('./write-grants.js')
    process.exitCode = await writeGrants(given)
  },
}
