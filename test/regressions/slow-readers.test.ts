/**
 * Whoever reads slowly is not a silent server, and whoever stops reading does not keep an answer
 * for ever: the two time limits of an answer, each for the side it is about.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GuardError } from '../../src/errors.js'
import { createHttpBack } from '../../src/proxy/back/http.js'
import type { FrameSink, Framing } from '../../src/proxy/frames.js'
import { closeWhenStalled, HttpSink } from '../../src/proxy/front/http-sink.js'
import { startGateway } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { json, startUpstream } from '../support/upstream.js'

const timeoutMs = 200
const largeBytes = 30 * 1024 * 1024
const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: { url: upstream.url, timeout: `${timeoutMs}ms` } },
})

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

test('30 MB, read with long pauses, arrive whole under a short upstream timeout', async () => {
  const text = `{"jsonrpc":"2.0","id":1,"result":{"t":"${'x'.repeat(largeBytes)}"}}`
  upstream.script = (_, response) => json(response, text)
  const connection = await gateway.open({ body: call('open-tool') })
  assert.is((await connection.head())?.status, 200)
  let read = 0
  let pauseAt = 0
  for (let piece = await connection.piece(); piece !== null; piece = await connection.piece()) {
    read += piece.length
    if (read < pauseAt) continue
    pauseAt += largeBytes / 3
    await sleep(2 * timeoutMs)
  }
  connection.close()
  assert.is(read, text.length)
  const [event, ...more] = await gateway.audit()
  assert.equal([event?.outcome, event?.code, more.length], ['forwarded', null, 0])
  assert.not.ok(gateway.logged.some((line) => line.includes('GUARD_UPSTREAM_TIMEOUT')))
})

test('what the sink took its time for does not count against the server’s next bytes', async () => {
  upstream.script = async (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{')
    await sleep(1.7 * timeoutMs)
    response.end('}')
  }
  const back = createHttpBack({
    url: upstream.url,
    timeoutMs,
    connectTimeoutMs: 1000,
    maxConnections: 1,
  })
  const ended = await new Promise<string>((resolve) => {
    const sink: FrameSink = {
      head: () => undefined,
      part: async () => {
        await sleep(0.85 * timeoutMs)
      },
      message: () => undefined,
      idle: () => undefined,
      end: () => void resolve('ended'),
      fail: (error: GuardError) => resolve(error.code),
    }
    const request = { headers: [], message: null, sessionId: null, principal: '', longLived: false }
    back.open({ verb: 'POST', era: 'legacy', ...request }, sink)
  })
  await back.close()
  assert.is(ended, 'ended')
})

test('a server that stops is told from a slow reader: it still runs out of time', async () => {
  upstream.script = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"jsonrpc":"2.0",')
  }
  assert.is((await gateway.send({ body: call('open-tool') })).status, 504)
})

const whole = Buffer.alloc(8 * 1024 * 1024, 'x')
const head = (framing: Framing) => ({ status: 200, framing, headers: new Map() })

/** One answer on a real connection; resolves when its client has all of it or was cut off. */
async function answered(
  answer: Answering,
  { stallMs, reads }: { stallMs: number; reads: boolean },
): Promise<{ received: number; tookMs: number }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  const [request, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]
  const startedMs = performance.now()
  let received = 0
  const complete = new Promise<void>((resolve) => {
    if (!reads) return
    client.on('data', (piece) => {
      received += piece.length
      if (received > whole.length) resolve()
    })
  })
  // The response itself says `finish` even when it is destroyed with most of it unsent.
  const closed = once(request.socket, 'close')
  answer(response, stallMs)
  await Promise.race([closed, complete, sleep(5000, null, { ref: false })])
  const tookMs = performance.now() - startedMs
  client.destroy()
  server.closeAllConnections()
  server.close()
  return { received, tookMs }
}

type Answering = (response: ServerResponse, stallMs: number) => void
const answers: readonly (readonly [what: string, answer: Answering])[] = [
  [
    'an answer of the gateway itself',
    (response, stallMs) => {
      response.end(whole)
      closeWhenStalled(response, stallMs)
    },
  ],
  [
    'a whole JSON answer',
    (response, stallMs) => {
      const sink = new HttpSink(response, stallMs)
      void sink.head(head('json'))
      void sink.message(whole, {})
    },
  ],
  [
    'the end of an event stream',
    (response, stallMs) => {
      const sink = new HttpSink(response, stallMs)
      void sink.head(head('sse'))
      response.write(whole)
      void sink.end()
    },
  ],
  [
    'a part of an answer',
    (response, stallMs) => {
      const sink = new HttpSink(response, stallMs)
      void sink.head(head('json'))
      void sink.part(whole)
    },
  ],
]
for (const [what, answer] of answers) {
  test(`${what} that nobody reads is cut after its time`, async () => {
    const { tookMs } = await answered(answer, { stallMs: 200, reads: false })
    assert.ok(tookMs > 195 && tookMs < 3000, `cut after ${tookMs} ms`)
  })

  test(`${what} that is read arrives whole`, async () => {
    const { received } = await answered(answer, { stallMs: 5000, reads: true })
    assert.ok(received > whole.length, `${received} bytes arrived`)
  })
}

test.run()
