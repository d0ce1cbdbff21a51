import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cli, folder } from './support.js'

writeFileSync(join(folder, 'two.key'), 'a b\n')

const commands = [
  'run',
  'call',
  'init',
  'fmt',
  'check',
  'lint',
  'build',
  'inspect',
  'keygen',
  'hash-key',
  'pin',
  'can',
  'explain',
  'grants',
  'test-policy',
  'rollback',
  'validate',
  'version',
]

/** What is wrong with the command line itself: exit 2, one line that says how it is right. */
const wrong: readonly (readonly [args: string, message: string])[] = [
  ['', `say which command: ${commands.join(', ').replace(/, (\w+)$/, ' or $1')}`],
  ['rnu', 'there is no such command; did you mean run?'],
  ['run --upstrem a=b', 'Unknown argument: upstrem'],
  [
    'run extra',
    'Unknown argument: extra\nthe command of a server comes after --: mcp-guard run [options] -- extra ...',
  ],
  [
    'run --policy ./policies npx -y some-server',
    'Unknown arguments: y, npx\nthe command of a server comes after --: mcp-guard run [options] -- npx ...',
  ],
  ['run before -- npx', 'Unknown argument: before'],
  ['run --key-file alice.key', 'Unknown argument: key-file'],
  [
    'run guard.yaml',
    'Unknown argument: guard.yaml\nthe configuration is given with --config: mcp-guard run --config guard.yaml',
  ],
  [
    'validate guard.yml',
    'Unknown argument: guard.yml\nthe configuration is given with --config: mcp-guard validate --config guard.yml',
  ],
  ['run --config', 'Not enough arguments following: config'],
  ['run --config a --config b', '--config is given twice'],
  ['run --upstream a', '--upstream takes NAME=URL, such as files=http://127.0.0.1:3001/mcp'],
  ['run --upstream =b', '--upstream takes NAME=URL, such as files=http://127.0.0.1:3001/mcp'],
  ['run --as alice', '--as means nothing without --stdio'],
  ['run --server a', '--server means nothing without --stdio'],
  ['run --listen 8080', '--listen takes HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080'],
  ['run --listen ::1:8080', '--listen takes HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080'],
  ['validate --listen x:y', '--listen takes HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080'],
  ['keygen', 'Missing required argument: id\nsay who the key is for, such as --id alice'],
  ['keygen --id a\u00a0b', 'ids and roles have 1 to 128 characters and no spaces'],
  ['hash-key mcp_secret', 'the key is read from standard input, never from the command line'],
  ['hash-key --key mcp_secret', 'the key is read from standard input, never from the command line'],
  ['call', 'Not enough non-option arguments: got 0, need at least 1'],
  ['call list --url ftp://x', '--url takes an http or https URL'],
  ['call list a=b', 'a list takes no arguments'],
  ['call file:///x a=b --resources', 'a resource takes no arguments'],
  ['call list --prompts --resources', 'Arguments prompts and resources are mutually exclusive'],
  ['call echo hi', 'an argument is name=text or name:=json, not "hi"'],
  ['call echo a=1 a=2', 'the argument "a" is given twice'],
  ['call echo a:=hi', 'the argument "a" is not JSON'],
  ['call echo --arguments [1]', '--arguments must be a JSON object'],
  ['call echo --key-file none.key', 'the key file none.key does not exist'],
  ['call echo --key-file two.key', 'the key file two.key does not hold one key'],
  ['call echo --key mcp_secret', 'Unknown argument: key'],
  ['fmt -w -', '--write needs files; - is printed'],
  ['fmt - policies', '- stands alone'],
  ['check --max-errors 0', '--max-errors takes a number from 1'],
  ['check --format json --format sarif', '--format is given twice'],
  ['lint --disable unused', 'there is no lint unused'],
  [
    'lint --disable exact-clock --enable lax-builtin',
    'Arguments disable and enable are mutually exclusive',
  ],
  ['pin', 'Missing required argument: url'],
  [
    'pin --url http://127.0.0.1:1/mcp',
    'say which server of the configuration this is: --server NAME',
  ],
  ['pin --url ftp://x --server a', '--url takes an http or https URL'],
  ['rollback --to ab --release', 'Arguments to and release are mutually exclusive'],
  ['rollback --format json', '--format means nothing without --list'],
  ['rollback extra', 'Unknown argument: extra'],
]

for (const [args, message] of wrong) {
  test(`exit 2: mcp-guard ${args}`, async () => {
    const ended = await cli(args === '' ? [] : args.split(' '))
    assert.equal(ended, {
      code: 2,
      stdout: '',
      stderr: `error: ${message}\nmcp-guard --help shows how it is used\n`,
    })
  })
}

for (const command of commands) {
  test(`mcp-guard ${command} --help explains itself, plainly in a pipe`, async () => {
    const { code, stdout, stderr } = await cli([command, '--help'])
    assert.is(code, 0)
    assert.is(stderr, '')
    assert.match(stdout, `mcp-guard ${command}`)
    if (command !== 'version') assert.match(stdout, 'Examples:')
    assert.not.match(stdout, '\u001b')
  })
}

test('mcp-guard --help names every command, with examples', async () => {
  const { code, stdout } = await cli(['--help'])
  assert.is(code, 0)
  for (const command of commands) {
    assert.match(stdout, new RegExp(`^  mcp-guard ${command}\\b.* {2}\\w`, 'm'))
  }
  assert.match(stdout, 'mcp-guard run --config guard.yaml')
})

test.run()
