/**
 * `keygen`: a new API key and the entry that lets it in. The key is shown or written once and kept
 * nowhere; the configuration or the key file gets its digest only.
 */

import { rmSync, writeFileSync } from 'node:fs'
import type { CommandModule } from 'yargs'
import { randomKeyText, sha256Hex } from '../lib/secrets.js'
import { appendEntry } from './key-file.js'
import { repeatedOption, textOption } from './options.js'
import { printLine, UsageError } from './terminal.js'

interface KeygenArguments {
  readonly id: string
  readonly role?: readonly string[] | undefined
  readonly out?: string | undefined
  readonly append?: string | undefined
}

export const keygenCommand: CommandModule<object, KeygenArguments> = {
  command: 'keygen',
  describe: 'Make an API key and the configuration entry for it',
  builder: (program) =>
    program
      .usage(
        '$0 keygen --id NAME [--role ROLE]... [--append FILE]\n\n' +
          'Makes a key of 256 random bits. It is shown once; the configuration gets its digest only.',
      )
      .option('id', {
        ...textOption('id', 'Who the key stands for: subject.id in policies and audit'),
        demandOption: 'say who the key is for, such as --id alice',
      })
      .option('role', repeatedOption('A role of that caller; may be repeated'))
      .option('out', textOption('out', 'Write the key to this new file, mode 0600'))
      .option(
        'append',
        textOption(
          'append',
          'Add the entry to this key file (identity.apiKeyFile); made if absent',
        ),
      )
      .example('$0 keygen --id alice --role dev', 'show key and entry')
      .example('$0 keygen --id alice --append keys.yaml', 'show the key, let it in at once')
      .example('$0 keygen --id ci --out ci.key', 'key into a file, entry on the screen'),
  handler: ({ id, role: roles = [], out, append }) => {
    for (const name of [id, ...roles]) assertName(name)
    const key = randomKeyText()
    const lines = entry(id, key, roles)
    // First, so that no entry is left whose key nobody has.
    if (out !== undefined) writeKeyFile(out, key)
    if (append !== undefined) {
      try {
        appendEntry(append, lines)
      } catch (thrown) {
        if (out !== undefined) rmSync(out, { force: true })
        throw thrown
      }
    }
    printLine(
      out === undefined
        ? `The key of ${id}, shown this once:\n\n  ${key}\n`
        : `The key of ${id} is in ${out}.\n`,
    )
    printLine(
      append === undefined
        ? `Let it in with this entry under identity.apiKeys of the file given to --config, and start the gateway again:\n\n${lines}`
        : `Its entry is in ${append}: a gateway with identity.apiKeyFile lets it in within a second.`,
    )
  },
}

function assertName(name: string): void {
  if (!/^[^\s\p{C}]{1,128}$/u.test(name)) {
    throw new UsageError('ids and roles have 1 to 128 characters and no spaces')
  }
}

/** A JSON text is also YAML, whatever characters the name holds. */
function entry(id: string, key: string, roles: readonly string[]): string {
  const lines = [`  - id: ${JSON.stringify(id)}`, `    sha256: "${sha256Hex(key)}"`]
  if (roles.length > 0)
    lines.push(`    roles: [${roles.map((name) => JSON.stringify(name)).join(', ')}]`)
  return lines.join('\n')
}

function writeKeyFile(path: string, key: string): void {
  try {
    writeFileSync(path, `${key}\n`, { mode: 0o600, flag: 'wx' })
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code
    if (code !== 'EEXIST') throw thrown
    throw new Error(`${path} is there already and is not overwritten; name a new file`)
  }
}
