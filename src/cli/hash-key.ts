/**
 * `hash-key`: the digest under which a key stands in the configuration. The key comes from standard
 * input only: the command line ends up in shell histories and process lists.
 */

import type { CommandModule } from 'yargs'
import { sha256Hex } from '../lib/secrets.js'
import { printLine, printNote, UsageError } from './terminal.js'

const maxKeyBytes = 4096

export const hashKeyCommand: CommandModule = {
  command: 'hash-key',
  describe: 'Read an API key from standard input and print its digest',
  builder: (program) =>
    program
      .usage('$0 hash-key\n\nReads one key from standard input, never from the command line.')
      .strict(false)
      .check(({ _: words, $0: _name, ...options }) => {
        // Whatever else was typed may be the key: it is not repeated in the message.
        if (words.length === 1 && Object.keys(options).length === 0) return true
        throw new UsageError('the key is read from standard input, never from the command line')
      })
      .example('$0 hash-key < alice.key', 'digest of a key in a file'),
  handler: async () => {
    if (process.stdin.isTTY) printNote('type the key, then Enter and Ctrl-D')
    printLine(sha256Hex(parseKey(await readInput())))
  },
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxKeyBytes) throw new UsageError(`a key has at most ${maxKeyBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseKey(input: string): string {
  const key = input.replace(/\r?\n$/, '')
  // A header could not carry anything else, so such a key would never match.
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new UsageError('standard input must hold one key: visible ASCII characters, no spaces')
  }
  return key
}
