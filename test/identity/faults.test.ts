/**
 * Whatever breaks while it is found out who is calling, nobody is let in by it: every function that is
 * called on the way throws, rejects, answers nonsense or never answers, for a caller whose credential
 * is good, where callers without one are let in as well. The answer is 401 or 503, there is exactly
 * one record, and nothing arrives at the server. Whoever leaves meanwhile is on record as well.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Identify } from '../../src/domain.js'
import { type Journey, travel } from '../support/identity-rig.js'
import { until } from '../support/stdio.js'
import { apiKey, identifyWith, never, seams } from './faults/seams.js'

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))
test.before.each(() => {
  unhandled.length = 0
})
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))

function isRefused({ statuses, events, forwarded }: Journey, what: string): void {
  assert.is(forwarded, 0, `${what}: nothing arrives`)
  assert.ok(statuses.length === 1 && [401, 503].includes(statuses[0] ?? 0), `${what}: ${statuses}`)
  const status = statuses[0]
  const brief = events.map(({ outcome, status: recorded, subject }) => ({
    outcome,
    recorded,
    subject,
  }))
  const outcome = status === 401 ? 'unauthenticated' : 'failed'
  assert.equal(brief, [{ outcome, recorded: status, subject: null }], what)
}

for (const [name, { credential, identify, faults = {}, waits = false }] of Object.entries(seams)) {
  test(`${name}: whole, its caller is judged; broken, nobody is let in`, async () => {
    const whole = travel(await identify(null), credential)
    await whole.done
    if (name === 'failures.counted') isRefused(whole.journey, name)
    else assert.is(whole.journey.forwarded, 1, `${name} ${JSON.stringify(whole.journey)}`)
    for (const [what, fault] of Object.entries(faults)) {
      const { journey, done } = travel(await identify(fault), credential)
      await done
      await turn()
      isRefused(journey, `${name} ${what}`)
      assert.equal(unhandled, [], `${name} ${what}`)
    }
  })

  if (!waits) continue
  test(`${name}: never an answer, and the caller leaves or the gateway stops`, async () => {
    for (const why of ['client', 'stopping'] as const) {
      const travelling = travel(await identify(never), credential)
      await turn()
      assert.equal(travelling.journey, { statuses: [], events: [], forwarded: 0 })
      travelling.leave(why)
      await until(() => travelling.journey.events.length > 0, 'a record')
      await travelling.done
      travelling.leave('client')
      await turn()
      const { statuses, events, forwarded } = travelling.journey
      assert.equal(statuses, why === 'client' ? [] : [503])
      const outcomes = events.map(({ outcome, code }) => `${outcome} ${code}`)
      assert.equal(outcomes, [why === 'client' ? 'abandoned null' : 'failed GUARD_STOPPING'])
      assert.is(forwarded, 0)
    }
    assert.equal(unhandled, [])
  })
}

for (const [what, settle] of Object.entries({
  'lets it in': (identify: Identify) => identify,
  'rejects it': () => () => Promise.reject(new Error('planted')),
})) {
  test(`an answer that ${what} after its caller has left changes nothing`, async () => {
    let answer: () => void = () => undefined
    const wait = new Promise<void>((resolve) => {
      answer = resolve
    })
    const identify = settle(identifyWith({}))
    const travelling = travel((...given) => wait.then(() => identify(...given)), apiKey)
    await turn()
    travelling.leave('client')
    answer()
    await travelling.done
    await turn()
    const { statuses, events, forwarded } = travelling.journey
    assert.equal([statuses, events.map(({ outcome }) => outcome)], [[], ['abandoned']])
    assert.is(forwarded, 0)
    assert.equal(unhandled, [])
  })
}

test('a limiter that waits: who leaves meanwhile is on record, and nothing is sent', async () => {
  const limiter = { take: () => new Promise<never>(() => undefined) }
  const travelling = travel(identifyWith({}), apiKey, { limiter })
  await turn()
  travelling.leave('client')
  await travelling.done
  const { statuses, events, forwarded } = travelling.journey
  assert.equal([statuses, forwarded], [[], 0])
  assert.equal(
    events.map(({ outcome, subject }) => [outcome, subject?.id]),
    [['abandoned', 'alice']],
  )
})

// ── That no wait is forgotten ───────────────────────────────────────────────────────────────────

/** How often each file waits, and for which seams, or the test that breaks what it waits for. */
const waiting: Readonly<Record<string, readonly [count: number, ...by: readonly string[]]>> = {
  'identity/identify.ts': [3, 'token.verify', 'token.verify beside a certificate'],
  'identity/introspection.ts': [3, 'fetcher.postForm'],
  'identity/jwks/cached-keys.ts': [4, 'fetcher.getJson for keys'],
  'identity/jwks/discovery.ts': [2, 'fetcher.getJson for metadata'],
  'identity/jwks/file-keys.ts': [6, 'test/identity/jwks/file-keys.test.ts'],
  'identity/jwks/remote-keys.ts': [2, 'fetcher.getJson for keys', 'fetcher.getJson for metadata'],
  'identity/jwt/signature.ts': [3, 'keys.keysFor', 'the key in the hands of jose'],
  'identity/jwt/verifier.ts': [1, 'keys.keysFor'],
  // Not on this way: what the gateway itself shows to servers.
  'identity/upstream-credential.ts': [2, 'test/identity/upstream-credential.test.ts'],
  'proxy/identify.ts': [2, 'identify'],
  'proxy/while-there.ts': [3, 'identify'],
}

test('every place that waits has a row', () => {
  const found = [
    ...readdirSync('src/identity', { recursive: true, encoding: 'utf8' }).map((name) =>
      join('identity', name),
    ),
    'proxy/identify.ts',
    'proxy/while-there.ts',
  ]
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const code = readFileSync(join('src', name), 'utf8').replaceAll(
        /\/\*[\s\S]*?\*\/|\/\/.*/g,
        '',
      )
      const count = code.match(/\bawait\b|\.(?:then|catch|finally)\(|new Promise\b/g)?.length ?? 0
      return count === 0 ? [] : [[name, count] as const]
    })
  assert.equal(
    Object.fromEntries(found.sort()),
    Object.fromEntries(Object.entries(waiting).map(([name, [count]]) => [name, count])),
    'a wait came or went: see that what it waits for is broken above, then change the count',
  )
  for (const [, ...by] of Object.values(waiting)) {
    for (const row of by) assert.ok(Object.hasOwn(seams, row) || existsSync(row), row)
  }
})

test.run()
