/**
 * Says what is wrong with a command line in the words that stand on it, and what was probably meant.
 * The parser names options without their dashes and words that are too many as if they were options,
 * which helps nobody who mistyped one or left out `--` or `--config`.
 */
import { existsSync } from 'node:fs'
import { nearestKey } from '../config/nearest.js'
import { answerToOption, commandFor } from './habits.js'

/** What there is: every command, and the options of the one that was named. */
export interface Known {
  readonly commands: readonly string[]
  readonly options: readonly string[]
}

const takesCommand = new Set(['run', 'validate'])

/** A word that is the value of an option, where it can be told by its form. */
const wordOptions: Readonly<Record<string, { form: RegExp; option: string; what: string }>> = {
  grants: { form: /^https?:\/\//, option: '--from', what: 'the server' },
  pin: { form: /^https?:\/\//, option: '--url', what: 'the server' },
  rollback: { form: /^(sha256:)?[0-9a-f]{4,64}$/i, option: '--to', what: 'the revision' },
}

/** `message`: the parser's. `args`: what follows the program's name. */
export function describeUsage(message: string, args: readonly string[], known: Known): string {
  const unknown = /^Unknown arguments?: (.*)$/s.exec(message)?.[1]
  if (unknown !== undefined) return describeUnknown(new Set(unknown.split(', ')), args, known)
  const lacksValue = /^Not enough arguments following: (.+)$/.exec(message)?.[1]
  if (lacksValue !== undefined) return `${dashed(lacksValue)} needs a value`
  const choice = /^Invalid values:\n {2}Argument: (.+), Given: (.+), Choices: (.+)$/.exec(message)
  if (choice !== null) {
    const [, name = '', given, choices] = choice
    return `${dashed(name)} is one of ${choices}, not ${given}`
  }
  const [command = '', ...words] = args
  if (message.startsWith('Not enough non-option arguments')) return lacksWord(command)
  const text = message.replace(/^Missing required arguments?: (.+)/, (_, names: string) => {
    const all = names.split(', ').map(dashed)
    return `${all.join(', ')} ${all.length === 1 ? 'is' : 'are'} missing`
  })
  const hints = text === message ? [] : words.map((word) => optionForWord(command, word))
  return [text, ...hints.filter((hint) => hint !== null).slice(0, 1)].join('\n')
}

/** Only what a command cannot do without is asked for here. */
function lacksWord(command: string): string {
  return command === 'call'
    ? 'say what to call: list, or the name of a tool, such as mcp-guard call list'
    : 'a word is missing'
}

function describeUnknown(
  unknown: ReadonlySet<string>,
  [command = '', ...rest]: readonly string[],
  known: Known,
): string {
  if (!known.commands.includes(command) && !command.startsWith('-'))
    return noCommand(command, known)
  const end = rest.indexOf('--')
  const before = end < 0 ? rest : rest.slice(0, end)
  const surplus = before.find((arg) => unknown.has(arg))
  const hint = surplus === undefined || end >= 0 ? null : hintForWord(command, surplus)
  if (surplus !== undefined && hint !== null) {
    // What follows are the words of that command.
    const wrong = optionProblems(before.slice(0, before.indexOf(surplus)), unknown, command, known)
    return [...wrong.lines, `surplus argument: ${surplus}`, hint].join('\n')
  }
  const { lines, names } = optionProblems(before, unknown, command, known)
  const words = [...unknown].filter((name) => !names.has(name))
  const many = words.length === 1 ? '' : 's'
  return [
    ...lines,
    ...(words.length === 0 ? [] : [`surplus argument${many}: ${words.join(', ')}`]),
  ].join('\n')
}

function noCommand(word: string, { commands }: Known): string {
  const meant = commandFor(word) ?? nearestKey(word, commands)
  return meant === undefined
    ? `there is no command ${word}`
    : `there is no such command; did you mean ${meant}?`
}

/** `names`: those of `unknown` that are options. */
function optionProblems(
  args: readonly string[],
  unknown: ReadonlySet<string>,
  command: string,
  known: Known,
): { readonly lines: readonly string[]; readonly names: ReadonlySet<string> } {
  const names = new Set<string>()
  const lines = new Set<string>()
  for (const arg of args) {
    const [, dashes = '', name = ''] = /^(--?)([^=]+)/s.exec(arg) ?? []
    const found = dashes === '-' ? [...name] : [name]
    const wrong = dashes === '' ? [] : found.filter((one) => unknown.has(one))
    for (const one of wrong) names.add(one)
    // `-form` reads as four options of one letter each.
    const isWord = name.length > 2 && nearestOption(name, known) !== null
    const written = isWord && wrong.length > 0 ? [dashes + name] : wrong.map((one) => dashes + one)
    for (const one of written) lines.add(optionProblem(one, command, known))
  }
  return { lines: [...lines], names }
}

function optionProblem(written: string, command: string, known: Known): string {
  const answer = answerToOption(command, written)
  if (answer !== null) return `there is no option ${written}: ${answer}`
  const nearest = nearestOption(written.replace(/^-+/, ''), known)
  return `there is no option ${written}${nearest === null ? '' : `; did you mean --${nearest}?`}`
}

/** The nearest one, or the only one that begins so. */
function nearestOption(name: string, { options }: Known): string | null {
  if (name.length < 2) return null
  const words = options.filter((option) => option.length > 1)
  const begun = name.length < 3 ? [] : words.filter((option) => option.startsWith(name))
  return nearestKey(name, words) ?? (begun.length === 1 ? (begun[0] ?? null) : null)
}

/** null where a word means nothing. */
function hintForWord(command: string, word: string): string | null {
  if (!takesCommand.has(command)) return optionForWord(command, word)
  if (/\.ya?ml$/i.test(word)) {
    return `the configuration is given with --config: mcp-guard ${command} --config ${word}`
  }
  if (/\.(rego|tgz|tar\.gz)$/i.test(word) || existsSync(`${word}/`)) {
    return `the policy is given with --policy: mcp-guard ${command} --policy ${word}`
  }
  return `the command of a server comes after --: mcp-guard ${command} [options] -- ${word} ...`
}

function optionForWord(command: string, word: string): string | null {
  const known = Object.hasOwn(wordOptions, command) ? wordOptions[command] : undefined
  if (known === undefined || !known.form.test(word)) return null
  const { option, what } = known
  return `${what} is given with ${option}: mcp-guard ${command} ${option} ${word}`
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}
