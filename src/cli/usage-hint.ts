/**
 * What a command line that cannot be read probably meant. The parser names the words that it does
 * not know and nothing else, which helps nobody who left out `--` or `--config`.
 */

const takesCommand = new Set(['run', 'validate'])
const unknownWords = /^Unknown arguments?: (.*)$/

/** One line, or null where nothing is known. `args`: what follows the program's name. */
export function usageHint(message: string, args: readonly string[]): string | null {
  const [command = '', ...rest] = args
  const unknown = new Set(unknownWords.exec(message)?.[1]?.split(', '))
  if (!takesCommand.has(command) || rest.includes('--')) return null
  // Options are unknown by their bare name, so what is found is a word that stands by itself.
  const word = rest.find((arg) => unknown.has(arg))
  if (word === undefined) return null
  return /\.ya?ml$/i.test(word)
    ? `the configuration is given with --config: mcp-guard ${command} --config ${word}`
    : `the command of a server comes after --: mcp-guard ${command} [options] -- ${word} ...`
}
