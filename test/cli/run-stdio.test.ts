/** `run --stdio`: what it says when who, which server or the audit is not settled; the one-line form. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cli, folder, startCli } from './support.js'

mkdirSync(join(folder, 'open'), { recursive: true })
writeFileSync(
  join(folder, 'open', 'main.rego'),
  'package mcpguard.main\n\nimport rego.v1\n\ndecision := {"allow": true}\n',
)
const identity = `identity: { apiKeys: [${keyEntry('alice')}] }`
const one = 'one: { url: "http://127.0.0.1:9/mcp" }'
const two = 'two: { url: "http://127.0.0.1:9/other" }'

function config(name: string, ...lines: string[]): void {
  writeFileSync(join(folder, name), `policy: { path: open }\n${lines.join('\n')}\n`, {
    mode: 0o600,
  })
}
config('nobody.yaml', `upstreams: { ${one} }`, 'audit: { file: a.ndjson }')
config('stdout.yaml', `upstreams: { ${one} }`, identity)
config('one.yaml', `upstreams: { ${one} }`, identity, 'audit: { file: a.ndjson }')
config('two.yaml', `upstreams: { ${one}, ${two} }`, identity, 'audit: { file: a.ndjson }')
config('none.yaml', identity)
const inFile = 'identity: { apiKeyFile: many.keys }'
config('many.yaml', `upstreams: { ${one} }`, inFile, 'audit: { file: a.ndjson }')
writeFileSync(
  join(folder, 'many.keys'),
  `apiKeys: [${['alice', ...names(25)].map(keyEntry).join(', ')}]\n`,
)

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${index}`)
}

function keyEntry(id: string): string {
  return `{ id: ${id}, sha256: "${createHash('sha256').update(`the-key-of-${id}`).digest('hex')}" }`
}

const keygen =
  'mcp-guard keygen --id NAME makes a key and its entry, for identity.apiKeys or the file of identity.apiKeyFile'

const wrong: readonly (readonly [args: string, message: string])[] = [
  [
    '--config stdout.yaml --as alice',
    "with --stdio standard output is the client's: give the audit a file with --audit FILE, or audit.file in the configuration",
  ],
  [
    '--config one.yaml',
    'say who the client is: --as ID of an entry of identity.apiKeys, or its key in MCP_GUARD_KEY, or set identity.anonymous',
  ],
  [
    '--config one.yaml --as bob',
    `--as takes the id of an API key's entry: there are alice\n${keygen}`,
  ],
  [
    '--config nobody.yaml --as bob',
    `--as takes the id of an API key's entry: there is none\n${keygen}`,
  ],
  // As it was written, not as the number it looks like.
  [
    '--config many.yaml --as 007',
    `--as takes the id of an API key's entry: there are alice, ${names(19).join(', ')} and 6 more\n${keygen}`,
  ],
  ['--config two.yaml --as alice', 'say which server the client reaches: --server one or two'],
  [
    '--config two.yaml --as alice --server three',
    'there is no upstream three: --server takes one of one, two',
  ],
  [
    '--config one.yaml --as alice --listen 127.0.0.1:1',
    '--stdio opens no port: leave --listen out',
  ],
]

for (const [args, message] of wrong) {
  test(`exit 2: ${args}`, async () => {
    assert.equal(await cli(['run', '--stdio', ...args.split(' ')]), {
      code: 2,
      stdout: '',
      stderr: `error: ${message}\nmcp-guard run --help shows how it is used\n`,
    })
  })
}

test('the one-line form: a command after --, spoken to over stdio; the end of input ends it', async () => {
  const server = `
    process.stdin.on('data', (bytes) => {
      for (const line of String(bytes).trim().split('\\n')) {
        const { id, method } = JSON.parse(line)
        if (id === undefined) continue
        const result = { method, args: process.argv.slice(1), content: [] }
        process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n')
      }
    })`
  const options = ['--config', 'none.yaml', '--audit', 'b.ndjson', '--as', 'alice']
  const command = [process.execPath, '-e', server, '--', '--upstream', 'x']
  const initialize = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {} },
  }
  const { code, stdout, stderr } = await cli(
    ['run', '--stdio', ...options, '--', ...command],
    `${JSON.stringify(initialize)}\n`,
  )
  assert.is(code, 0, stderr)
  assert.equal(JSON.parse(stdout).result, {
    method: 'initialize',
    args: ['--upstream', 'x'],
    content: [],
  })
})

test('the server ends with its session: exit 1 and why, so that the client starts it again', async () => {
  const server = `
    process.stdin.on('data', (bytes) => {
      for (const line of String(bytes).trim().split('\\n')) {
        const { id, method } = JSON.parse(line)
        if (method === 'tools/call') process.exit(3)
        const result = { method, protocolVersion: '2025-11-25' }
        if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n')
      }
    })`
  const params = { protocolVersion: '2025-11-25', capabilities: {} }
  const called = { name: 'x', arguments: {} }
  const lines = [
    { jsonrpc: '2.0', id: 1, method: 'initialize', params },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: called },
  ]
  const input = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  const after = `${JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'ping' })}\n`
  const options = ['--config', 'none.yaml', '--audit', 'c.ndjson', '--as', 'alice']
  const command = ['run', '--stdio', ...options, '--', process.execPath, '-e', server]
  const { child, until, ended } = startCli(command, null)
  child.stdin?.write(input)
  await until(/"id":2/)
  child.stdin?.write(after)
  const { code, stdout, stderr } = await ended
  assert.is(code, 1, stderr)
  assert.match(stdout, '"id":3')
  assert.match(
    stderr,
    'error: the server does not know the session any more, and a client over stdio cannot be told: start the command again for a new one',
  )
})

test("a key that is nobody's is refused before anything is said to be served", async () => {
  const env = { MCP_GUARD_KEY: 'mcp_wrong' }
  const started = startCli(['run', '--stdio', '--config', 'one.yaml'], '', env)
  const { code, stdout, stderr } = await started.ended
  assert.equal([code, stdout], [1, ''])
  assert.match(stderr, 'error: the key is none of identity.apiKeys')
  assert.not.match(stderr, 'serving one client')
})

test('--as finds the entries of the file of keys', async () => {
  const options = ['--config', 'many.yaml', '--as', 'n24']
  const { code, stderr } = await cli(['run', '--stdio', ...options])
  assert.is(code, 0, stderr)
  assert.match(stderr, /"text":"serving one client over stdio","server":"one","as":"n24"/)
})

const absent = 'cannot: { command: no-such-program }'
config('absent.yaml', `upstreams: { ${one}, ${absent} }`, identity, 'audit: { file: a.ndjson }')
config('only.yaml', `upstreams: { ${absent} }`, identity, 'audit: { file: a.ndjson }')
const notFound =
  '"no-such-program" is not found on PATH; install it, or write the whole path of the program\n'

for (const [args, place] of [
  ['--config absent.yaml --as alice --server cannot', 'absent.yaml:2: /upstreams/cannot/command'],
  ['--config only.yaml --as alice', 'only.yaml:2: /upstreams/cannot/command'],
  [
    '--config none.yaml --audit a.ndjson --as alice -- no-such-program x',
    'the command after --: /upstreams/server/command',
  ],
] as const) {
  test(`exit 1, and nothing is started: a command that is not there, ${args}`, async () => {
    assert.equal(await cli(['run', '--stdio', ...args.split(' ')]), {
      code: 1,
      stdout: '',
      stderr: `${place}: ${notFound}`,
    })
  })
}

test('a command that is not there and that this client does not reach is no matter', async () => {
  const { code, stderr } = await cli([
    'run',
    '--stdio',
    '--config',
    'absent.yaml',
    '--as',
    'alice',
    '--server',
    'one',
  ])
  assert.is(code, 0, stderr)
  assert.not.match(stderr, 'no-such-program')
})

test('a command beside a server of its name is refused with its place', async () => {
  config('server.yaml', `upstreams: { server: { url: "http://127.0.0.1:9/" } }`, identity)
  const { code, stderr } = await cli(['run', '--config', 'server.yaml', '--', 'node'])
  assert.is(code, 1)
  assert.match(stderr, 'the command after --: /upstreams/server: has both "url" and "command"')
})

test.run()
