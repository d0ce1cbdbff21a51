import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cli, folder, type Started, startCli } from './support.js'

function policy(name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'main.rego'), text)
  return path
}

policy('open', 'package mcpguard.main\n\nimport rego.v1\n\ndecision := {"allow": true}\n')
const unfit = policy(
  'unfit',
  'package mcpguard.main\n\ndecision := {"allow": data.mcpguard.rules.grants.permit != set()}\n',
)
writeFileSync(
  join(unfit, 'grants.rego'),
  'package mcpguard.rules.grants\n\npermit contains "a" if data.grants[input.subject.id]\n',
)
writeFileSync(join(unfit, 'data.yaml'), 'grants: [alice]\n')
policy('broken', 'package mcpguard.main\n\nimport rego.v1\n\ndecision := {"allow": tru}\n')
const upstream = ['--upstream', 'one=http://127.0.0.1:9/mcp']

function logOf(started: Started): Record<string, unknown>[] {
  return started
    .stderr()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

async function addressOf(started: Started): Promise<string> {
  const match = await started.until(
    /"text":"listening".*?"url":"([^"]+)"|"url":"([^"]+)".*"text":"listening"/,
  )
  return match[1] ?? match[2] ?? ''
}

test('exit 1 when there is nothing to guard, before anything listens', async () => {
  assert.equal(await cli(['run', '--policy', 'open']), {
    code: 1,
    stdout: '',
    stderr:
      '"upstreams" is missing; add it: the MCP servers behind the gateway, by name; at least 1, at most 256 (or use --upstream NAME=URL, or a command after --: -- COMMAND ARGS)\n',
  })
})

test('exit 1 with every problem of the configuration and its place', async () => {
  writeFileSync(join(folder, 'bad.yaml'), 'lisen: {}\nupstreams: { a: { url: x } }\n')
  assert.equal(await cli(['run', '--config', 'bad.yaml']), {
    code: 1,
    stdout: '',
    stderr: [
      'bad.yaml:1: /lisen: unknown key "lisen"; did you mean "listen"?',
      'bad.yaml:2: /upstreams/a/url: is not an http or https URL; write http://host:port/path',
      '',
    ].join('\n'),
  })
})

test('exit 1 with the place in a policy that cannot be used', async () => {
  const { code, stdout, stderr } = await cli(['run', '--policy', 'broken', ...upstream])
  assert.is(code, 1)
  assert.is(stdout, '')
  assert.match(stderr, 'error: the policy broken cannot be used\nbroken/main.rego:5:23: ')
  assert.not.match(stderr, 'listening')
})

test('data that do not fit the shipped rules are warned of, and the gateway runs', async () => {
  writeFileSync(join(folder, 'unfit.yaml'), 'admin: { port: 0 }\n')
  const listen = ['--listen', '127.0.0.1:0', ...upstream]
  const run = startCli(['run', '--config', 'unfit.yaml', '--policy', 'unfit', ...listen])
  await addressOf(run)
  const texts = logOf(run).map(({ text }) => text)
  assert.ok(
    texts.includes('data.yaml:1: data /grants: must be a map of keys (role → server → lists)'),
  )
  run.child.kill('SIGTERM')
  assert.is((await run.ended).code, 0)
})

test('runs without a file, reloads on SIGHUP, stops on SIGTERM', async () => {
  writeFileSync(
    join(folder, 'ports.yaml'),
    'admin: { port: 0 }\nupstreams: { one: { url: "http://127.0.0.1:9/" } }\n',
  )
  const listen = ['--listen', '127.0.0.1:0']
  const run = startCli(['run', '--config', 'ports.yaml', '--policy', 'open', ...listen])
  const url = await addressOf(run)
  const started = logOf(run).find(({ text }) => text === 'listening')
  assert.equal(started?.['upstreams'], [
    { name: 'one', endpoint: `${url}/mcp/one`, upstream: 'http://127.0.0.1:9/' },
  ])
  assert.match(String(started?.['revision']), /^sha256:[0-9a-f]{64}$/)
  assert.equal([started?.['identity'], started?.['audit']], ['nobody is let in', '-'])
  const warnings = logOf(run).filter(({ level }) => level === 'warn')
  assert.equal(
    warnings.map(({ text }) => text),
    [
      'nobody is let in by identity: every call will be answered 401; make an API key with mcp-guard keygen, or set jwt, oauth, clientCertificates or anonymous',
    ],
  )
  assert.is((await fetch(`${url}/live`)).status, 200)

  const second = await cli([
    'run',
    '--config',
    'ports.yaml',
    '--policy',
    'open',
    '--listen',
    url.slice(7),
  ])
  assert.is(second.code, 1)
  assert.match(second.stderr, `error: listen EADDRINUSE: address already in use ${url.slice(7)}\n`)
  assert.match(
    second.stderr,
    'another program listens there: stop it, or choose with --listen HOST:PORT',
  )

  if (process.platform !== 'win32') {
    run.child.kill('SIGHUP')
    await run.until(/SIGHUP: /)
    assert.is((await fetch(`${url}/live`)).status, 200)
  }
  run.child.kill('SIGTERM')
  const { code } = await run.ended
  assert.is(code, 0)
  assert.ok(logOf(run).some(({ text }) => text === 'SIGTERM: stopping'))
  const gone = await fetch(`${url}/live`).catch((error: Error) => error)
  assert.instance(gone, Error)
})

test('a second signal does not wait for calls in flight', async () => {
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  silent.unref()
  const asked = new Promise((resolve) => silent.once('request', resolve))
  writeFileSync(
    join(folder, 'hanging.yaml'),
    `listen: { port: 0, drainTimeout: 1m }
admin: { port: 0 }
policy: { path: ./open }
identity: { anonymous: true }
upstreams: { silent: { url: "http://127.0.0.1:${(silent.address() as AddressInfo).port}/mcp" } }
`,
  )
  const run = startCli(['run', '--config', 'hanging.yaml'])
  const url = await addressOf(run)
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'a', version: '1' },
    },
  }
  const call = fetch(`${url}/mcp/silent`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify(body),
  }).catch((error: Error) => error)
  await asked
  run.child.kill('SIGINT')
  await run.until(/SIGINT: stopping/)
  const waited = await Promise.race([
    run.ended.then(() => 'ended'),
    new Promise((resolve) => setTimeout(resolve, 500, 'waiting')),
  ])
  assert.is(waited, 'waiting')
  run.child.kill('SIGINT')
  assert.is((await run.ended).code, 1)
  assert.instance(await call, Error)
})

test.run()
