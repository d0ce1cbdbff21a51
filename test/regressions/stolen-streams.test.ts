/**
 * A second reader takes nothing from the first: who opens a stream that is open already, or guesses
 * at one, is refused or gets one of its own, and what belongs to the first reader goes on to it.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startBadHttp } from '../support/bad-servers.js'
import { startGateway } from '../support/gateway.js'
import { call, notification, openSession } from '../support/messages.js'
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

test('a session’s stream: a second GET is refused, another principal’s finds nothing', async () => {
  const path = '/mcp/stdio'
  const headers = { 'mcp-session-id': await openSession(gateway, { path }) }
  const first = await gateway.open({ verb: 'GET', path, headers })
  assert.is((await first.head())?.status, 200)
  assert.is((await gateway.send({ verb: 'GET', path, headers })).status, 409)
  assert.is((await gateway.send({ verb: 'GET', path, headers, as: 'bob' })).status, 404)
  await gateway.send({ path, headers, body: notification('notifications/initialized') })
  const body = call('announce', { arguments: { count: 3 } })
  await gateway.send({ path, headers, body })
  for (const data of [0, 1, 2]) assert.match(await first.until('\n\n'), `"data":${data}`)
  first.close()
})

test('HTTP+SSE: each reader has its own place, and answers come to who asked', async () => {
  const open = async (as: string) => {
    const stream = await gateway.open({ verb: 'GET', path: '/mcp/http/sse', as })
    await stream.head()
    return { stream, place: /data: (.*)/.exec(await stream.until('\n\n'))?.[1] ?? '' }
  }
  const [first, second, strange] = [await open('alice'), await open('alice'), await open('bob')]
  const places = [first, second, strange].map(({ place }) => place)
  assert.is(new Set(places).size, 3)
  // 128 random bits.
  for (const place of places) assert.match(place, /=[A-Za-z0-9_-]{22}$/)
  const asked = { path: first.place, body: call('echo') }
  assert.is((await gateway.send({ ...asked, as: 'bob' })).status, 404)
  assert.is((await gateway.send(asked)).status, 202)
  assert.match(await first.stream.until('\n\n'), '"id":1')
  await gateway.send({ path: second.place, body: call('echo', {}, 'of the second') })
  assert.match(await second.stream.until('\n\n'), 'of the second')
  for (const { stream } of [first, second, strange]) stream.close()
})

test.run()
