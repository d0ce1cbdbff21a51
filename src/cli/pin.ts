/**
 * `pin`: writes down the digest of everything a live server offers, as data for a policy that lets
 * nothing else be used, and shows what a server says differently since. It speaks to the server
 * itself; through a gateway it would see no more than the key may.
 */
import type { CommandModule } from 'yargs'
import { textOption } from './options.js'
import type { PinArguments } from './pin-server.js'
import { endQuietlyOnBrokenPipe } from './terminal.js'

export const pinCommand: CommandModule<object, PinArguments> = {
  command: 'pin',
  describe: 'Write down what a server offers now, or show what it changed',
  builder: (program) =>
    program
      .usage(
        '$0 pin --url URL --server NAME\n$0 pin --check --url URL --server NAME\n\nReads all tools, prompts and ' +
          'resources of a server and writes a digest of each definition, as data for a policy. With --check nothing ' +
          'is written. Exits with 0 when all is pinned, with 2 when something differs or cannot be pinned, with 1 when ' +
          'it failed.',
      )
      .option('url', {
        ...textOption('url', 'The MCP endpoint of the server itself'),
        demandOption: true,
      })
      .option('server', {
        ...textOption(
          'server',
          "The server's name in the configuration (default: NAME of .../mcp/NAME)",
        ),
      })
      .option('key-file', textOption('key-file', 'A file with the key the endpoint asks for'))
      .option('out', {
        ...textOption('out', 'The file of the pins'),
        default: 'policies/pins/data.yaml',
      })
      .option('check', { type: 'boolean', describe: 'Compare with the file, change nothing' })
      .option('modern', { type: 'boolean', describe: 'Speak MCP 2026-07-28, without a session' })
      .option('json', { type: 'boolean', describe: 'Print JSON' })
      .example(
        '$0 pin --url http://127.0.0.1:3001/mcp --server everything',
        'pin what it offers now',
      )
      .example('$0 pin --check --url http://127.0.0.1:3001/mcp --server everything', 'in CI'),
  handler: async (given) => {
    endQuietlyOnBrokenPipe()
    const { pin } = await import('./pin-server.js')
    process.exitCode = await pin(given)
  },
}
