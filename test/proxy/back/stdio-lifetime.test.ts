/**
 * Processes of servers and the gateway's own life: however it ends, none of them outlives it; and
 * whether one could be started is known without starting it.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startChild } from '../../support/child.js'
import { keyOf, startGateway } from '../../support/gateway.js'
import { call, initialize } from '../../support/messages.js'
import { isAlive, ownChildren, stdioServer, stdioSession, until } from '../../support/stdio.js'

async function post(url: string, body: object, session?: string): Promise<Response> {
  return fetch(`${url}/mcp/up`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${keyOf('alice')}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    },
    body: JSON.stringify(body),
  })
}

async function pidBehind(url: string, tool: string): Promise<number> {
  const begun = await post(url, initialize)
  const session = begun.headers.get('mcp-session-id') ?? ''
  const answer = (await (await post(url, call(tool), session)).json()) as {
    result: { content: { text: string }[] }
  }
  return Number(answer.result.content[0]?.text)
}

const endings = [
  { what: 'told to stop', flags: [], tool: 'pid', signals: ['SIGTERM'] },
  { what: 'told to stop twice', flags: ['deaf'], tool: 'fork', signals: ['SIGTERM', 'SIGTERM'] },
  { what: 'killed', flags: [], tool: 'pid', signals: ['SIGKILL'] },
] as const

for (const { what, flags, tool, signals } of endings) {
  test(`a gateway that is ${what} leaves no process of a server behind`, async () => {
    const gateway = await startChild({ upstreams: { up: stdioServer(flags) } })
    const pid = await pidBehind(gateway.url, tool)
    assert.ok(isAlive(pid))
    for (const signal of signals) {
      gateway.signal(signal)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await gateway.exited
    await until(() => !isAlive(pid), 'the process has ended')
    await gateway.close()
  })
}

test('who leaves while its session waits for a process has none started for it', async () => {
  const before = ownChildren().length
  const gateway = await startGateway({
    upstreams: { up: stdioServer([], { maxChildren: 1 }) },
    callers: { alice: [], bob: [] },
  })
  const { headers } = await stdioSession(gateway, '/mcp/up')
  const leaving = await gateway.open({ as: 'bob', body: initialize })
  await sleep(100)
  leaving.close()
  await gateway.event(({ outcome, method }) => `${outcome} ${method}` === 'abandoned initialize')
  assert.is((await gateway.send({ verb: 'DELETE', headers })).status, 200)
  await until(() => ownChildren().length === before, 'the one process has ended')
  await sleep(200)
  assert.is(ownChildren().length, before)
  await gateway.close()
})

const bin = mkdtempSync(join(tmpdir(), 'mcp-guard-program-'))
process.on('exit', () => rmSync(bin, { recursive: true, force: true }))
const program = join(bin, 'the-program')
const env = { PATH: `/nowhere:${bin}` }

/** What becomes of a program that was there when the gateway started. */
const changes = [
  { what: 'nothing', change: () => undefined, ready: 200 },
  { what: 'it is removed', change: () => rmSync(program), ready: 503 },
  { what: 'it may not be executed any more', change: () => chmodSync(program, 0o600), ready: 503 },
  {
    what: 'it is replaced by a folder',
    change: () => {
      rmSync(program)
      mkdirSync(program)
    },
    ready: 503,
  },
]
for (const { what, change, ready } of changes) {
  for (const command of [program, 'the-program']) {
    const named = command === program ? 'by its path' : 'on PATH'
    test(`required, ${named}, then ${what}: ready is ${ready}, and nothing was started`, async () => {
      rmSync(program, { recursive: true, force: true })
      writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 })
      const before = ownChildren().length
      const gateway = await startGateway({ upstreams: { up: { command, env, required: true } } })
      change()
      const answer = await gateway.admin('/ready')
      const started = ownChildren().length - before
      await gateway.close()
      assert.equal([answer.status, started], [ready, 0])
      if (ready === 503) assert.match(answer.body, 'upstream `up` does not answer')
    })
  }
}

test.run()
