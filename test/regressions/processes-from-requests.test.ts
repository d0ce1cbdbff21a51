/**
 * Which process is started, with what arguments, environment and folder, is the configuration's word
 * alone: nothing that a caller sends is part of it, and there is no path that takes a command.
 */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { call, request } from '../support/messages.js'
import { stdioServer, textOf } from '../support/stdio.js'

const gateway = await startGateway({ upstreams: { server: stdioServer(['given']) } })
test.after(() => gateway.close())

const mark = join(tmpdir(), `mcp-guard-started-${process.pid}`)
const wish = {
  command: 'touch',
  args: [mark],
  env: { WISH: '1' },
  cwd: '/',
  transportType: 'stdio',
}
const query = new URLSearchParams({ command: 'touch', args: mark, transportType: 'stdio' })

test('a command in initialize, in headers and in arguments is no command', async () => {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: { experimental: wish },
    clientInfo: { name: `$(touch ${mark})`, version: `\`touch ${mark}\`` },
    ...wish,
  }
  const headers = { 'x-mcp-command': `touch ${mark}`, 'x-mcp-env': 'WISH=1' }
  const begun = await gateway.send({ headers, body: request('initialize', params) })
  assert.is(begun.status, 200)
  const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' }
  const tell = async (name: string) =>
    textOf(
      await gateway.send({ headers: session, body: call(name, { arguments: wish, _meta: wish }) }),
    )
  const [cwd, ...args] = JSON.parse(await tell('place'))
  assert.equal([cwd, args], [process.cwd(), ['given']])
  const env: Record<string, string> = JSON.parse(await tell('env'))
  for (const [name, value] of Object.entries(env)) assert.is(value, process.env[name], name)
  assert.not.ok(existsSync(mark))
})

for (const path of [
  `/mcp/server?${query}`,
  `/mcp/server/sse?${query}`,
  `/mcp?${query}`,
  `/stdio?${query}`,
  `/sse?${query}`,
  '/mcp-rest/test/connection',
  '/api/servers',
]) {
  test(`${path.slice(0, 40)}: 404`, async () => {
    for (const verb of ['GET', 'POST']) {
      const body = verb === 'GET' ? {} : { body: wish }
      assert.is((await gateway.send({ verb, path, ...body })).status, 404)
    }
    assert.not.ok(existsSync(mark))
  })
}

test.run()
