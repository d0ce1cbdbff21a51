/**
 * The journey of a client's messages with real ends and a policy that allows everything and keeps
 * what it was asked: clients over HTTP, HTTP+SSE and stdio, servers over HTTP, HTTP+SSE and stdio
 * that keep the bytes of each message they get. Stubs: clients' sockets, and the audit.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createCatalogue } from '../../src/catalogue/catalogue.js'
import type { AuditLog, DecisionPoint, Identity, Question } from '../../src/domain.js'
import { systemClock } from '../../src/lib/clock.js'
import { createIdSource } from '../../src/lib/ids.js'
import { createSealer } from '../../src/lib/seal.js'
import { createMemoryLimiter } from '../../src/limit/memory.js'
import type { Back } from '../../src/proxy/back/back.js'
import { createHttpBack } from '../../src/proxy/back/http.js'
import { createSseBack } from '../../src/proxy/back/sse.js'
import { createStdioBack } from '../../src/proxy/back/stdio.js'
import { mayPost, openDownlink } from '../../src/proxy/downlink.js'
import type { FrameSink } from '../../src/proxy/frames.js'
import { createSseFront } from '../../src/proxy/front/sse.js'
import { createStdioFront } from '../../src/proxy/front/stdio.js'
import { createIds } from '../../src/proxy/ids.js'
import type { Inbound } from '../../src/proxy/inbound.js'
import { createLastSeen } from '../../src/proxy/last-seen.js'
import { createPipeline } from '../../src/proxy/pipeline.js'
import { createSessions } from '../../src/proxy/session.js'
import type { Steps } from '../../src/proxy/steps.js'
import { createStreamShare } from '../../src/proxy/stream-share.js'
import { createStreams } from '../../src/proxy/streams.js'
import { startBadSse } from './bad-servers.js'
import { until } from './stdio.js'
import { startUpstream } from './upstream.js'

export type End = 'http' | 'sse' | 'stdio'

export interface JudgedRig {
  /** Hands over the bytes of one message as a client of that transport; resolves when it may go on. */
  send(from: End, to: End, bytes: Uint8Array, headers: readonly string[]): Promise<void>
  /** Everything that policy was asked about messages of clients. */
  readonly judged: readonly Question[]
  /** The bytes of each message that the servers of that transport got. */
  received(of: End): Buffer[]
  close(): Promise<void>
}

const path = (of: End) => `/mcp/${of}`
const timeoutMs = 60_000
const jsonLimits = { maxDepth: 64, maxMembers: 400 }
const key = 'a-key-of-the-sessions-'.repeat(2)
const server = fileURLToPath(new URL('../../../test/peers/recording-server.mjs', import.meta.url))
const initialize = Buffer.from(
  '{"jsonrpc":"2.0","id":"begin","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"rig","version":"1"}}}',
)
const posted = ['host', 'localhost', 'content-type', 'application/json']
const accepts = ['accept', 'application/json, text/event-stream']

export const identity: Identity = {
  subject: {
    id: 'alice',
    kind: 'user',
    issuer: 'mcp-guard',
    method: 'api-key',
    client_id: null,
    actors: [],
    roles: [],
    groups: [],
    scopes: [],
    tenant: null,
    expires_at: null,
    claims: {},
  },
  binding: 'b'.repeat(43),
  expiresAtMs: null,
  credentialId: 'rig',
}

const audit: AuditLog = {
  reserve: () => ({
    record: () => undefined,
    recordSoon: (_, done) => done(null),
    release: () => undefined,
  }),
  flush: () => undefined,
  close: () => Promise.resolve(),
}

export async function startJudgedRig(): Promise<JudgedRig> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-judged-'))
  const judged: Question[] = []
  const point: DecisionPoint = {
    revision: 'rig',
    readsDefinitions: false,
    judge(question) {
      if (question.direction === 'client') judged.push(question)
      const decision = { allow: true as const, reasons: [], limits: [] }
      return { decisionId: 'rig', revision: 'rig', decision }
    },
    visible: async (_, __, ids) => ids.map(() => true),
  }
  const http = await startUpstream()
  const sse = await startBadSse()
  const backs = backsOf(folder, http.url, sse.url)
  const steps = stepsOf(point, backs)
  const handle = createPipeline(steps)
  const sseFront = createSseFront(
    { paths: new Set(steps.routes.keys()), jsonLimits },
    {
      handle,
      open: (inbound, onOpen) => openDownlink(steps, inbound, onOpen),
      mayPost: (inbound) => mayPost(steps, inbound),
      unusable: () => undefined,
    },
  )
  const streams = new Map<End, string>()
  const lines = new Map<End, { readonly input: PassThrough; readonly ended: Promise<void> }>()
  const sessions = new Map<End, string>()

  function postHttp(to: End, bytes: Uint8Array, headers: readonly string[]): Promise<Heard> {
    const id = sessions.get(to)
    const session = id === undefined ? [] : ['mcp-session-id', id]
    const rawHeaders = [...posted, ...accepts, ...session, ...headers]
    return exchange(handle, { verb: 'POST', target: path(to), rawHeaders, bytes })
  }

  async function postSse(to: End, bytes: Uint8Array): Promise<void> {
    const target = streams.get(to) ?? ''
    const run = (inbound: Inbound) => sseFront.handlerOf(inbound)?.(inbound) ?? Promise.resolve()
    await exchange(run, { verb: 'POST', target, rawHeaders: posted, bytes })
  }

  /** Opened once for all messages. */
  async function begin(from: End, to: End): Promise<void> {
    if (from === 'http' && !sessions.has(to)) {
      const { headers } = await postHttp(to, initialize, [])
      sessions.set(to, headers.get('mcp-session-id') ?? '')
    }
    if (from === 'sse' && !streams.has(to)) {
      streams.set(to, await openStream(`${path(to)}/sse`))
      await postSse(to, initialize)
    }
    if (from === 'stdio' && !lines.has(to)) {
      const input = new PassThrough()
      const output = new PassThrough()
      output.resume()
      const front = createStdioFront(
        { input, output, target: path(to), maxBodyBytes: 1 << 20, drainTimeoutMs: 1, jsonLimits },
        { handle, unusable: () => undefined },
      )
      lines.set(to, { input, ended: front.ended })
      input.write(Buffer.concat([initialize, Buffer.from('\n')]))
    }
  }

  async function openStream(target: string): Promise<string> {
    const rawHeaders = ['host', 'localhost', 'accept', 'text/event-stream']
    let place = ''
    const inbound = inboundOf(
      { verb: 'GET', target, rawHeaders, bytes: new Uint8Array() },
      {
        message: (text) => {
          place ||= text
        },
      },
    )
    await sseFront.handlerOf(inbound)?.(inbound)
    await until(() => place !== '', 'a place to post to')
    return place
  }

  return {
    judged,
    async send(from, to, bytes, headers) {
      await begin(from, to)
      if (from === 'http') await postHttp(to, bytes, headers)
      else if (from === 'sse') await postSse(to, bytes)
      else lines.get(to)?.input.write(Buffer.concat([bytes, Buffer.from('\n')]))
    },
    received(of) {
      if (of === 'stdio') return readdirSync(folder).flatMap((name) => linesOf(join(folder, name)))
      const { seen } = of === 'http' ? http : sse
      return seen.filter(({ verb }) => verb === 'POST').map(({ body }) => Buffer.from(body))
    },
    async close() {
      for (const { input } of lines.values()) input.end()
      await sseFront.drain(1)
      await Promise.all([...lines.values()].map(({ ended }) => ended))
      for (const back of backs.values()) await back.close()
      await http.close()
      await sse.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Each ends with a line feed and has no other. */
function linesOf(file: string): Buffer[] {
  const lines: Buffer[] = []
  let rest = readFileSync(file)
  for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
    lines.push(rest.subarray(0, end))
    rest = rest.subarray(end + 1)
  }
  return lines
}

function backsOf(folder: string, http: string, sse: string): Map<End, Back> {
  const bounds = { timeoutMs, connectTimeoutMs: 1000, maxConnections: 100 }
  const kept = { idleTimeoutMs: timeoutMs, maxLineBytes: 1 << 20 }
  const events = { observer: {}, dropped: () => undefined }
  return new Map<End, Back>([
    ['http', createHttpBack({ url: http, ...bounds })],
    ['sse', createSseBack({ name: 'sse', url: sse, ...bounds, ...kept }, events)],
    [
      'stdio',
      createStdioBack(
        {
          name: 'stdio',
          command: process.execPath,
          args: [server, folder],
          env: {},
          cwd: null,
          timeoutMs,
          maxChildren: 8,
          maxLifetimeMs: timeoutMs,
          ...kept,
        },
        events,
      ),
    ],
  ])
}

export function stepsOf(point: DecisionPoint, backs: ReadonlyMap<End, Back>): Steps {
  const routes = [...backs].map(
    ([name, back]) => [path(name), { server: { name, labels: {} }, back, timeoutMs }] as const,
  )
  return {
    clock: systemClock,
    nextRequestId: createIdSource(),
    admission: { hosts: new Set(['localhost']), origins: new Set(), maxHeaders: 100 },
    routes: new Map(routes),
    identify: () => ({ ok: true, identity }),
    jsonLimits,
    sessions: createSessions(createSealer([key], 'session'), Date.now),
    ids: createIds({
      requests: createSealer([key], 'server-request'),
      tasks: createSealer([key], 'task'),
    }),
    policy: { current: () => point },
    catalogue: createCatalogue({ clock: systemClock, maxAgeMs: timeoutMs }),
    limiter: createMemoryLimiter({ clock: systemClock, maxKeys: 100 }),
    defaultLimits: () => [],
    audit,
    observer: {},
    streams: createStreams(Date.now, () => null),
    streamShare: createStreamShare(1000),
    lastSeen: createLastSeen(),
    refusals: { deniedCall: 'result', denied: 'error', limitedCall: 'http', limited: 'http' },
    protectedResources: new Map(),
  }
}

// ── Requests without a socket ───────────────────────────────────────────────────────────────────

export interface Posted {
  readonly verb: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly bytes: Uint8Array
}

interface Heard {
  readonly headers: ReadonlyMap<string, string>
}

/** Resolves when the answer is complete. */
function exchange(handle: (inbound: Inbound) => Promise<void>, sent: Posted): Promise<Heard> {
  return new Promise((resolve, reject) => {
    let headers: ReadonlyMap<string, string> = new Map()
    const inbound = inboundOf(sent, {
      head: (one) => {
        headers = one
      },
      over: () => resolve({ headers }),
    })
    handle(inbound).catch(reject)
  })
}

export interface Watching {
  head?(headers: ReadonlyMap<string, string>): void
  message?(text: string): void
  reply?(status: number): void
  over?(): void
}

export function inboundOf(
  { verb, target, rawHeaders, bytes }: Posted,
  watching: Watching,
): Inbound {
  const over = () => watching.over?.()
  const sink: FrameSink = {
    head({ headers }) {
      watching.head?.(headers)
      return undefined
    },
    part: () => undefined,
    message(text) {
      watching.message?.(Buffer.from(text).toString())
      return undefined
    },
    idle: () => undefined,
    end() {
      over()
      return undefined
    },
    fail: over,
  }
  return {
    transport: 'http',
    verb,
    target,
    rawHeaders,
    ip: '127.0.0.1',
    connection: { address: '', certificate: null },
    readBody: () => Promise.resolve({ ok: true, bytes }),
    reply({ status }) {
      watching.reply?.(status)
      over()
    },
    sink,
    forwarded: () => undefined,
    endOnDrain: () => undefined,
    begun: false,
    onGone: () => undefined,
    bytesIn: bytes.length,
  }
}
