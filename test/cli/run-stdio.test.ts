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
const sha256 = createHash('sha256').update('the-key-of-alice').digest('hex')
const identity = `identity: { apiKeys: [{ id: alice, sha256: "${sha256}" }] }`
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
    '--as takes the id of an entry of identity.apiKeys: there are alice',
  ],
  [
    '--config nobody.yaml --as bob',
    '--as takes the id of an entry of identity.apiKeys: there is none',
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
      stderr: `error: ${message}\nmcp-guard --help shows how it is used\n`,
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

test('a command beside a server of its name is refused with its place', async () => {
  config('server.yaml', `upstreams: { server: { url: "http://127.0.0.1:9/" } }`, identity)
  const { code, stderr } = await cli(['run', '--config', 'server.yaml', '--', 'node'])
  assert.is(code, 1)
  assert.match(stderr, 'the command after --: /upstreams/server: has both "url" and "command"')
})

test.run()
