/**
 * An issuer's keys behind a real HTTP server that has every fault: what a caller gets, from when to
 * when, how often the server is asked and what the log says. The times are those of a clock that the
 * test moves; the requests are real.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../../src/errors.js'
import { createFetcher } from '../../../src/fetcher/create-fetcher.js'
import type { CachedKeys } from '../../../src/identity/jwks/cached-keys.js'
import { createRemoteKeys } from '../../../src/identity/jwks/remote-keys.js'
import { createTestClock, type TestClock } from '../../support/clock.js'
import { keySet, makeKey } from '../../support/jwks.js'
import { answer, type Reply, type Service, silent, startService } from '../../support/service.js'

const second = 1000
const minute = 60 * second
const maxAgeMs = 10 * minute
const maxStaleMs = 60 * minute
const [first, next] = [makeKey('first'), makeKey('next')]
const fetcher = createFetcher()
test.after(() => fetcher.close())

interface Rig {
  readonly service: Service
  readonly clock: TestClock
  readonly keys: CachedKeys
  readonly log: string[]
  readonly results: string[]
}

async function withRig(reply: Reply, run: (rig: Rig) => Promise<void>): Promise<void> {
  const service = await startService(reply)
  const clock = createTestClock()
  const log: string[] = []
  const results: string[] = []
  const keys = createRemoteKeys(
    {
      issuer: 'https://idp.example',
      url: `${service.url}/jwks`,
      privateAddresses: false,
      maxAgeMs,
      maxStaleMs,
    },
    {
      fetcher,
      clock,
      observer: {
        log: (level, text, fields) => log.push(`${level}: ${text} ${JSON.stringify(fields)}`),
        keys: ({ result }) => results.push(result),
      },
    },
  )
  try {
    await run({ service, clock, keys, log, results })
  } finally {
    await service.down()
  }
}

/** The kids found, or the code and text of the failure. */
async function kids(
  { keys }: Rig,
  kid: string | null,
): Promise<readonly (string | null)[] | string> {
  try {
    return (await keys.keysFor(kid, 0)).map((key) => key.kid)
  } catch (thrown) {
    if (!(thrown instanceof GuardError)) throw thrown
    return `${thrown.code}: ${thrown.message}`
  }
}

async function thumbprintOf({ keys }: Rig, kid: string): Promise<string> {
  return (await keys.keysFor(kid, 0))[0]?.thumbprint ?? ''
}

/** Until a refresh on the side is through. */
async function settled({ results }: Rig, count: number): Promise<void> {
  for (let turns = 0; results.length < count; turns += 1) {
    if (turns > 500) throw new Error(`${results.length} of ${count} loads`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const good = answer(keySet(first))
const both = answer(keySet(first, next))

test('loaded once, then found without waiting', async () => {
  await withRig(both, async (rig) => {
    assert.equal(await kids(rig, 'first'), ['first'])
    assert.ok(Array.isArray(rig.keys.keysFor('next', 0)), 'no promise')
    assert.equal(await kids(rig, null), ['first', 'next'])
    assert.is(rig.service.asked.length, 1)
    assert.equal(rig.log, [
      'info: keys of an issuer were loaded {"issuer":"https://idp.example","keys":2}',
    ])
  })
})

test('a hundred first callers cause one request', async () => {
  await withRig(good, async (rig) => {
    const found = await Promise.all(Array.from({ length: 100 }, () => kids(rig, 'first')))
    assert.ok(found.every((one) => one[0] === 'first'))
    assert.is(rig.service.asked.length, 1)
  })
})

const unusable: readonly (readonly [fault: string, reply: Reply, told: RegExp])[] = [
  ['500', answer({}, 'application/json', 500), /answers 500/],
  ['HTML', answer('<html>', 'text/html'), /answers with text\/html instead of JSON/],
  ['HTML that says that it is JSON', answer('<html>'), /cannot be read as JSON/],
  ['keys as text/plain', answer(keySet(first), 'text/plain'), /text\/plain instead of JSON/],
  ['10 MB', answer(`{"keys":[],"a":"${'a'.repeat(10_000_000)}"}`), /more than 1048576 bytes/],
  ['nothing', answer(''), /cannot be read as JSON/],
  ['an empty object', answer({}), /is not a JWK set/],
  ['no keys', answer({ keys: [] }), /has no keys/],
  ['10,000 keys', answer({ keys: Array(9_000).fill(1) }), /has 9000 keys, more than 100/],
  [
    'two keys with one kid',
    answer({ keys: [first.jwk, { ...next.jwk, kid: 'first' }] }),
    /two keys with the kid \\?"first/,
  ],
  ['doubled members', answer('{"keys":[],"keys":[]}'), /cannot be read as JSON \(duplicate\)/],
  [
    'a secret',
    answer({ keys: [{ kty: 'oct', k: 'a'.repeat(43), kid: 'first' }] }),
    /no usable key/,
  ],
  [
    'a redirect to another host',
    (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    /redirects \(302\)/,
  ],
  [
    'half an answer',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":')
      setTimeout(() => response.destroy(), 20)
    },
    /broke off/,
  ],
]

for (const [fault, reply, told] of unusable) {
  test(`${fault} at the start: nobody can tell, until it is put right`, async () => {
    await withRig(reply, async (rig) => {
      const failed = String(await kids(rig, 'first'))
      assert.match(failed, /^GUARD_IDENTITY_UNAVAILABLE: /)
      assert.match(failed, told)
      rig.clock.forward(999)
      assert.is(await kids(rig, 'first'), failed)
      assert.is(rig.service.asked.length, 1, 'not asked again within the pause')
      rig.service.reply = good
      rig.clock.forward(1)
      assert.equal(await kids(rig, 'first'), ['first'])
      assert.is(rig.log.length, 2)
      assert.match(rig.log[0] ?? '', /^error: there are no keys of an issuer, .* 503/)
      assert.match(rig.log[0] ?? '', told)
      assert.match(rig.log[1] ?? '', /^info: keys of an issuer were loaded/)
    })
  })

  test(`${fault} later: the last keys serve for an hour in all`, async () => {
    await withRig(good, async (rig) => {
      const thumbprint = await thumbprintOf(rig, 'first')
      rig.service.reply = reply
      rig.clock.forward(maxAgeMs)
      assert.equal(await kids(rig, 'first'), ['first'], 'waits for the refresh, which fails')
      assert.is(rig.results.join(), 'loaded,failed')
      rig.clock.forward(maxStaleMs - maxAgeMs - 1)
      assert.equal(await kids(rig, 'first'), ['first'])
      assert.ok(rig.keys.holds(thumbprint, 0))
      await settled(rig, 3)
      rig.clock.forward(1)
      assert.not(rig.keys.holds(thumbprint, 0))
      assert.match(String(await kids(rig, 'first')), told)
      assert.is(rig.log.length, 2, rig.log.join('\n'))
      assert.match(rig.log[1] ?? '', /^warn: keys .* the last ones are used meanwhile .*3000/)
      rig.service.reply = good
      rig.clock.forward(minute)
      assert.equal(await kids(rig, 'first'), ['first'])
      assert.ok(rig.keys.holds(thumbprint, 0))
    })
  })
}

test('down at the start: pauses that double up to half a minute, then it is there', async () => {
  await withRig(good, async (rig) => {
    await rig.service.down()
    assert.match(String(await kids(rig, 'first')), 'refuses connections')
    const pauses: number[] = []
    for (let attempts = 1, waitedMs = 0; attempts < 8; ) {
      rig.clock.forward(500)
      waitedMs += 500
      await kids(rig, 'first')
      if (rig.results.length === attempts) continue
      attempts = rig.results.length
      pauses.push(waitedMs)
      waitedMs = 0
    }
    assert.equal(pauses, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
    await rig.service.up()
    rig.clock.forward(30_000)
    assert.equal(await kids(rig, 'first'), ['first'])
    assert.is(rig.log.length, 2, rig.log.join('\n'))
  })
})

test('it never answers: given up after five seconds, for all who wait together', async () => {
  await withRig(silent, async (rig) => {
    const startedMs = performance.now()
    const told = await Promise.all([kids(rig, 'first'), kids(rig, 'other'), kids(rig, null)])
    const tookMs = performance.now() - startedMs
    assert.ok(told.every((one) => String(one).includes('did not answer within 5 s')))
    assert.ok(tookMs > 4900 && tookMs < 8000, `${tookMs} ms`)
    assert.is(rig.service.asked.length, 1)
  })
})

test('slow: who has usable keys does not wait for new ones', async () => {
  await withRig(good, async (rig) => {
    await kids(rig, 'first')
    let finish: () => void = () => undefined
    rig.service.reply = (asked, response) => {
      finish = () => both(asked, response)
    }
    rig.clock.forward(0.8 * maxAgeMs)
    assert.ok(Array.isArray(rig.keys.keysFor('first', 0)), 'no promise')
    assert.ok(Array.isArray(rig.keys.keysFor('first', 0)), 'no promise')
    while (rig.service.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    // Past the greatest age everybody waits for the one that is under way.
    rig.clock.forward(0.2 * maxAgeMs)
    const waiting = [kids(rig, 'first'), kids(rig, 'next')]
    finish()
    assert.equal(await Promise.all(waiting), [['first'], ['next']])
    assert.is(rig.service.asked.length, 2)
  })
})

test('in use, keys are loaded again before they are old', async () => {
  await withRig(good, async (rig) => {
    const thumbprint = await thumbprintOf(rig, 'first')
    rig.clock.forward(0.8 * maxAgeMs - 1)
    assert.ok(rig.keys.holds(thumbprint, 0))
    assert.is(rig.service.asked.length, 1)
    rig.clock.forward(1)
    assert.ok(rig.keys.holds(thumbprint, 0), 'and it is used meanwhile')
    await settled(rig, 2)
    rig.clock.forward(0.8 * maxAgeMs - 1)
    assert.ok(rig.keys.holds(thumbprint, 0))
    assert.is(rig.service.asked.length, 2)
    assert.is(rig.log.length, 1, 'the same keys are no news')
  })
})

test('rotated: the new key counts at once, half a minute after the last load', async () => {
  await withRig(good, async (rig) => {
    const old = await thumbprintOf(rig, 'first')
    rig.service.reply = answer(keySet(next))
    rig.clock.forward(30 * second - 1)
    assert.equal(await kids(rig, 'next'), [])
    assert.is(rig.service.asked.length, 1)
    rig.clock.forward(1)
    assert.equal(await kids(rig, 'next'), ['next'])
    assert.not(rig.keys.holds(old, 0))
    assert.equal(await kids(rig, 'first'), [])
    assert.is(rig.service.asked.length, 2)
    assert.is(rig.log.length, 2)
  })
})

test('revoked: dead within the greatest age, used or not', async () => {
  await withRig(both, async (rig) => {
    const revoked = await thumbprintOf(rig, 'first')
    const kept = await thumbprintOf(rig, 'next')
    rig.service.reply = answer(keySet(next))
    rig.clock.forward(0.8 * maxAgeMs - 1)
    assert.ok(rig.keys.holds(revoked, 0))
    rig.clock.forward(0.2 * maxAgeMs + 1)
    // The first to ask has to wait; nothing is relied on before the answer is there.
    assert.not(rig.keys.holds(revoked, 0))
    assert.not(rig.keys.holds(kept, 0))
    assert.equal(await kids(rig, 'first'), [])
    assert.not(rig.keys.holds(revoked, 0))
    assert.ok(rig.keys.holds(kept, 0))
  })
})

test('a kid whose key is another one now: what the old one verified is not relied on', async () => {
  await withRig(good, async (rig) => {
    const old = await thumbprintOf(rig, 'first')
    rig.service.reply = answer(keySet(makeKey('first')))
    rig.clock.forward(maxAgeMs)
    const renewed = await thumbprintOf(rig, 'first')
    assert.is.not(renewed, old)
    assert.not(rig.keys.holds(old, 0))
    assert.ok(rig.keys.holds(renewed, 0))
  })
})

test('a flood of unknown kids costs one request in half a minute', async () => {
  await withRig(good, async (rig) => {
    await kids(rig, 'first')
    for (let seconds = 0; seconds < 120; seconds += 1) {
      rig.clock.forward(second)
      const asked = Array.from({ length: 100 }, (_, index) => kids(rig, `${seconds}-${index}`))
      for (const found of await Promise.all(asked)) assert.equal(found, [])
    }
    assert.is(rig.service.asked.length, 1 + 4)
  })
})

test('a flood of unknown kids while it is down asks no more often either', async () => {
  await withRig(good, async (rig) => {
    await kids(rig, 'first')
    await rig.service.down()
    for (let seconds = 0; seconds < 120; seconds += 1) {
      rig.clock.forward(second)
      assert.equal(await kids(rig, `${seconds}`), [])
    }
    assert.is(rig.results.join(), 'loaded,failed,failed,failed,failed')
    assert.equal(await kids(rig, 'first'), ['first'])
  })
})

test('flapping: who has keys is served throughout, and the log tells each change', async () => {
  await withRig(good, async (rig) => {
    await kids(rig, 'first')
    for (let turn = 0; turn < 3; turn += 1) {
      rig.service.reply = answer({}, 'application/json', 503)
      rig.clock.forward(maxAgeMs)
      for (let attempt = 0; attempt < 4; attempt += 1) {
        const before = rig.results.length
        assert.equal(await kids(rig, 'first'), ['first'])
        await settled(rig, before + (attempt === 0 ? 0 : 1))
        rig.clock.forward(30 * second)
      }
      rig.service.reply = good
      const before = rig.results.length
      assert.equal(await kids(rig, 'first'), ['first'])
      await settled(rig, before + 1)
    }
    const levels = rig.log.map((line) => line.split(':')[0]).join()
    assert.is(levels, 'info,warn,info,warn,info,warn,info')
  })
})

test('keys that are of no use are named once', async () => {
  const weak = { ...next.jwk, kid: 'weak', use: 'enc' }
  await withRig(answer({ keys: [first.jwk, weak] }), async (rig) => {
    assert.equal(await kids(rig, null), ['first'])
    rig.clock.forward(maxAgeMs)
    await kids(rig, 'first')
    const ignored = rig.log.filter((line) =>
      line.startsWith('warn: a key of an issuer is not used'),
    )
    assert.is(ignored.length, 1)
    assert.match(ignored[0] ?? '', 'key 1: its use is not')
  })
})

test('a wall clock that jumps changes nothing', async () => {
  await withRig(good, async (rig) => {
    const thumbprint = await thumbprintOf(rig, 'first')
    for (const ms of [365 * 24 * 60 * minute, -2 * 365 * 24 * 60 * minute]) {
      rig.clock.jump(ms)
      assert.ok(rig.keys.holds(thumbprint, rig.clock.nowMs()))
      assert.equal(await kids(rig, 'first'), ['first'])
    }
    assert.is(rig.service.asked.length, 1)
  })
})

test.run()
