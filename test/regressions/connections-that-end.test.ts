/**
 * The end of a client's connection is always seen: no body may stand before it unread, and a reset
 * ends what was opened for it on the other side, on record.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Connection } from '../support/connection.js'
import { startGateway } from '../support/gateway.js'
import { brief, openSession } from '../support/messages.js'
import { mcpServer, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })

test.before.each(() => {
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const bodies: readonly Readonly<Record<string, string>>[] = [
  { 'content-length': '10' },
  { 'content-length': '010' },
  { 'transfer-encoding': 'chunked' },
]
for (const verb of ['GET', 'DELETE', 'OPTIONS']) {
  for (const more of bodies) {
    test(`${verb} with ${JSON.stringify(more)}: 400 before anybody is identified`, async () => {
      const earlier = (await gateway.audit()).length
      const connection = await Connection.open(gateway.url)
      connection.send(gateway.request({ verb, as: null, headers: more }))
      const answer = await connection.answer()
      assert.is(answer.status, 400)
      assert.match(answer.body, '"message":"this method has no body"')
      assert.is(answer.headers.get('connection'), 'close')
      connection.close()
      assert.equal((await gateway.audit()).slice(earlier).map(brief), [
        {
          event: 'refused',
          outcome: 'rejected',
          code: 'body-unexpected',
          status: 400,
          method: null,
        },
      ])
      assert.is(upstream.seen.length, 0)
    })
  }

  test(`${verb} with a length of nothing has no body`, async () => {
    upstream.script = mcpServer()
    const connection = await gateway.open({ verb, headers: { 'content-length': '0' } })
    assert.ok([200, 204].includes((await connection.head())?.status ?? 0))
    connection.close()
    if (verb === 'GET') await gateway.event(({ event }) => event === 'stream.closed')
  })
}

for (const how of ['reset', 'close'] as const) {
  for (const behind of ['', 'POST /mcp/up HTTP/1.1\r\nhost: localhost\r\n']) {
    const what = behind === '' ? '' : ' with half a request behind it'
    test(`a GET stream${what}, ${how}: the server’s side ends within a second`, async () => {
      upstream.script = mcpServer()
      const session = await openSession(gateway)
      const earlier = (await gateway.audit()).length
      const headers = { 'mcp-session-id': session }
      const connection = await gateway.open({ verb: 'GET', headers })
      assert.is((await connection.head())?.status, 200)
      await connection.until(':\n\n')
      if (behind !== '') {
        connection.send(behind)
        await sleep(20)
      }
      const seen = upstream.seen.find(({ verb }) => verb === 'GET')
      connection[how]()
      assert.ok(await Promise.race([seen?.gone.then(() => true), sleep(1000, false)]))
      // Half a request that ends is one that cannot be read, beside the stream's own two events.
      const torn = behind !== '' && how === 'close' ? [['refused', 'http-malformed']] : []
      assert.equal(
        (await gateway.audit()).slice(earlier).map(({ event, code }) => [event, code]),
        [['stream.opened', null], ...torn, ['stream.closed', null]],
      )
    })
  }
}

test.run()
