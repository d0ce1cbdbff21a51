/** What is said of a command line, from the parser's words for it; the parser itself is in usage.test. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { describeUsage } from '../../src/cli/usage-hint.js'

const known = {
  commands: [
    'build',
    'check',
    'explain',
    'fmt',
    'init',
    'inspect',
    'lint',
    'pin',
    'rollback',
    'run',
    'test-policy',
  ],
  options: ['config', 'c', 'from', 'key-file', 'policy', 'help', 'h'],
}

/** Habits from `opa`, `conftest` and `regal`: the option, and what is said of it. */
const habits: readonly (readonly [args: string, answer: string])[] = [
  ['check --strict', 'it is always strict'],
  ['check -S rules', 'it is always strict'],
  ['check --schema s.json', 'the schema of the facts is built in'],
  ['check -s s.json', 'the schema of the facts is built in'],
  ['check -b rules', 'a bundle is named as the path, alone'],
  ['build --bundle rules', 'a bundle is named as the path, alone'],
  ['build -t wasm', 'it is not needed, since the gateway asks for one decision'],
  ['build --entrypoint a/b', 'it is not needed, since the gateway asks for one decision'],
  ['build -r 7', 'use --revision'],
  ['build --signing-key k', 'use --sign'],
  ['build --verification-key k', 'use --verify'],
  ['inspect -a', 'use --json'],
  ['inspect -f json', 'use --json'],
  ['lint --rules x', 'use --enable or --disable'],
  ['lint -d x', 'use --disable'],
  ['explain --input i.json', 'use --facts'],
  ['explain -i i.json', 'use --facts'],
  ['test-policy -m 3', 'nothing here does that'],
  ['test-policy -p 2', 'nothing here does that'],
  ['test-policy --explain full', 'nothing here does that'],
  ['test-policy --ignore x', 'nothing here does that'],
  ['test-policy --benchmem', 'nothing here does that'],
  ['test-policy -b rules', 'a bundle is named as the path, alone'],
  ['fmt --rego-v1', 'it is always so'],
]
for (const [args, answer] of habits) {
  test(`mcp-guard ${args}`, () => {
    const words = args.split(' ')
    const [, option = ''] = words
    const message = `Unknown argument: ${option.replace(/^-+/, '')}`
    assert.is(describeUsage(message, words, known), `there is no option ${option}: ${answer}`)
  })
}

const meant: readonly (readonly [word: string, command: string])[] = [
  ['test', 'test-policy'],
  ['tests', 'test-policy'],
  ['verify', 'test-policy, or build --verify for a signature'],
  ['bench', 'test-policy --bench'],
  ['eval', 'explain'],
  ['query', 'explain'],
  ['sign', 'build --sign'],
  ['format', 'fmt'],
  ['fix', 'fmt --write'],
  ['serve', 'run'],
  ['chek', 'check'],
]
for (const [word, command] of meant) {
  test(`mcp-guard ${word}`, () => {
    assert.is(
      describeUsage(`Unknown arguments: v, ${word}`, [word, '-v'], known),
      `there is no such command; did you mean ${command}?`,
    )
  })
}

function pinHint(url: string): string {
  return `--url is missing\nthe server is given with --url: mcp-guard pin --url ${url}`
}

const lines: readonly (readonly [message: string, args: readonly string[], text: string])[] = [
  ['Unknown argument: toString', ['toString'], 'there is no command toString'],
  ['Unknown argument: toString', ['init', '--toString'], 'there is no option --toString'],
  [
    'Unknown arguments: f, o, r, m',
    ['init', '-form', 'x'],
    'there is no option -form; did you mean --from?',
  ],
  ['Unknown argument: q', ['run', '-cq', 'x'], 'there is no option -q'],
  ['Unknown argument: from', ['init', 'from'], 'surplus argument: from'],
  ['Unknown arguments: a, b', ['init', 'x', 'a, b'], 'surplus arguments: a, b'],
  [
    'Unknown argument: key',
    ['run', '--key=x'],
    'there is no option --key; did you mean --key-file?',
  ],
  ['Missing required arguments: id, c', ['init'], '--id, -c are missing'],
  ['Not enough non-option arguments: got 0, need at least 1', ['other'], 'a word is missing'],
  ['Missing required argument: url', ['pin', 'files', 'http://a', 'http://b'], pinHint('http://a')],
  ['Missing required argument: url', ['toString', 'http://a'], '--url is missing'],
  [
    'Unknown argument: sha256:3F9C',
    ['rollback', 'sha256:3F9C'],
    'surplus argument: sha256:3F9C\nthe revision is given with --to: mcp-guard rollback --to sha256:3F9C',
  ],
  ['Unknown argument: 3f9', ['rollback', '3f9'], 'surplus argument: 3f9'],
  ['something else', ['init'], 'something else'],
]
for (const [message, args, text] of lines) {
  test(`${args.join(' ')}: ${text}`, () => assert.is(describeUsage(message, args, known), text))
}

test.run()
