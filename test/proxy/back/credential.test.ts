/**
 * The gateway's own credential on its way: waited for, sent again with another where the server does
 * not take it, and no harm to others where there is none.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../../src/errors.js'
import type { UpstreamCredential } from '../../../src/identity/upstream-credential.js'
import type { Back, Exchange } from '../../../src/proxy/back/back.js'
import { createHttpBack } from '../../../src/proxy/back/http.js'
import { createSseBack } from '../../../src/proxy/back/sse.js'
import type { FrameSink } from '../../../src/proxy/frames.js'
import { json, type Script, startUpstream, type Upstream } from '../../support/upstream.js'

const limits = { timeoutMs: 1000, connectTimeoutMs: 1000, maxConnections: 2 }

interface Rig {
  readonly upstream: Upstream
  readonly back: Back
  ask(): { readonly done: Promise<number | string>; readonly exchange: Exchange }
  /** The tokens that the server saw. */
  shown(): string[]
}

async function withRig(
  script: Script,
  credential: UpstreamCredential,
  run: (rig: Rig) => Promise<void>,
): Promise<void> {
  const upstream = await startUpstream(script)
  const back = createHttpBack({ ...limits, url: upstream.url, credential })
  const request = {
    verb: 'POST',
    era: 'legacy',
    message: null,
    sessionId: null,
    principal: 'somebody',
    headers: ['accept', 'application/json'],
    longLived: false,
  } as const
  try {
    await run({
      upstream,
      back,
      ask() {
        let exchange: Exchange | null = null
        const done = new Promise<number | string>((resolve) => {
          let status = 0
          const sink: FrameSink = {
            head: (head) => {
              status = head.status
              return undefined
            },
            part: () => undefined,
            message: () => undefined,
            idle: () => undefined,
            end: () => {
              resolve(status)
              return undefined
            },
            fail: ({ code, message }) => resolve(`${code}: ${message}`),
          }
          exchange = back.open(request, sink)
        })
        return { done, exchange: exchange as unknown as Exchange }
      },
      shown: () => upstream.seen.map(({ headers }) => headers.get('authorization') ?? 'none'),
    })
  } finally {
    await back.close()
    await upstream.close()
  }
}

/** Tokens 1, 2, 3 …: the next whenever the one that was sent is refused. */
function counting(delayMs: number): UpstreamCredential & { readonly refusals: () => number } {
  let lines = ['authorization', '1']
  let refusals = 0
  return {
    headers: () => (delayMs === 0 ? lines : sleep(delayMs).then(() => lines)),
    refused(sent) {
      refusals += 1
      if (sent === lines) lines = ['authorization', String(Number(lines[1]) + 1)]
      return true
    },
    refusals: () => refusals,
  }
}

const taking =
  (token: string): Script =>
  ({ headers }, response) =>
    json(response, { jsonrpc: '2.0' }, headers.get('authorization') === token ? 200 : 401)

for (const delayMs of [0, 20]) {
  test(`a 401 is answered with another token once; it takes ${delayMs} ms`, async () => {
    await withRig(taking('2'), counting(delayMs), async ({ ask, shown }) => {
      assert.is(await ask().done, 200)
      assert.equal(shown(), ['1', '2'])
      assert.is(await ask().done, 200)
      assert.equal(shown(), ['1', '2', '2'])
    })
  })
}

test('all that were sent with a refused token are sent again', async () => {
  await withRig(taking('2'), counting(5), async ({ ask, shown }) => {
    const asked = Array.from({ length: 8 }, () => ask().done)
    assert.equal(await Promise.all(asked), Array(8).fill(200))
    assert.ok(shown().filter((token) => token === '2').length === 8)
  })
})

test('a server that takes none gets two, and the caller hears of it', async () => {
  await withRig(taking('never'), counting(0), async ({ ask, shown }) => {
    const told = 'GUARD_UPSTREAM_INVALID: the upstream refused the gateway with 401'
    assert.is(await ask().done, told)
    assert.equal(shown(), ['1', '2'])
  })
})

test('a 403 is no reason for another token', async () => {
  const credential = counting(0)
  const forbidding: Script = (_, response) => json(response, {}, 403)
  await withRig(forbidding, credential, async ({ ask, shown }) => {
    assert.match(String(await ask().done), 'refused the gateway with 403')
    assert.equal(shown(), ['1'])
    assert.is(credential.refusals(), 0)
  })
})

test('without a token nothing is sent, and the way is open as soon as there is one', async () => {
  let fails: (() => Promise<never>) | null = async () => {
    throw new GuardError('GUARD_UPSTREAM_UNREACHABLE', 'no token')
  }
  const lines = ['authorization', '1']
  const credential = { headers: () => fails?.() ?? lines, refused: () => false }
  await withRig(taking('1'), credential, async ({ ask, shown }) => {
    for (let count = 0; count < 10; count += 1) {
      assert.is(await ask().done, 'GUARD_UPSTREAM_UNREACHABLE: no token')
    }
    fails = () => {
      throw new TypeError('a fault')
    }
    assert.match(String(await ask().done), /^GUARD_UPSTREAM_UNREACHABLE: .* a fault/)
    assert.equal(shown(), [])
    fails = null
    assert.is(await ask().done, 200)
  })
})

test('a token that does not come is waited for within the time of the call', async () => {
  const credential = { headers: () => new Promise<never>(() => undefined), refused: () => false }
  await withRig(taking('1'), credential, async ({ ask, shown }) => {
    const startedMs = performance.now()
    assert.match(String(await ask().done), /^GUARD_UPSTREAM_TIMEOUT/)
    const tookMs = performance.now() - startedMs
    assert.ok(tookMs > 900 && tookMs < 3000, `${tookMs} ms`)
    assert.equal(shown(), [])
  })
})

test('a call that ended while its token was fetched is not sent', async () => {
  await withRig(taking('1'), counting(50), async ({ ask, shown }) => {
    ask().exchange.abort()
    assert.is(await ask().done, 200)
    await sleep(50)
    assert.equal(shown(), ['1'])
  })
})

test('HTTP+SSE: no stream without a token; a 401 makes for another one the next time', async () => {
  const credential = counting(5)
  const upstream = await startUpstream((seen, response) => {
    if (seen.headers.get('authorization') !== '2') return json(response, {}, 401)
    if (seen.verb === 'POST') return void response.writeHead(202).end()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('event: endpoint\ndata: /post\n\n')
  })
  const bounds = { ...limits, idleTimeoutMs: 60_000, maxLineBytes: 65_536 }
  const observer = {}
  const back = createSseBack(
    { name: 'sse', url: upstream.url, ...bounds, credential },
    { observer, dropped: () => undefined },
  )
  const raw = { jsonrpc: '2.0', method: 'initialize', id: 1, params: {} }
  const message = { kind: 'request', id: 1, method: 'initialize', params: {}, raw, spelling: null }
  const ask = () =>
    new Promise<string>((resolve) => {
      const sink: FrameSink = {
        head: () => undefined,
        part: () => undefined,
        message: () => undefined,
        idle: () => undefined,
        end: () => undefined,
        fail: ({ code }) => resolve(code),
      }
      back.open(
        {
          verb: 'POST',
          era: 'legacy',
          message: message as never,
          sessionId: null,
          principal: 'somebody',
          headers: [],
          longLived: false,
        },
        sink,
      )
    })
  try {
    assert.match(await ask(), 'GUARD_UPSTREAM_INVALID')
    assert.is(credential.refusals(), 1)
    void ask()
    const posted = await upstream.arrives(({ verb }) => verb === 'POST')
    assert.is(posted.headers.get('authorization'), '2')
    assert.equal(
      upstream.seen.map(({ verb, headers }) => `${verb} ${headers.get('authorization')}`),
      ['GET 1', 'GET 2', 'POST 2'],
    )
  } finally {
    await back.close()
    await upstream.close()
  }
})

test.run()
