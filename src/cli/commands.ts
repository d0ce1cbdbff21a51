/**
 * The commands in the order of the help page. Each is one file, loaded when the command line names
 * it: a policy repository's CI starts many of them, one after the other.
 */
import type { Argv } from 'yargs'

type Register = (program: Argv) => Promise<Argv>

const commands = {
  run: async (program) => program.command((await import('./run.js')).runCommand),
  call: async (program) => program.command((await import('./call.js')).callCommand),
  init: async (program) => program.command((await import('./init.js')).initCommand),
  fmt: async (program) => program.command((await import('./fmt.js')).fmtCommand),
  check: async (program) => program.command((await import('./check.js')).checkCommand),
  lint: async (program) => program.command((await import('./lint.js')).lintCommand),
  build: async (program) => program.command((await import('./build.js')).buildCommand),
  inspect: async (program) => program.command((await import('./inspect.js')).inspectCommand),
  keygen: async (program) => program.command((await import('./keygen.js')).keygenCommand),
  'hash-key': async (program) => program.command((await import('./hash-key.js')).hashKeyCommand),
  pin: async (program) => program.command((await import('./pin.js')).pinCommand),
  can: async (program) => program.command((await import('./can.js')).canCommand),
  explain: async (program) => program.command((await import('./explain.js')).explainCommand),
  grants: async (program) => program.command((await import('./grants.js')).grantsCommand),
  'test-policy': async (program) =>
    program.command((await import('./test-policy.js')).testPolicyCommand),
  rollback: async (program) => program.command((await import('./rollback.js')).rollbackCommand),
  validate: async (program) => program.command((await import('./validate.js')).validateCommand),
  version: async (program) => program.command((await import('./version.js')).versionCommand),
} satisfies Readonly<Record<string, Register>>

export const commandNames: readonly string[] = Object.keys(commands)

/** The command that `words` begin with; all of them when they begin with none. */
export async function registerCommands(program: Argv, words: readonly string[]): Promise<void> {
  const [first = ''] = words
  const named = Object.entries(commands).filter(([name]) => name === first)
  const needed = named.length > 0 ? named : Object.entries(commands)
  for (const [, register] of needed) await register(program)
}
