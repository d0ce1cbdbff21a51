/**
 * Bad input of clients that have one way for all their answers (HTTP+SSE, stdio), for each kind of
 * server behind: what the post and the stream are told, what of it is in the audit, that the session
 * goes on, and that somebody else's call on the same server is answered meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AuditEvent } from '../../src/domain.js'
import { GuardError } from '../../src/errors.js'
import { startBadHttp, startBadSse } from '../support/bad-servers.js'
import { type Sent, startGateway } from '../support/gateway.js'
import { call, initialize, modern, notification, pinned, request } from '../support/messages.js'
import { stdioServer, until } from '../support/stdio.js'
import { serveStdio } from '../support/stdio-client.js'

type Kind = 'http' | 'sse' | 'stdio'
type Front = 'sse' | 'stdio'
const kinds: readonly Kind[] = ['http', 'sse', 'stdio']
const fronts: readonly Front[] = ['sse', 'stdio']

const http = await startBadHttp()
const sse = await startBadSse()
const bounds = { timeout: '2s', maxLineBytes: 1024 * 1024 }
const gateway = await startGateway({
  upstreams: {
    http: { url: http.url, timeout: bounds.timeout },
    sse: { url: sse.url, transport: 'sse', ...bounds },
    stdio: stdioServer([], bounds),
  },
  callers: { alice: [], bob: [] },
})
test.after(async () => {
  await gateway.close()
  await http.close()
  await sse.close()
})

interface Client {
  /** The answer to the post, of a client that has such; else null. */
  send(body: Sent['body']): Promise<string | null>
  /** Messages so far. */
  readonly messages: readonly string[]
  /** Why the gateway ended it; null: the client went. Never of a stream. */
  readonly ended: Promise<unknown>
  close(): void
}

async function openSse(kind: Kind, as: string): Promise<Client> {
  const stream = await gateway.open({ verb: 'GET', path: `/mcp/${kind}/sse`, as })
  await stream.head()
  const path = /data: (.*)/.exec(await stream.until('\n\n'))?.[1] ?? ''
  const messages: string[] = []
  const read = async () => {
    let rest = ''
    for (let piece = await stream.piece(); piece !== null; piece = await stream.piece()) {
      const events = (rest + piece.toString()).split('\n\n')
      rest = events.pop() ?? ''
      for (const event of events) messages.push(/^data: (.*)$/m.exec(event)?.[1] ?? event)
    }
  }
  read().catch(() => undefined)
  return {
    messages,
    ended: new Promise(() => undefined),
    async send(body) {
      const answer = await gateway.send({ path, as, ...(body === undefined ? {} : { body }) })
      return `${answer.status} ${pinned(answer.body)}`
    },
    close: () => stream.close(),
  }
}

function openStdio(kind: Kind, as: string): Client {
  const rig = serveStdio(gateway, { server: kind, claim: { by: 'entry', id: as } })
  const ended = rig.served.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return {
    messages: rig.lines,
    ended,
    async send(body) {
      rig.send(`${typeof body === 'string' ? body : JSON.stringify(body)}\n`)
      return null
    },
    close: () => rig.input.end(),
  }
}

async function open(front: Front, kind: Kind, as: string): Promise<Client> {
  const client = front === 'sse' ? await openSse(kind, as) : openStdio(kind, as)
  await client.send(initialize)
  await receives(client, '"id":1,"result"')
  await client.send(notification('notifications/initialized'))
  return client
}

async function receives({ messages }: Client, text: string): Promise<string> {
  await until(() => messages.some((message) => message.includes(text)), text, 5000)
  return messages.find((message) => message.includes(text)) ?? ''
}

interface Row {
  readonly what: string
  readonly body: Sent['body']
  /** What the post is told over HTTP+SSE; default: that it was accepted. */
  readonly refused?: string
  /** The message on the stream, over stdio also where the post is told over HTTP+SSE. */
  readonly told?: string | Readonly<Record<Kind, string>>
  readonly event: string
  /** Afterwards the server has no session with it any more. */
  readonly ends?: readonly Kind[]
  readonly dropped?: true
}

const own = (code: number, message: string, id: unknown = 1, more = '') =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":${code},"message":"${message}","data":{${more}"requestId":"<id>"}}}`
const back = (message: string) =>
  `{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"${message}"}}`
const unsupported = own(
  -32022,
  'the protocol version is not supported',
  1,
  '"supported":["2026-07-28"],"requested":"2099-01-01",',
)
const noBatches = own(-32600, 'the body is an array: this protocol version has no batches', null)
const filter = { notifications: { resourceSubscriptions: 'all' } }
const invalid = 'the server behind the gateway gave an answer that cannot be passed on'

function answered(text: string): Readonly<Record<Kind, string>> {
  const content = `"content":[{"type":"text","text":"${text}"}]`
  const plain = `{"jsonrpc":"2.0","id":1,"result":{${content}}}`
  const complete = `{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete",${content}}}`
  return { http: plain, sse: plain, stdio: complete }
}

const rows: readonly Row[] = [
  {
    what: 'a second initialize',
    body: initialize,
    told: {
      http: back('Server already initialized'),
      sse: back('the session is initialised already'),
      stdio: back('the session is initialised already'),
    },
    event: 'forwarded null initialize',
  },
  {
    what: 'a response to nothing',
    body: { jsonrpc: '2.0', id: 'ask', result: {} },
    refused: `400 ${own(-32600, 'the response answers no request', null)}`,
    event: 'rejected response-unknown response',
  },
  {
    what: 'a cancellation of somebody else’s request',
    body: notification('notifications/cancelled', { requestId: 'of bob' }),
    event: 'forwarded null notifications/cancelled',
  },
  {
    what: 'a version that is not yet',
    body: JSON.stringify(modern('tools/list').body).replace('2026-07-28', '2099-01-01'),
    refused: `400 ${unsupported}`,
    told: unsupported,
    event: 'rejected version-unsupported tools/list',
  },
  {
    what: 'a batch in a version without batches',
    body: [request('ping')],
    refused: `400 ${noBatches}`,
    told: noBatches,
    event: 'rejected batch null',
  },
  {
    what: 'a listen whose filter cannot be read',
    body: modern('subscriptions/listen', filter).body,
    told: '{"jsonrpc":"2.0","id":1,"error":{"code":1403,"message":"Denied by policy (decision <id>). Retrying will not help.","data":{"decisionId":"<id>"}}}',
    event: 'denied null subscriptions/listen',
  },
  {
    what: 'a server that answers twice',
    body: call('twice'),
    told: answered('first'),
    event: 'forwarded null tools/call',
    dropped: true,
  },
  {
    what: 'a server that also answers what nobody asked',
    body: call('stranger'),
    told: answered('mine'),
    event: 'forwarded null tools/call',
    dropped: true,
  },
  {
    what: 'a server that says a line without an end',
    body: call('endless'),
    told: own(-32603, invalid),
    event: 'failed GUARD_UPSTREAM_INVALID tools/call',
    ends: ['sse', 'stdio'],
    dropped: true,
  },
]

for (const row of rows) {
  for (const front of fronts) {
    for (const kind of kinds) {
      test(`${row.what}: ${front} in front, ${kind} behind`, () => check(row, front, kind))
    }
  }
}

async function check(row: Row, front: Front, kind: Kind): Promise<void> {
  const [alice, bob] = await Promise.all([open(front, kind, 'alice'), open(front, kind, 'bob')])
  await bob.send(call('slow', { arguments: { ms: 100, is: 'of bob' } }, 'of bob'))
  const earlier = (await gateway.audit()).length
  const before = alice.messages.length
  const posted = await alice.send(row.body)
  if (posted !== null) assert.is(posted, row.refused ?? '202 Accepted')
  const told = typeof row.told === 'object' ? row.told[kind] : row.told
  const due = told === undefined || (posted !== null && row.refused !== undefined) ? [] : [told]
  await until(() => alice.messages.length >= before + due.length, `told ${due}`)
  await receives(bob, '\\"is\\":\\"of bob\\"')
  assert.equal(alice.messages.slice(before).map(pinned), due)
  await eventually(async () => (await exchanges(earlier)).length > 0)
  assert.equal((await exchanges(earlier)).map(describe), [row.event])
  if (row.dropped === undefined) {
    assert.equal((await gateway.audit()).slice(earlier).filter(isDropped), [])
  }
  await alice.send(call('echo', { arguments: { after: true } }, 'after'))
  const ended = row.ends?.includes(kind) === true
  await receives(alice, ended ? '"id":"after","error"' : '"id":"after","result"')
  alice.close()
  bob.close()
}

const aside = ['stream/open', 'session/close', 'notifications/initialized']

/** Of alice, but for how her session begins and ends. */
async function exchanges(earlier: number): Promise<AuditEvent[]> {
  const events = (await gateway.audit()).slice(earlier)
  return events.filter(
    ({ event, subject, method }) =>
      subject?.id !== 'bob' && event !== 'dropped' && !aside.includes(method ?? ''),
  )
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 3000
  while (!(await condition())) {
    if (performance.now() > deadline) return
    await sleep(20)
  }
}

function isDropped({ event }: AuditEvent): boolean {
  return event === 'dropped'
}

function describe({ outcome, code, method }: AuditEvent): string {
  return [outcome, code, method].map(String).join(' ')
}

async function loses(front: Front): Promise<Client> {
  const client = await open(front, 'stdio', 'alice')
  await client.send(call('crash', {}, 'fatal'))
  await receives(client, '"id":"fatal","error"')
  await client.send(call('echo', {}, 'lost'))
  await receives(client, '"id":"lost","error"')
  return client
}

test('a session that its server lost: errors, then another may begin, sse in front', async () => {
  const client = await loses('sse')
  await client.send({ ...initialize, id: 'again' })
  await receives(client, '"id":"again","result"')
  await client.send(call('echo', {}, 'found'))
  await receives(client, '"id":"found","result"')
  client.close()
})

test('a session that its server lost: errors, and the command ends and says why, stdio in front', async () => {
  const client = await loses('stdio')
  const ended = await client.ended
  assert.instance(ended, GuardError)
  assert.is((ended as GuardError).code, 'GUARD_UPSTREAM_UNREACHABLE')
  assert.match((ended as GuardError).message, 'start the command again for a new one')
})

// ── Over HTTP+SSE alone ─────────────────────────────────────────────────────────────────────────

const ofHttp: readonly {
  readonly what: string
  readonly sent: (place: string) => Sent
  readonly status: number
  readonly code: string
}[] = [
  {
    what: 'a place that never was',
    sent: (place) => ({ path: place.replace(/=.*/, `=${'A'.repeat(22)}`) }),
    status: 404,
    code: 'session-unknown',
  },
  {
    what: 'somebody else’s place',
    sent: (path) => ({ path, as: 'bob' }),
    status: 404,
    code: 'session-foreign',
  },
  {
    what: 'no place',
    sent: (place) => ({ path: place.replace(/\?.*/, '') }),
    status: 404,
    code: 'route-unknown',
  },
  {
    what: 'a body that says it is text',
    sent: (path) => ({ path, headers: { 'content-type': 'text/plain' } }),
    status: 415,
    code: 'media-type-refused',
  },
  {
    what: 'a stream for a page',
    sent: () => ({ verb: 'GET', path: '/mcp/http/sse', headers: { accept: 'text/html' } }),
    status: 406,
    code: 'accept-refused',
  },
]
for (const { what, sent, status, code } of ofHttp) {
  test(`${what}: ${status}, and the stream goes on`, async () => {
    const stream = await gateway.open({ verb: 'GET', path: '/mcp/http/sse' })
    await stream.head()
    const place = /data: (.*)/.exec(await stream.until('\n\n'))?.[1] ?? ''
    const earlier = (await gateway.audit()).length
    const { verb } = sent(place)
    const body = verb === 'GET' ? {} : { body: request('tools/list') }
    assert.is((await gateway.send({ ...body, ...sent(place) })).status, status)
    const events = (await gateway.audit()).slice(earlier)
    assert.equal(
      events.filter((event) => event.outcome === 'rejected').map((event) => event.code),
      [code],
    )
    await gateway.send({ path: place, body: initialize })
    assert.match(await stream.until('\n\n'), '"id":1,"result"')
    stream.close()
  })
}

test.run()
