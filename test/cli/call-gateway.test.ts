import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packageFile } from '../../src/lib/package-root.js'
import { cli, folder, startCli, startNode } from './support.js'

/** The shipped policy and two keys of `keygen`, in front of a real MCP server. */
async function startGateway(): Promise<{ url: string; stop: () => Promise<number | null> }> {
  const demo = startNode([packageFile('scripts', 'demo-server.mjs')])
  const [upstream] = await demo.until(/http:\/\/\S+/)
  const entries = await Promise.all(
    ['reader', 'admin'].map(async (role) => {
      const { stdout } = await cli(['keygen', '--id', role, '--role', role, '--out', `${role}.key`])
      return stdout.slice(stdout.indexOf('  - id'))
    }),
  )
  writeFileSync(
    join(folder, 'guard.yaml'),
    `listen: { port: 0 }
admin: { port: 0 }
policy: { path: ${JSON.stringify(packageFile('policies'))} }
upstreams: { everything: { url: "${upstream}" } }
audit: { file: ./audit.ndjson }
identity:
  apiKeys:
${entries.join('')}`,
  )
  const gateway = startCli(['run', '--config', 'guard.yaml'])
  const [, url = ''] = await gateway.until(/"endpoint":"([^"]+)"/)
  async function stop(): Promise<number | null> {
    gateway.child.kill('SIGTERM')
    const { code } = await gateway.ended
    demo.child.kill('SIGKILL')
    await demo.ended
    return code
  }
  return { url, stop }
}

const { url, stop } = await startGateway()
const as = (role: string, ...args: string[]) =>
  cli(['call', ...args, '--url', url, '--key-file', `${role}.key`, '--audit', 'audit.ndjson'])

test('an allowed call is answered by the server', async () => {
  assert.equal(await as('reader', 'echo', 'message=hi'), {
    code: 0,
    stdout: 'Echo: hi\n',
    stderr: '',
  })
  const sum = await as('reader', 'get-sum', 'a:=20', 'b:=22')
  assert.equal([sum.code, sum.stdout], [0, 'The sum of 20 and 22 is 42.\n'])
})

test('a denied call says so, and the audit beside it says why', async () => {
  const { code, stdout } = await as('reader', 'get-env')
  assert.is(code, 1)
  const [denial = '', audit = ''] = stdout.split('\n')
  const [, decisionId] =
    /^Denied by policy \(decision (\S+)\)\. Retrying will not help\.$/.exec(denial) ?? []
  const event = JSON.parse(audit.replace(/^audit: /, ''))
  assert.is(event.decision_id, decisionId)
  assert.equal(
    [event.outcome, event.resource.id, event.subject.id],
    ['denied', 'get-env', 'reader'],
  )
  assert.ok(event.reasons.length > 0)
  assert.match(readFileSync(join(folder, 'audit.ndjson'), 'utf8'), audit.replace(/^audit: /, ''))
})

test('a list differs by key', async () => {
  const [reader, admin] = await Promise.all([as('reader', 'list'), as('admin', 'list')])
  const names = (stdout: string) =>
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split('  ')[0])
  assert.ok(names(admin.stdout).includes('get-env'))
  assert.not.ok(names(reader.stdout).includes('get-env'))
  assert.ok(names(reader.stdout).includes('echo'))
  assert.ok(names(reader.stdout).length < names(admin.stdout).length)
})

test('without a key there is no way in', async () => {
  const { code, stderr } = await cli(['call', 'list', '--url', url])
  assert.is(code, 1)
  assert.match(stderr, 'error: authentication required (HTTP 401, code 1401)\nsend a key:')
})

test('the gateway stops cleanly', async () => {
  assert.is(await stop(), 0)
})

test.run()
