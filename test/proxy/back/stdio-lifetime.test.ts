/**
 * Processes of servers and the gateway's own life: however it ends, none of them outlives it; and
 * whether one could be started is known without starting it.
 */
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

const commands = [
  { command: process.execPath, ready: 200 },
  { command: 'node', ready: 200 },
  { command: 'no-such-program', ready: 503 },
  { command: '/etc/passwd', ready: 503 },
  { command: '/tmp', ready: 503 },
  { command: './no-such-file', ready: 503 },
]
for (const { command, ready } of commands) {
  test(`required, with the command ${command}: ready is ${ready}, and nothing was started`, async () => {
    const before = ownChildren().length
    const gateway = await startGateway({ upstreams: { up: { command, required: true } } })
    const answer = await gateway.admin('/ready')
    const started = ownChildren().length - before
    await gateway.close()
    assert.equal([answer.status, started], [ready, 0])
    if (ready === 503) assert.match(answer.body, 'upstream `up` does not answer')
  })
}

test.run()
