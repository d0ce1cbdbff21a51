import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

writeFileSync(join(folder, 'two.key'), 'a b\n')
mkdirSync(join(folder, 'rules'))

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

const commandList = commands.join(', ').replace(/, (\w+)$/, ' or $1')

/** What is wrong with the command line itself: exit 2, and how it is right. */
const wrong: readonly (readonly [args: string, message: string])[] = [
  ['', 'say which command: LIST'],
  ['rnu', 'there is no such command; did you mean run?'],
  ['test', 'there is no such command; did you mean test-policy?'],
  [
    'verify --policy p',
    'there is no such command; did you mean test-policy, or build --verify for a signature?',
  ],
  ['constructor', 'there is no command constructor'],
  ['--frob', 'say which command: LIST'],
  ['run --upstrem a=b', 'there is no option --upstrem; did you mean --upstream?'],
  ['check --strict', 'there is no option --strict: it is always strict'],
  ['inspect -f json', 'there is no option -f: use --json'],
  ['init --form roles', 'there is no option --form; did you mean --from?'],
  ['init --from=roles --zzz=1 -q', 'there is no option --zzz\nthere is no option -q'],
  ['init --form roles a b', 'there is no option --form; did you mean --from?\nsurplus argument: b'],
  ['rollback extra more', 'surplus arguments: extra, more'],
  ['rollback extra', 'surplus argument: extra'],
  [
    'run extra',
    'surplus argument: extra\nthe command of a server comes after --: mcp-guard run [options] -- extra ...',
  ],
  [
    'run --policy ./policies npx -y some-server',
    'surplus argument: npx\nthe command of a server comes after --: mcp-guard run [options] -- npx ...',
  ],
  ['run before -- npx --config', 'surplus argument: before'],
  ['run --key-file alice.key', 'there is no option --key-file'],
  [
    'run guard.yaml',
    'surplus argument: guard.yaml\nthe configuration is given with --config: mcp-guard run --config guard.yaml',
  ],
  [
    'validate guard.yml',
    'surplus argument: guard.yml\nthe configuration is given with --config: mcp-guard validate --config guard.yml',
  ],
  [
    'run rules',
    'surplus argument: rules\nthe policy is given with --policy: mcp-guard run --policy rules',
  ],
  [
    'run bundle.tar.gz',
    'surplus argument: bundle.tar.gz\nthe policy is given with --policy: mcp-guard run --policy bundle.tar.gz',
  ],
  ['validate --up a=b', 'there is no option --up'],
  ['run --config', '--config needs a value'],
  ['build -o', '-o needs a value'],
  ['run --config a --config b', '--config is given twice'],
  ['run --upstream a', '--upstream takes NAME=URL, such as files=http://127.0.0.1:3001/mcp'],
  ['run --upstream =b', '--upstream takes NAME=URL, such as files=http://127.0.0.1:3001/mcp'],
  ['run --as alice', '--as means nothing without --stdio'],
  ['run --server a', '--server means nothing without --stdio'],
  ['run --listen 8080', '--listen takes HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080'],
  ['run --listen ::1:8080', '--listen takes HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080'],
  ['validate --listen x:y', '--listen takes HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080'],
  ['keygen', '--id is missing\nsay who the key is for, such as --id alice'],
  ['keygen --id a\u00a0b', 'ids and roles have 1 to 128 characters and no spaces'],
  ['hash-key mcp_secret', 'the key is read from standard input, never from the command line'],
  ['hash-key --key mcp_secret', 'the key is read from standard input, never from the command line'],
  ['call', 'say what to call: list, or the name of a tool, such as mcp-guard call list'],
  ['call --json', 'say what to call: list, or the name of a tool, such as mcp-guard call list'],
  ['call list more', 'a list takes no arguments'],
  [
    'can',
    'name the servers: --config FILE, --upstream NAME=URL, or --items FILE with --server NAME',
  ],
  ['can alice echo hi', 'an argument is name=text or name:=json, not "hi"'],
  ['explain echo', 'an argument is name=text or name:=json, not "echo"'],
  [
    'explain',
    'action.name the method is missing; say which: --tool, --prompt, --resource, --method, --facts or --audit',
  ],
  ['build', 'say where the bundle is written, such as --out bundle.tar.gz'],
  ['grants', 'say which server, in one way: --from URL, --config FILE or -- COMMAND'],
  ['grants files', 'surplus argument: files'],
  [
    'grants http://127.0.0.1:1/mcp',
    'surplus argument: http://127.0.0.1:1/mcp\nthe server is given with --from: mcp-guard grants --from http://127.0.0.1:1/mcp',
  ],
  ['init --from roles here there', 'surplus argument: there'],
  ['inspect a.tgz b.tgz', 'surplus argument: b.tgz'],
  ['keygen alice', '--id is missing\nsay who the key is for, such as --id alice'],
  ['keygen --id alice bob', 'surplus argument: bob'],
  ['pin files', '--url is missing'],
  [
    'pin http://127.0.0.1:1/mcp',
    '--url is missing\nthe server is given with --url: mcp-guard pin --url http://127.0.0.1:1/mcp',
  ],
  [
    'rollback 3f9c04',
    'surplus argument: 3f9c04\nthe revision is given with --to: mcp-guard rollback --to 3f9c04',
  ],
  ['version 2', 'surplus argument: 2'],
  ['call list --url ftp://x', '--url takes an http or https URL'],
  ['call list a=b', 'a list takes no arguments'],
  ['call file:///x a=b --resources', 'a resource takes no arguments'],
  ['call list --prompts --resources', '--prompts and --resources exclude each other'],
  ['call echo hi', 'an argument is name=text or name:=json, not "hi"'],
  ['call echo a=1 a=2', 'the argument "a" is given twice'],
  ['call echo a:=hi', 'the argument "a" is not JSON'],
  ['call echo --arguments [1]', '--arguments must be a JSON object'],
  ['call echo --key-file none.key', 'the key file none.key does not exist'],
  ['call echo --key-file two.key', 'the key file two.key does not hold one key'],
  ['call echo --key mcp_secret', 'there is no option --key; did you mean --key-file?'],
  ['fmt -w -', '--write needs files; - is printed'],
  ['fmt - policies', '- stands alone'],
  ['check --max-errors 0', '--max-errors takes a number from 1'],
  ['check --format json --format sarif', '--format is given twice'],
  ['lint --disable unused', 'there is no lint unused; did you mean unused-allow?'],
  ['lint --disable glob', 'there is no lint glob; did you mean glob-for-set?'],
  ['lint --enable glob-for-sets', 'there is no lint glob-for-sets; did you mean glob-for-set?'],
  ['lint --enable zzz', 'there is no lint zzz; mcp-guard lint --help names all'],
  ['check --format xml', '--format is one of "pretty", "json", "github", "sarif", not "xml"'],
  ['lint --disable exact-clock --enable lax-builtin', '--disable and --enable exclude each other'],
  ['pin', '--url is missing'],
  [
    'pin --url http://127.0.0.1:1/mcp',
    'say which server of the configuration this is: --server NAME',
  ],
  ['pin --url ftp://x --server a', '--url takes an http or https URL'],
  ['rollback --to ab --release', '--to and --release exclude each other'],
  ['rollback --format json', '--format means nothing without --list'],
]

for (const [args, text] of wrong) {
  test(`exit 2: mcp-guard ${args}`, async () => {
    const words = args === '' ? [] : args.split(' ')
    const ended = await inProcess(words)
    const [command = ''] = words
    const page = commands.includes(command) ? `${command} --help` : '--help'
    const message = text.replace('LIST', commandList)
    assert.equal(ended, {
      code: 2,
      stdout: '',
      stderr: `error: ${message}\nmcp-guard ${page} shows how it is used\n`,
    })
  })
}

for (const command of commands) {
  test(`mcp-guard ${command} --help explains itself, plainly in a pipe`, async () => {
    const { code, stdout, stderr } = await inProcess([command, '--help'])
    assert.is(code, 0)
    assert.is(stderr, '')
    assert.match(stdout, `mcp-guard ${command}`)
    if (command !== 'version') assert.match(stdout, 'Examples:')
    assert.not.match(stdout, '\u001b')
  })
}

test('mcp-guard --help names every command, with examples', async () => {
  const { code, stdout } = await inProcess(['--help'])
  assert.is(code, 0)
  for (const command of commands) {
    assert.match(stdout, new RegExp(`^  mcp-guard ${command}\\b.* {2}\\w`, 'm'))
  }
  assert.match(stdout, 'mcp-guard run --config guard.yaml')
})

/** One of each way to end: as a process, the program prints and ends as everywhere in these tests. */
const asProcess: readonly (readonly [args: string, code: number])[] = [
  ['--help', 0],
  ['check --help', 0],
  ['version --json', 0],
  ['rnu', 2],
  ['test-policy --frob', 1],
  ['inspect nowhere', 1],
  ['fmt nowhere', 1],
]

for (const [args, code] of asProcess) {
  test(`a process ends as the program does, with ${code}: mcp-guard ${args}`, async () => {
    const ended = await cli(args.split(' '))
    assert.is(ended.code, code)
    assert.equal(ended, await inProcess(args.split(' ')))
  })
}

test.run()
