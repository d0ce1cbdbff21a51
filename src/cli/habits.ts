/**
 * What people who come from `opa`, `conftest` or `regal` write, and what it is called here. Only what
 * would otherwise be answered with nothing, or with a guess that misleads.
 */

const commands: Readonly<Record<string, string>> = {
  test: 'test-policy',
  tests: 'test-policy',
  verify: 'test-policy, or build --verify for a signature',
  bench: 'test-policy --bench',
  eval: 'explain',
  query: 'explain',
  sign: 'build --sign',
  format: 'fmt',
  fix: 'fmt --write',
  serve: 'run',
}

const bundle = 'a bundle is named as the path, alone'
const noOther = 'nothing here does that'

/** By command; the options of one row are separated by spaces. */
const options: Readonly<Record<string, readonly (readonly [names: string, answer: string])[]>> = {
  check: [
    ['--strict -S', 'it is always strict'],
    ['--schema -s', 'the schema of the facts is built in'],
    ['--bundle -b', bundle],
    ['--capabilities', 'the built-in functions are those of the gateway'],
  ],
  'test-policy': [
    ['--bundle -b', bundle],
    ['--max-errors -m --parallel -p --explain --ignore --benchmem', noOther],
    ['--schema -s', 'mcp-guard check has the schema of the facts built in'],
  ],
  build: [
    ['--bundle -b', bundle],
    ['--target -t --entrypoint -e', 'it is not needed, since the gateway asks for one decision'],
    ['-r', 'use --revision'],
    ['--signing-key', 'use --sign'],
    ['--signing-alg', 'use --algorithm'],
    ['--verification-key', 'use --verify'],
    ['--verification-key-id', 'use --key-id'],
  ],
  inspect: [['--annotations -a --format -f', 'use --json']],
  lint: [
    ['--rules', 'use --enable or --disable'],
    ['-d', 'use --disable'],
    ['-e', 'use --enable'],
  ],
  explain: [
    ['--input -i', 'use --facts'],
    ['--data -d --bundle -b', 'use --policy'],
    ['--format -f', 'use --json'],
  ],
  fmt: [['--rego-v1', 'it is always so']],
}

/** null: nothing is known of it. */
export function commandFor(word: string): string | null {
  return Object.hasOwn(commands, word) ? (commands[word] ?? null) : null
}

/** `written` with its dashes. */
export function answerToOption(command: string, written: string): string | null {
  const rows = Object.hasOwn(options, command) ? (options[command] ?? []) : []
  return rows.find(([names]) => names.split(' ').includes(written))?.[1] ?? null
}
