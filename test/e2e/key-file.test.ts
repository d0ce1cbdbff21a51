/**
 * The file of API keys at work: what is saved counts soon, for calls and for streams that are open,
 * and a save that cannot be used changes nothing and says why.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../src/domain.js'
import { startChild } from '../support/child.js'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import { modern, notification, openSession, request } from '../support/messages.js'
import { event, events, mcpServer, startUpstream } from '../support/upstream.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-key-file-'))
const path = join(folder, 'keys.yaml')
const upstream = await startUpstream()

const entry = (id: string, more: JsonObject = {}, key = id): JsonObject => ({
  id,
  sha256: createHash('sha256').update(keyOf(key)).digest('hex'),
  ...more,
})

/** As an editor saves: another file takes the place of the old one. */
function save(text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

const saveKeys = (...entries: readonly JsonObject[]) => save(JSON.stringify({ apiKeys: entries }))

saveKeys(entry('carol'), entry('dave'), entry('erin'), entry('frank'))
const gateway = await startGateway({
  upstreams: { up: { url: upstream.url, timeout: '30s' } },
  callers: { alice: [] },
  // Every 401 counts against the one address that all of this comes from.
  identity: { apiKeyFile: path, failures: { max: 100_000 } },
})

test.before.each(() => {
  upstream.script = (seen, response) => {
    if (seen.verb === 'GET') return events(response, ': open\n\n')
    if (seen.message.method !== 'subscriptions/listen') return mcpServer()(seen, response)
    const params = { _meta: { 'io.modelcontextprotocol/subscriptionId': 1 } }
    events(response, event(notification('notifications/subscriptions/acknowledged', params)))
  }
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
  rmSync(folder, { recursive: true })
})

async function statusOf(as: string, on: Pick<Gateway, 'send'> = gateway): Promise<number> {
  return (await on.send({ as, body: request('tools/list') })).status
}

/** Within two seconds of the machine doing nothing else; this one may be busy. */
async function becomes(as: string, status: number): Promise<void> {
  const untilMs = performance.now() + 15_000
  while ((await statusOf(as)) !== status) {
    assert.ok(performance.now() < untilMs, `${as} never gets ${status}`)
    await sleep(50)
  }
}

async function openGet(as: string) {
  const headers = { 'mcp-session-id': await openSession(gateway, { as }) }
  const connection = await gateway.open({ verb: 'GET', as, headers })
  await connection.head()
  await connection.until(':\n\n')
  return connection
}

async function openListen(as: string) {
  const sent = modern('subscriptions/listen', { notifications: { toolsListChanged: true } })
  const connection = await gateway.open({ ...sent, as })
  await connection.head()
  await connection.until('\n\n')
  return connection
}

async function openSse(as: string) {
  const connection = await gateway.open({ verb: 'GET', as, path: '/mcp/up/sse' })
  await connection.head()
  await connection.until('\n\n')
  return connection
}

async function endOf(id: string): Promise<object> {
  const { outcome, code } = await gateway.event(
    (one) => one.event === 'stream.closed' && one.subject?.id === id,
  )
  return { outcome, code }
}

const openers = { GET: openGet, listen: openListen, 'HTTP+SSE': openSse }

for (const [kind, open] of Object.entries(openers)) {
  const ids = [`${kind}-gone`, `${kind}-off`, `${kind}-late`, `${kind}-less`, `${kind}-stays`]
  const [gone = '', off = '', late = '', less = '', stays = ''] = ids

  test(`an open stream (${kind}) of a key that is taken back ends, others go on`, async () => {
    saveKeys(...ids.map((id) => entry(id, { roles: ['a', 'b'] })))
    await becomes(stays, 200)
    const all = await Promise.all(ids.map(open))
    saveKeys(
      entry(off, { roles: ['a', 'b'], disabled: true }),
      entry(late, { roles: ['a', 'b'], notBefore: '2199-01-01T00:00:00Z' }),
      entry(less, { roles: ['a'] }),
      entry(stays, { roles: ['a', 'b'] }),
      entry('marker'),
    )
    const ends = await Promise.all(all.slice(0, 4).map((connection) => connection.body()))
    assert.is(ends.length, 4, 'they ended, and were not broken off')
    assert.equal(await Promise.all([gone, off, late, less].map(endOf)), [
      { outcome: 'unauthenticated', code: 'credential-unknown' },
      { outcome: 'unauthenticated', code: 'credential-disabled' },
      { outcome: 'unauthenticated', code: 'credential-not-yet-valid' },
      { outcome: 'unauthenticated', code: 'credential-changed' },
    ])
    assert.equal(await Promise.all(ids.map((id) => statusOf(id))), [401, 401, 401, 200, 200])
    const closed = (await gateway.audit()).filter((one) => one.event === 'stream.closed')
    assert.not.ok(closed.some(({ subject }) => subject?.id === stays))
    for (const connection of all) connection.close()
  })
}

test('a key that is saved is in soon, one that is taken out is out', async () => {
  saveKeys(entry('henry'))
  await becomes('henry', 200)
  saveKeys(entry('ida'))
  await becomes('ida', 200)
  assert.is(await statusOf('henry'), 401)
  assert.is(await statusOf('alice'), 200, 'the keys of the configuration stay')
})

test('a save that cannot be used changes nothing and is in the log, with place and fix', async () => {
  saveKeys(entry('jack'))
  await becomes('jack', 200)
  const before = gateway.logged.length
  save('apiKeys:\n  - id: kate\n    sha256: "123"\n')
  const line = await said(before, 'the API keys before stay')
  assert.match(line, /^error /)
  assert.match(line, `${path}:3: /apiKeys/0/sha256`)
  assert.match(line, '; ', 'what to do about it')
  assert.is(await statusOf('jack'), 200)
  const meanwhile = gateway.logged.length
  rmSync(path)
  assert.match(await said(meanwhile, 'the API keys before stay'), `${path}: does not exist`)
  assert.is(await statusOf('jack'), 200)
  saveKeys(entry('kate'))
  await becomes('kate', 200)
  assert.is(await statusOf('jack'), 401)
})

async function said(from: number, text: string): Promise<string> {
  const untilMs = performance.now() + 15_000
  for (;;) {
    const line = gateway.logged.slice(from).find((one) => one.includes(text))
    if (line !== undefined) return line
    assert.ok(performance.now() < untilMs, gateway.logged.slice(from).join('\n'))
    await sleep(20)
  }
}

test('while a key is replaced the old and the new one are one principal, in one session', async () => {
  saveKeys(entry('lena', {}, 'lena-old'), entry('lena', {}, 'lena-new'))
  await becomes('lena-new', 200)
  const session = await openSession(gateway, { as: 'lena-old' })
  const headers = { 'mcp-session-id': session }
  const inSession = async (as: string) =>
    (await gateway.send({ as, headers, body: request('tools/list') })).status
  assert.is(await inSession('lena-new'), 200)
  saveKeys(entry('lena', {}, 'lena-new'), entry('mia'))
  await becomes('lena-old', 401)
  assert.is(await inSession('lena-new'), 200)
  assert.is(await inSession('mia'), 404, 'the session is not hers')
})

test('a reload reads the keys at once', async () => {
  saveKeys(entry('nora'))
  const reloading = gateway.guard.reload()
  assert.is(await statusOf('nora'), 200)
  assert.ok((await reloading).ok)
})

test('SIGHUP reads the keys again', async () => {
  saveKeys(entry('olga'))
  const child = await startChild({
    upstreams: { up: upstream.url },
    identity: { apiKeyFile: path },
  })
  try {
    saveKeys(entry('olga'), entry('paul'))
    child.signal('SIGHUP')
    assert.match(await child.says('the API keys were read again'), '"keys":3')
  } finally {
    await child.close()
  }
})

test.run()
