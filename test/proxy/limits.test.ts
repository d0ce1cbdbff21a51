/**
 * Over a limit: 429 with the same number of seconds in header and error, and whoever waits that
 * long gets through. Nothing over a limit reaches the upstream.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Answer } from '../support/connection.js'
import { type Gateway, type GatewayOptions, type Sent, startGateway } from '../support/gateway.js'
import { call, modern, notification, request, seenByCaller } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const limited = (...methods: string[]) => methods.map((method) => `limit:${method}`)
const callers = {
  alice: limited('tools/call', 'tools/list', 'server/discover', 'notifications/progress'),
  bob: limited('tools/call'),
  burst: [],
  patient: limited('tools/call'),
}
const upstream = await startUpstream()
const start = (more: Partial<GatewayOptions> = {}) =>
  startGateway({ upstreams: { up: upstream.url }, callers, ...more })
const gateway = await start()
const inBand = await start({ refusals: { limitedCall: 'error', limited: 'error' } })
const asResult = await start({ refusals: { limitedCall: 'result' } })

test.before.each(() => {
  upstream.seen.length = 0
})
test.after(async () => {
  for (const one of [gateway, inBand, asResult]) await one.close()
  await upstream.close()
})

const text = 'Too many requests (decision <id>). Retry after 1 s.'
const error = `{"jsonrpc":"2.0","id":1,"error":{"code":1429,"message":"${text}","data":{"decisionId":"<id>","retryAfterSeconds":1}}}`
const json = { 'content-type': 'application/json' }
const later = { ...json, 'retry-after': '1' }
const result = (resultType: string) =>
  `{"jsonrpc":"2.0","id":1,"result":{${resultType}"content":[{"type":"text","text":"${text}"}],"isError":true}}`

const legacyCall = { body: call('open-tool') }
const modernCall = modern('tools/call', { name: 'open-tool' })
const list = { body: request('tools/list') }
const rows = [
  { what: 'call', sent: legacyCall, on: gateway, status: 429, headers: later, body: error },
  { what: 'list', sent: list, on: gateway, status: 429, headers: later, body: error },
  {
    what: 'discovery',
    sent: modern('server/discover'),
    on: gateway,
    status: 503,
    headers: later,
    body: error,
  },
  {
    what: 'call, as error',
    sent: legacyCall,
    on: inBand,
    status: 200,
    headers: later,
    body: error,
  },
  { what: 'list, as error', sent: list, on: inBand, status: 200, headers: later, body: error },
  {
    what: 'discovery, never in band',
    sent: modern('server/discover'),
    on: inBand,
    status: 503,
    headers: later,
    body: error,
  },
  {
    what: 'list beside a result',
    sent: list,
    on: asResult,
    status: 429,
    headers: later,
    body: error,
  },
  {
    what: 'modern call, as result',
    sent: modernCall,
    on: asResult,
    status: 200,
    headers: json,
    body: result('"resultType":"complete",'),
  },
] as const

/** How long a bucket of one takes to be full again. */
const refillMs = 1000

/** Sends twice within that time: once more where the machine took longer. */
async function sentTwice(on: Gateway, sent: Sent): Promise<[Answer, Answer]> {
  for (;;) {
    upstream.seen.length = 0
    const startedMs = performance.now()
    const both: [Answer, Answer] = [await on.send(sent), await on.send(sent)]
    if (performance.now() - startedMs < refillMs) return both
    await sleep(refillMs)
  }
}

for (const { what, sent, on, status, headers, body } of rows) {
  test(`limited ${what}: ${status}`, async () => {
    const [first, second] = await sentTwice(on, sent)
    assert.is(first.status, 200)
    assert.equal(seenByCaller(second), { status, headers, body })
    const event = (await on.audit()).at(-1)
    assert.equal(
      { outcome: event?.outcome, code: event?.code, limits: event?.limits, status: event?.status },
      {
        outcome: 'limited',
        code: 'limit:test',
        limits: [{ name: 'test', tier: 'bronze' }],
        status,
      },
    )
    assert.is(upstream.seen.length, 1, 'only the first')
  })
}

test('whoever waits as long as told gets through', async () => {
  const sent = { as: 'patient', body: call('open-tool') }
  const [, refused] = await sentTwice(gateway, sent)
  assert.is(refused.status, 429)
  await sleep(Number(refused.headers.get('retry-after')) * 1000)
  assert.is((await gateway.send(sent)).status, 200)
})

test('a parallel burst on a fresh key admits the burst and no more', async () => {
  const own = await start({
    policy: { 'main.rego': 'package mcpguard.main\n\ndecision := {"allow": true}\n' },
    limits: { default: [{ name: 'everyone', tokens: 1, per: '1h', burst: 3 }] },
  })
  const sent = { as: 'burst', body: call('open-tool') }
  const answers = await Promise.all(Array.from({ length: 20 }, () => own.send(sent)))
  await own.close()
  const statuses = answers.map(({ status }) => status).sort()
  assert.equal(statuses, [200, 200, 200, ...Array(17).fill(429)])
  assert.is(upstream.seen.length, 3)
})

test('one caller cannot use up what another has', async () => {
  await gateway.send({ body: call('open-tool') })
  assert.is((await gateway.send({ as: 'bob', body: call('open-tool') })).status, 200)
})

test('a limited notification is refused and not forwarded', async () => {
  const body = notification('notifications/progress', { progressToken: 1 })
  const [first, second] = await sentTwice(gateway, { body })
  assert.is(first.status, 202)
  assert.is(second.status, 429)
  assert.is(second.headers.get('retry-after'), '1')
  assert.is(upstream.seen.length, 1)
})

test('a decision without limits is under the configured default', async () => {
  const plain = await startGateway({
    upstreams: { up: upstream.url },
    policy: { 'main.rego': 'package mcpguard.main\n\ndecision := {"allow": true}\n' },
    limits: { default: [{ name: 'everyone', tokens: 2, per: '1m', burst: 2 }] },
  })
  const statuses: number[] = []
  for (let count = 0; count < 3; count++) statuses.push((await plain.send(legacyCall)).status)
  const events = await plain.audit()
  await plain.close()
  assert.equal(statuses, [200, 200, 429])
  assert.equal(events.at(-1)?.limits, [{ name: 'everyone', tier: 'default' }])
  assert.is(events.at(-1)?.code, 'limit:everyone')
})

test('of several limits the last counts as much as the first, and a refusal charges none', async () => {
  const both = await startGateway({
    upstreams: { up: upstream.url },
    policy: {
      'main.rego': `package mcpguard.main

decision := {"allow": true, "limits": [
	{"name": "all", "tier": "t", "key": ["all"], "cost": 1, "tokens": 1, "per": "1h", "burst": 2},
	{"name": "each", "tier": "t", "key": [input.resource.id], "cost": 1, "tokens": 1, "per": "1h", "burst": 1},
]}
`,
    },
  })
  for (const name of ['one', 'one', 'two', 'three']) await both.send({ body: call(name) })
  const events = await both.audit()
  await both.close()
  assert.equal(
    events.map(({ outcome, code }) => [outcome, code]),
    [
      ['forwarded', null],
      ['limited', 'limit:each'],
      ['forwarded', null],
      ['limited', 'limit:all'],
    ],
  )
  assert.equal(
    upstream.seen.map(({ message }) => message.params?.['name']),
    ['one', 'two'],
  )
})

test.run()
