/**
 * What `init` wrote, used: its workflow runs step by step as it is written, and its gateway lets the
 * caller of the start do what the start promises.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cli, folder, startCli } from '../cli/support.js'
import { installInto, runWorkflow } from './policy-repository.js'

/** Whom a call is made as, a call that is allowed and one that is denied, and what is in a list. */
const trials = {
  roles: { role: 'reader', allowed: 'get-sum', denied: 'get-env', listed: ['echo', 'get-sum'] },
  servers: {
    role: 'user',
    allowed: 'get-sum',
    denied: 'get-env',
    listed: ['echo', 'get-structured-content', 'get-sum'],
  },
  'read-only': {
    role: 'agent',
    allowed: 'get-sum',
    denied: 'toggle-simulated-logging',
    listed: ['echo', 'get-annotated-message', 'get-structured-content', 'get-sum'],
  },
} as const

export function testStarts(starts: readonly (keyof typeof trials)[]): void {
  installInto(folder)
  for (const start of starts) {
    test(`${start}: the steps of the workflow pass as they are written`, async () => {
      assert.is((await cli(['init', start, '--from', start])).code, 0)
      await runWorkflow(join(folder, start), folder)
    })

    test(`${start}: the gateway runs, allows, denies and lists`, () => runGateway(start))
  }
}

async function runGateway(start: keyof typeof trials): Promise<void> {
  const { role, allowed, denied, listed } = trials[start]
  const config = readFileSync(join(folder, start, 'mcp-guard.yaml'), 'utf8')
  // Other tests run gateways at the same time.
  const own = join(folder, start, 'own.yaml')
  writeFileSync(own, `${config.replace('port: 8080', 'port: 0')}admin: { port: 0 }\n`)
  const keys = `${start}/keys.yaml`
  const made = await cli([
    'keygen',
    '--id',
    'alice',
    '--role',
    role,
    '--append',
    keys,
    '--out',
    `${start}.key`,
  ])
  assert.is(made.code, 0, made.stderr)
  const running = startCli(['run', '--config', `${start}/own.yaml`])
  const [, url = ''] = await running.until(/"endpoint":"([^"]+)"/)
  const call = (...args: string[]) =>
    cli(['call', '--url', url, '--key-file', `${start}.key`, ...args])
  const sum = await call(allowed, 'a:=1', 'b:=2')
  assert.is(sum.code, 0, sum.stderr)
  assert.match(sum.stdout, '3')
  const refused = await call(denied)
  assert.is(refused.code, 1)
  assert.match(refused.stdout + refused.stderr, 'Denied by policy')
  const { stdout } = await call('list')
  const names = stdout.split('\n').map((line) => /^\S+/.exec(line)?.[0])
  for (const name of listed) assert.ok(names.includes(name), stdout)
  assert.not.ok(names.includes(denied))
  assert.not.ok(names.includes('get-env'))
  running.child.kill('SIGTERM')
  await running.ended
}
