/**
 * The gateway as a desktop client's server command, with real peers at both ends: the v1 SDK and the
 * Inspector start `mcp-guard run --stdio`, behind which a server speaks Streamable HTTP or stdio; and
 * the v1 SDK over HTTP+SSE. List, call, denied call, progress, cancel, sampling and elicitation.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AuditEvent } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { type Gateway, keyOf, startGateway, testCacheDir, writeFiles } from '../support/gateway.js'
import { loud, type PeerServer, startEverything } from '../support/peers.js'

const everything = packageFile('node_modules/@modelcontextprotocol/server-everything/dist/index.js')
const main = packageFile('dist', 'src', 'cli', 'main.js')
const env = { PATH: process.env['PATH'] ?? '', XDG_CACHE_HOME: dirname(testCacheDir) }
const policy = {
  'main.rego': `package mcpguard.main

decision := {"allow": false} if input.resource.id == "get-env" else := {"allow": true}
`,
}

let server: PeerServer
let gateway: Gateway
let folder: string
let configFile: string

test.before(
  loud(async () => {
    server = await startEverything()
    folder = await mkdtemp(join(tmpdir(), 'mcp-guard-desktop-'))
    const stdio = { command: process.execPath, args: [everything, 'stdio'] }
    const upstreams = { http: server.url, stdio }
    gateway = await startGateway({ upstreams, policy })
    configFile = (await writeFiles(folder, { upstreams, policy })).configFile
  }),
)
test.after(async () => {
  await gateway?.close()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

function command(...more: readonly string[]): string[] {
  return [main, 'run', '--config', configFile, '--stdio', ...more]
}

const transports: readonly (readonly [name: string, make: () => Transport])[] = [
  [
    'stdio in front of Streamable HTTP',
    () => stdioTransport(command('--as', 'alice', '--server', 'http')),
  ],
  ['stdio in front of stdio', () => stdioTransport(command('--as', 'alice', '--server', 'stdio'))],
  ['HTTP+SSE in front of Streamable HTTP', () => sseTransport('http')],
  ['HTTP+SSE in front of stdio', () => sseTransport('stdio')],
]

function stdioTransport(args: string[]): Transport {
  return new StdioClientTransport({ command: process.execPath, args, env, stderr: 'ignore' })
}

function sseTransport(name: string): Transport {
  const headers = { authorization: `Bearer ${keyOf('alice')}` }
  const url = new URL(`${gateway.url}/mcp/${name}/sse`)
  return new SSEClientTransport(url, { requestInit: { headers } })
}

for (const [name, make] of transports) {
  test(name, async () => {
    const client = new Client(
      { name: 'desktop', version: '1' },
      { capabilities: { sampling: {}, elicitation: {} } },
    )
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: 'm',
      role: 'assistant' as const,
      content: { type: 'text' as const, text: 'sampled-text' },
    }))
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' as const }))
    await client.connect(make())
    try {
      assert.is(client.getServerVersion()?.name, 'mcp-servers/everything')
      const { tools } = await client.listTools()
      const names = tools.map((tool) => tool.name)
      assert.ok(names.includes('echo') && !names.includes('get-env'), names.join())

      const call = (tool: string, given: Record<string, unknown>, options = {}) =>
        client.callTool({ name: tool, arguments: given }, undefined, options)
      const echoed = await call('echo', { message: 'hi' })
      assert.equal(echoed.content, [{ type: 'text', text: 'Echo: hi' }])
      const denied = await call('get-env', {})
      assert.is(denied.isError, true)
      assert.match(JSON.stringify(denied.content), 'Denied by policy')

      const progress: number[] = []
      const onprogress = (one: { progress: number }) => progress.push(one.progress)
      await call('trigger-long-running-operation', { duration: 0.4, steps: 4 }, { onprogress })
      // The SDK forgets the last one where it comes together with the answer.
      assert.equal(progress.slice(0, 3), [1, 2, 3])

      const stop = new AbortController()
      setTimeout(() => stop.abort(), 100)
      const long = { duration: 3, steps: 2 }
      const cancelled = await call('trigger-long-running-operation', long, {
        signal: stop.signal,
      }).catch((thrown: Error) => thrown.name)
      assert.is(typeof cancelled, 'string')

      const sampled = await call('trigger-sampling-request', { prompt: 'p', maxTokens: 5 })
      assert.match(JSON.stringify(sampled.content), 'sampled-text')
      const asked = await call('trigger-elicitation-request', {})
      assert.match(JSON.stringify(asked.content), /declined/i)
    } finally {
      await client.close()
    }
  })
}

test('what went over stdio is on record like anything else', async () => {
  const text = await readFile(join(folder, 'audit.ndjson'), 'utf8')
  const audit: AuditEvent[] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal([...new Set(audit.map(({ transport }) => transport))], ['stdio'])
  assert.equal([...new Set(audit.map(({ subject }) => subject?.id))], ['alice'])
  const denied = audit.filter(({ outcome }) => outcome === 'denied')
  assert.equal(
    denied.map(({ resource }) => resource?.id),
    ['get-env', 'get-env'],
  )
  const count = (what: string) => audit.filter(({ event }) => event === what).length
  assert.is(count('stream.opened'), count('stream.closed'))
})

test('the Inspector over stdio, the key from the environment', async () => {
  const inspector = packageFile(
    'test/peers/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
  )
  const server = [process.execPath, ...command('--server', 'stdio')]
  const args = [inspector, '--cli', '-e', `MCP_GUARD_KEY=${keyOf('alice')}`, '-e']
  const given = ['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'message=hi']
  const catalog = { MCP_CATALOG_PATH: join(folder, 'catalog.json') }
  const options = {
    env: { ...process.env, ...env, ...catalog, NODE_V8_COVERAGE: '' },
    timeout: 60_000,
  }
  const stdout = await new Promise<string>((resolve) => {
    const all = [...args, `XDG_CACHE_HOME=${env.XDG_CACHE_HOME}`, ...given, '--', ...server]
    execFile(process.execPath, all, options, (_, out, err) => resolve(out + err)).stdin?.end()
  })
  assert.match(stdout, 'Echo: hi')
})

test('SIGTERM: exit 0; standard output has messages only', async () => {
  const child = spawn(process.execPath, command('--as', 'alice', '--server', 'http'), { env })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    stdout += piece
  })
  child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\nno json\n')
  while (stdout.split('\n').length < 3) await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.is(code, 0)
  const messages = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(messages.map(({ id }) => id).sort(), [1, null].sort())
})

test.run()
