/**
 * A malformed request or an abrupt end, on any transport, ends that request alone: the process goes
 * on, and whoever else is waiting is answered.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startBadHttp } from '../support/bad-servers.js'
import { Connection } from '../support/connection.js'
import { startGateway } from '../support/gateway.js'
import { call, initialize, openSession } from '../support/messages.js'
import { stdioServer } from '../support/stdio.js'

const http = await startBadHttp()
const gateway = await startGateway({
  upstreams: { http: http.url, stdio: stdioServer() },
  callers: { alice: [], bob: [] },
})
test.after(async () => {
  await gateway.close()
  await http.close()
})

const hang = (path: string) => gateway.request({ path, body: call('hang') })
const rude: Readonly<Record<string, (path: string) => string | Uint8Array>> = {
  'no HTTP': () => '\x16\x03\x01\x02\0',
  'half a request line': (path) => `POST ${path}`,
  'half the headers': (path) => `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-ty`,
  'half the body': (path) => hang(path).subarray(0, -10),
  'a length that is none': (path) =>
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n`,
  'a chunk that is none': (path) =>
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
  'a call, then the end': hang,
  'a broken key': (path) =>
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
  'a stream, then the end': (path) => gateway.request({ verb: 'GET', path: `${path}/sse` }),
}

for (const path of ['/mcp/http', '/mcp/stdio']) {
  for (const [what, bytes] of Object.entries(rude)) {
    test(`${what}: bob is answered, ${path}`, async () => {
      const headers = { 'mcp-session-id': await openSession(gateway, { path, as: 'bob' }) }
      const body = call('slow', { arguments: { ms: 60 } })
      const waiting = gateway.send({ path, as: 'bob', headers, body })
      const connections: Connection[] = []
      for (let count = 0; count < 5; count += 1) {
        const connection = await Connection.open(gateway.url)
        connection.send(bytes(path))
        connections.push(connection)
      }
      await sleep(20)
      for (const connection of connections) connection.reset()
      assert.is((await waiting).status, 200)
      assert.is((await gateway.send({ path, as: 'bob', body: initialize })).status, 200)
    })
  }
}

test.run()
