/**
 * Too large, too slow, too many: refused with the exact status, recorded, nothing forwarded, and the
 * connection closed where bytes of the request may still be under way.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Connection } from '../support/connection.js'
import { startGateway } from '../support/gateway.js'
import { brief, call, pinned, seenByCaller } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  listen: { maxBodyBytes: 2048, bodyTimeout: '300ms', headersTimeout: '300ms', maxMembers: 50 },
})

test.before.each(() => {
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

async function newEvents(during: () => Promise<void>) {
  const earlier = (await gateway.audit()).length
  await during()
  return (await gateway.audit()).slice(earlier)
}

const refusal = (message: string) =>
  `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"${message}","data":{"requestId":"<id>"}}}`
const closing = { 'content-type': 'application/json', connection: 'close' }
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const chunked = {
  headers: { 'transfer-encoding': 'chunked', 'content-type': 'application/json' },
}

const tooLarge = [
  { what: 'as announced', sent: { body: call('x'.repeat(2048)) }, body: '', bytesIn: 0 },
  { what: 'in chunks', sent: chunked, body: chunk('x'.repeat(2049)), bytesIn: 2049 },
]
for (const { what, sent, body, bytesIn } of tooLarge) {
  test(`a body over the limit, ${what}: 413, closed`, async () => {
    const events = await newEvents(async () => {
      const connection = await gateway.open(sent)
      connection.send(body)
      assert.equal(seenByCaller(await connection.answer()), {
        status: 413,
        headers: closing,
        body: refusal('the body is too large'),
      })
      await connection.closed()
    })
    assert.equal(events.map(brief), [
      { event: 'refused', outcome: 'rejected', code: 'body-too-large', status: 413, method: null },
    ])
    assert.is(events[0]?.bytes_in, bytesIn)
    assert.equal(upstream.seen.length, 0)
  })
}

test('a body of exactly the limit passes', async () => {
  const empty = JSON.stringify(call(''))
  const body = empty.replace('"name":""', `"name":"${'x'.repeat(2048 - empty.length)}"`)
  assert.is(Buffer.byteLength(body), 2048)
  assert.is((await gateway.send({ body })).status, 200)
})

test('a body that does not come: 408, closed', async () => {
  const events = await newEvents(async () => {
    const body = JSON.stringify(call('open-tool'))
    const connection = await gateway.open({
      headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
    })
    connection.send(body.slice(0, 10))
    assert.equal(seenByCaller(await connection.answer()), {
      status: 408,
      headers: closing,
      body: refusal('the body took too long'),
    })
    await connection.closed()
  })
  assert.equal(events.map(brief), [
    { event: 'refused', outcome: 'rejected', code: 'body-too-slow', status: 408, method: null },
  ])
  assert.equal(upstream.seen.length, 0)
})

test('a body cut off by its sender is recorded and not forwarded', async () => {
  const connection = await gateway.open({
    headers: { 'content-type': 'application/json', 'content-length': '100' },
  })
  connection.send('{"jsonrpc":')
  await new Promise((resolve) => setTimeout(resolve, 30))
  connection.reset()
  await gateway.event(({ code }) => code === 'body-aborted')
  assert.equal(upstream.seen.length, 0)
})

const unreadable = [
  {
    what: 'headers that do not come',
    bytes: 'POST /mcp/up HTTP/1.1\r\nhost: localhost\r\n',
    status: 408,
    code: 'headers-too-slow',
  },
  {
    what: 'a header of 20,000 bytes',
    bytes: `POST /mcp/up HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    status: 431,
    code: 'headers-too-large',
  },
  {
    what: 'a request that is not HTTP',
    bytes: 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    status: 400,
    code: 'http-malformed',
  },
  {
    what: 'Content-Length twice',
    bytes:
      'POST /mcp/up HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
    status: 400,
    code: 'http-malformed',
  },
  {
    what: 'Content-Length beside Transfer-Encoding',
    bytes:
      'POST /mcp/up HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    status: 400,
    code: 'http-malformed',
  },
  {
    what: 'a line end inside a header',
    bytes: 'POST /mcp/up HTTP/1.1\r\nhost: localhost\r\nx: a\rb\r\n\r\n',
    status: 400,
    code: 'http-malformed',
  },
]
for (const { what, bytes, status, code } of unreadable) {
  test(`${what}: ${status}, closed`, async () => {
    const events = await newEvents(async () => {
      const connection = await Connection.open(gateway.url)
      connection.send(bytes)
      const answer = await connection.answer()
      assert.equal(seenByCaller(answer), { status, headers: { connection: 'close' }, body: '' })
      await connection.closed()
    })
    assert.equal(events.map(brief), [
      { event: 'refused', outcome: 'rejected', code, status, method: null },
    ])
    assert.equal(upstream.seen.length, 0)
  })
}

test('more headers than allowed: 431', async () => {
  const many = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`x-${index}`, 'a']))
  const answer = await gateway.send({ headers: many, body: call('open-tool') })
  assert.is(answer.status, 431)
  assert.equal(upstream.seen.length, 0)
})

test('more members than allowed: 400', async () => {
  const answer = await gateway.send({
    body: call('open-tool', { arguments: { a: Array(60).fill(1) } }),
  })
  assert.is(answer.status, 400)
  assert.is(pinned(answer.body), refusal('the body has too many members'))
  assert.equal(upstream.seen.length, 0)
})

test('Expect: 100-continue invites nobody who is not identified', async () => {
  const headers = {
    'content-type': 'application/json',
    'content-length': '2000',
    expect: '100-continue',
  }
  for (const [as, status] of [
    [null, 401],
    ['mallory', 401],
  ] as const) {
    const connection = await gateway.open({ as, headers })
    const head = await connection.head()
    assert.is(head?.status, status, 'the first thing said')
    connection.close()
  }
  const large = await gateway.open({ headers: { ...headers, 'content-length': '5000' } })
  assert.is((await large.head())?.status, 413, 'not invited to send what will be refused')
  large.close()
})

test('Expect: 100-continue invites an identified caller', async () => {
  const body = JSON.stringify(call('open-tool'))
  const connection = await gateway.open({
    headers: {
      'content-type': 'application/json',
      'content-length': String(body.length),
      expect: '100-continue',
    },
  })
  assert.is((await connection.head())?.status, 100)
  connection.send(body)
  assert.is((await connection.answer()).status, 200)
  connection.close()
})

test.run()
