/**
 * Bad input over Streamable HTTP, for each kind of server behind: the exact answer, what of it is in
 * the audit, and that somebody else's call on the same server is answered meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AuditEvent } from '../../src/domain.js'
import { startBadHttp, startBadSse } from '../support/bad-servers.js'
import { type Sent, startGateway } from '../support/gateway.js'
import {
  call,
  initialize,
  modern,
  notification,
  openSession,
  pinned,
  request,
} from '../support/messages.js'
import { stdioServer } from '../support/stdio.js'

type Kind = 'http' | 'sse' | 'stdio'
const kinds: readonly Kind[] = ['http', 'sse', 'stdio']

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

interface Row {
  readonly what: string
  /** Default: all. */
  readonly on?: readonly Kind[]
  /** `mine` and `other`: headers with the session of the sender, and of somebody else. */
  readonly sent: (mine: Headers, other: Headers) => Sent
  readonly status: number
  /** The whole body, with what differs each time taken out. */
  readonly body: string | Readonly<Record<Kind, string>>
  /** Outcome, code and method of the one event of the request. */
  readonly event: string
  /** How much the server said that nobody got, and why; the default for it is by kind. */
  readonly dropped?: { readonly count: number; readonly code?: string }
  /** How long somebody else's call is in flight. */
  readonly meanwhileMs?: number
}
type Headers = Readonly<Record<string, string>>

const own = (code: number, message: string, id: unknown = 1, more = '') =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":${code},"message":"${message}","data":{${more}"requestId":"<id>"}}}`
const back = (message: string, id: unknown = 1) =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32600,"message":"${message}"}}`
const list = request('tools/list')
const cancel = notification('notifications/cancelled', { requestId: 'of bob' })
const never = { 'mcp-session-id': 'never' }
const noSession = 'session not found'
const both = 'Accept has to take application/json and text/event-stream'
const json = 'the body must be application/json, not encoded'
const invalid = 'the server behind the gateway gave an answer that cannot be passed on'

/** A modern request with another version in its header and in its envelope. */
function ofVersion(version: string): Sent {
  const body = JSON.stringify(modern('tools/list').body).replace('2026-07-28', version)
  return { ...modern('tools/list', {}, { 'mcp-protocol-version': version }), body }
}

function answered(text: string): Readonly<Record<Kind, string>> {
  const content = `"content":[{"type":"text","text":"${text}"}]`
  const plain = `{"jsonrpc":"2.0","id":1,"result":{${content}}}`
  return {
    http: `data: ${plain}\nevent: message\n\n`,
    sse: plain,
    stdio: `{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete",${content}}}`,
  }
}

const rows: readonly Row[] = [
  // ── Sessions ──────────────────────────────────────────────────────────────────────────────────
  {
    what: 'a session that never was',
    sent: () => ({ headers: never, body: list }),
    status: 404,
    body: own(-32600, noSession),
    event: 'rejected session-unknown tools/list',
  },
  {
    what: 'a GET in a session that never was',
    sent: () => ({ verb: 'GET', headers: never }),
    status: 404,
    body: own(-32600, noSession, null),
    event: 'rejected session-unknown stream/open',
  },
  {
    what: 'a DELETE of a session that never was',
    sent: () => ({ verb: 'DELETE', headers: never }),
    status: 404,
    body: own(-32600, noSession, null),
    event: 'rejected session-unknown session/close',
  },
  {
    what: 'somebody else’s session',
    sent: (_, headers) => ({ headers, body: list }),
    status: 404,
    body: own(-32600, noSession),
    event: 'rejected session-foreign tools/list',
  },
  {
    what: 'a DELETE of somebody else’s session',
    sent: (_, headers) => ({ verb: 'DELETE', headers }),
    status: 404,
    body: own(-32600, noSession, null),
    event: 'rejected session-foreign session/close',
  },
  {
    what: 'a request without the session that the server needs',
    sent: () => ({ body: list }),
    status: 400,
    body: {
      http: back('Session id is missing'),
      sse: back('the session id is missing'),
      stdio: back('the session id is missing'),
    },
    event: 'forwarded null tools/list',
  },
  {
    what: 'a GET without the session that the server needs',
    sent: () => ({ verb: 'GET' }),
    status: 400,
    body: {
      http: back('Session id is missing', null),
      sse: back('the session id is missing', null),
      stdio: back('the session id is missing', null),
    },
    event: 'forwarded null stream/open',
  },
  {
    what: 'a second initialize',
    sent: (headers) => ({ headers, body: initialize }),
    status: 400,
    body: {
      http: back('Server already initialized'),
      sse: back('the session is initialised already'),
      stdio: back('the session is initialised already'),
    },
    event: 'forwarded null initialize',
  },
  // ── Headers ───────────────────────────────────────────────────────────────────────────────────
  {
    what: 'an Accept without event streams',
    sent: (mine) => ({ headers: { ...mine, accept: 'application/json' }, body: list }),
    status: 406,
    body: own(-32600, both, null),
    event: 'rejected accept-refused null',
  },
  {
    what: 'an Accept that takes event streams with a weight of 0',
    sent: (mine) => ({ headers: { ...mine, accept: '*/*, text/event-stream;q=0' }, body: list }),
    status: 406,
    body: own(-32600, both, null),
    event: 'rejected accept-refused null',
  },
  {
    what: 'a modern request whose Accept takes no JSON',
    sent: () => modern('tools/list', {}, { accept: 'text/event-stream' }),
    status: 406,
    body: own(-32600, both, null),
    event: 'rejected accept-refused null',
  },
  {
    what: 'a GET that does not take event streams',
    sent: (mine) => ({ verb: 'GET', headers: { ...mine, accept: 'application/json' } }),
    status: 406,
    body: own(-32600, 'Accept has to take text/event-stream', null),
    event: 'rejected accept-refused null',
  },
  {
    what: 'a body that says it is text',
    sent: (mine) => ({ headers: { ...mine, 'content-type': 'text/plain' }, body: list }),
    status: 415,
    body: own(-32600, json, null),
    event: 'rejected media-type-refused null',
  },
  {
    what: 'a body without a type',
    sent: (mine) => ({ headers: { ...mine, 'content-type': null }, body: list }),
    status: 415,
    body: own(-32600, json, null),
    event: 'rejected media-type-refused null',
  },
  {
    what: 'a version that never was, legacy',
    sent: (mine) => ({ headers: { ...mine, 'mcp-protocol-version': '1999-01-01' }, body: list }),
    status: 400,
    body: own(-32600, 'MCP-Protocol-Version names an unknown version'),
    event: 'rejected version-unknown tools/list',
  },
  {
    what: 'a version that is not yet, modern',
    sent: () => ofVersion('2099-01-01'),
    status: 400,
    body: own(
      -32022,
      'the protocol version is not supported',
      1,
      '"supported":["2026-07-28"],"requested":"2099-01-01",',
    ),
    event: 'rejected version-unsupported tools/list',
  },
  // ── Messages ──────────────────────────────────────────────────────────────────────────────────
  {
    what: 'a response to nothing',
    sent: (headers) => ({ headers, body: { jsonrpc: '2.0', id: 'ask', result: {} } }),
    status: 400,
    body: own(-32600, 'the response answers no request', null),
    event: 'rejected response-unknown response',
  },
  {
    what: 'an error in response to nothing',
    sent: (headers) => ({
      headers,
      body: { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'no' } },
    }),
    status: 400,
    body: own(-32600, 'the response answers no request', null),
    event: 'rejected response-unknown response',
  },
  {
    what: 'a cancellation of somebody else’s request, in one’s own session',
    sent: (headers) => ({ headers, body: cancel }),
    status: 202,
    body: '',
    event: 'forwarded null notifications/cancelled',
  },
  {
    what: 'a cancellation of somebody else’s request, in their session',
    sent: (_, headers) => ({ headers, body: cancel }),
    status: 404,
    body: own(-32600, noSession, null),
    event: 'rejected session-foreign notifications/cancelled',
  },
  {
    what: 'a cancellation of somebody else’s request, modern',
    sent: () => {
      const { headers, body } = modern('notifications/cancelled', { requestId: 'of bob' })
      const { id: _, ...told } = body as { id: unknown }
      return { headers: headers ?? {}, body: told }
    },
    status: 202,
    body: '',
    event: 'rejected cancel-ignored notifications/cancelled',
  },
  {
    what: 'a listen whose filter cannot be read',
    sent: () => modern('subscriptions/listen', { notifications: { resourceSubscriptions: 'all' } }),
    status: 200,
    body: '{"jsonrpc":"2.0","id":1,"error":{"code":1403,"message":"Denied by policy (decision <id>). Retrying will not help.","data":{"decisionId":"<id>"}}}',
    event: 'denied null subscriptions/listen',
  },
  // ── Servers ───────────────────────────────────────────────────────────────────────────────────
  {
    what: 'a server that answers twice',
    sent: (headers) => ({ headers, body: call('twice') }),
    status: 200,
    body: answered('first'),
    event: 'forwarded null tools/call',
    dropped: { count: 1 },
  },
  {
    what: 'a server that also answers what nobody asked',
    sent: (headers) => ({ headers, body: call('stranger') }),
    status: 200,
    body: answered('mine'),
    event: 'forwarded null tools/call',
    dropped: { count: 2 },
  },
  {
    what: 'a server that says a line without an end',
    on: ['sse', 'stdio'],
    sent: (headers) => ({ headers, body: call('endless') }),
    status: 502,
    body: own(-32603, invalid),
    event: 'failed GUARD_UPSTREAM_INVALID tools/call',
    meanwhileMs: 200,
  },
  {
    what: 'a server that says a line without an end',
    on: ['http'],
    sent: (headers) => ({ headers, body: call('endless') }),
    status: 200,
    body: { http: `data: ${own(-32603, invalid)}\n\n`, sse: '', stdio: '' },
    event: 'failed GUARD_UPSTREAM_INVALID tools/call',
    dropped: { count: 1, code: 'a-value-was-expected' },
    meanwhileMs: 800,
  },
]

const droppedCode: Readonly<Record<Kind, string>> = {
  http: 'a-response-to-another-request',
  sse: 'a-response-to-no-request',
  stdio: 'a-response-to-no-request',
}

for (const row of rows) {
  for (const kind of row.on ?? kinds)
    test(`${row.what}: ${row.status}, ${kind}`, () => check(row, kind))
}

async function check(row: Row, kind: Kind): Promise<void> {
  const path = `/mcp/${kind}`
  const session = async (as: string) => ({
    'mcp-session-id': await openSession(gateway, { path, as }),
  })
  const [mine, other] = await Promise.all([session('alice'), session('bob')])
  const body = call('slow', { arguments: { ms: row.meanwhileMs ?? 60, is: 'of bob' } }, 'of bob')
  const inFlight = gateway.send({ path, as: 'bob', headers: other, body })
  await sleep(10)
  const earlier = (await gateway.audit()).length
  const answer = await gateway.send({ path, ...row.sent(mine, other) })
  const due = typeof row.body === 'string' ? row.body : row.body[kind]
  assert.equal([answer.status, pinned(answer.body)], [row.status, due])
  const untouched = await inFlight
  assert.is(untouched.status, 200)
  assert.match(untouched.body, '\\"is\\":\\"of bob\\"')
  const events = (await gateway.audit()).slice(earlier)
  const ofAlice = events.filter(({ subject }) => subject?.id !== 'bob')
  const exchange = ofAlice.filter(({ event }) => event !== 'dropped')
  assert.equal(exchange.map(describe), [row.event])
  if (row.dropped === undefined) assert.equal(events.filter(isDropped), [])
  else await checkDropped(kind, earlier, row.dropped)
}

async function checkDropped(
  kind: Kind,
  earlier: number,
  { count, code = droppedCode[kind] }: NonNullable<Row['dropped']>,
): Promise<void> {
  const ofKind = (event: AuditEvent) => isDropped(event) && event.server === kind
  const deadline = performance.now() + 3000
  for (;;) {
    // A shared connection tells of what it dropped once a second, with the number.
    const found = (await gateway.audit()).slice(earlier).filter(ofKind)
    const total = found.reduce((sum, event) => sum + Math.max(1, event.dropped), 0)
    if (total === count) {
      assert.ok(
        found.every((event) => event.code === code),
        JSON.stringify(found),
      )
      return
    }
    if (performance.now() > deadline) throw new Error(JSON.stringify(found, null, 1))
    await sleep(50)
  }
}

function isDropped({ event }: AuditEvent): boolean {
  return event === 'dropped'
}

function describe({ outcome, code, method }: AuditEvent): string {
  return [outcome, code, method].map(String).join(' ')
}

test('a listen with a filter that nobody knows passes, and what it brings is judged', async () => {
  const filter = { notifications: { everything: true } }
  const path = '/mcp/stdio'
  const stream = await gateway.open({ path, ...modern('subscriptions/listen', filter) })
  assert.is((await stream.head())?.status, 200)
  assert.match(await stream.until('\n\n'), 'notifications/subscriptions/acknowledged')
  stream.close()
  const closed = await gateway.event(
    ({ event, method }) => event === 'stream.closed' && method === 'subscriptions/listen',
  )
  assert.is(closed.outcome, 'abandoned')
})

test.run()
