/**
 * Invariant 6, own answers only: many clients that all use the ids 0, 1, 2 … on shared servers of
 * every kind, with random delays, chatter, late messages and clients that leave in the middle of a
 * call. Whatever a client receives carries its own tokens, and each call its own answer.
 *
 * By hand: CALLS=1000000 CLIENTS=200 node dist/test/e2e/cross-talk.test.js
 */
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import { type PeerServer, startEcho } from '../support/peers.js'

const calls = Number(process.env['CALLS'] ?? 6_000)
const clients = Number(process.env['CLIENTS'] ?? 200)
/** A process each: what a machine holds, not what the gateway holds, is the bound. */
const stdioClients = Math.min(clients, 20)
const inFlight = 4
const echo = fileURLToPath(new URL('../../../test/peers/echo-server.mjs', import.meta.url))

interface Tally {
  answers: number
  abandoned: number
  heard: number
  readonly wrong: string[]
  /** Answers of the gateway that it cannot: on a machine that is too busy a server is late. */
  readonly refused: string[]
}

/** Of the answers, at most; a machine that is not busy has none. */
const maxRefused = 0.001

let gateway: Gateway
let servers: PeerServer[] = []

test.before(async () => {
  servers = [await startEcho('http'), await startEcho('sse')]
  gateway = await startGateway({
    upstreams: {
      http: servers[0]?.url ?? '',
      sse: { url: servers[1]?.url ?? '', transport: 'sse', maxConnections: 1000 },
      stdio: { command: process.execPath, args: [echo, 'stdio'] },
    },
    callers: Object.fromEntries(Array.from({ length: clients }, (_, n) => [`c${n}`, []])),
    listen: { maxConnections: 10_000 },
  })
})
test.after(async () => {
  await gateway?.close()
  for (const server of servers) await server.stop()
})

/** Tokens of others in what this client received. */
function foreign(client: string, text: string): string[] {
  const tokens = text.match(/token:[^"]*/g) ?? []
  return tokens.filter((token) => !token.startsWith(`token:${client}:`))
}

class Client {
  readonly #name: string
  readonly #url: string
  readonly #tally: Tally
  readonly #isModern: boolean
  #session: string | null = null
  #next = 0
  readonly #listening = new AbortController()

  constructor(name: string, server: string, isModern: boolean, tally: Tally) {
    this.#name = name
    this.#url = `${gateway.url}/mcp/${server}`
    this.#tally = tally
    this.#isModern = isModern
  }

  async open(): Promise<void> {
    if (this.#isModern) return
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: this.#name, version: '1' },
    }
    const response = await this.#post({ jsonrpc: '2.0', id: 0, method: 'initialize', params })
    this.#session = response.headers.get('mcp-session-id')
    const text = await response.text()
    if (this.#session === null) throw new Error(`no session: ${response.status} ${text}`)
    void this.#listen()
  }

  async call(): Promise<void> {
    const id = this.#next++
    const token = `token:${this.#name}:${id}`
    const chance = Math.random()
    const args = {
      token,
      delay: Math.floor(Math.random() * 8),
      chatter: chance < 0.4,
      late: chance > 0.8,
    }
    const leaves = Math.random() < 0.05
    const meta = this.#isModern
      ? {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        }
      : {}
    const params = { name: 'echo', arguments: args, _meta: { ...meta, progressToken: id } }
    const leaving = new AbortController()
    if (leaves) setTimeout(() => leaving.abort(), Math.random() * 6)
    try {
      const message = { jsonrpc: '2.0', id, method: 'tools/call', params }
      const response = await this.#post(message, leaving.signal)
      this.#check(id, token, response.status, await response.text())
    } catch (error) {
      if (!leaving.signal.aborted) throw error
      this.#tally.abandoned += 1
    }
  }

  async close(): Promise<void> {
    this.#listening.abort()
    if (this.#session === null) return
    const headers = { ...this.#headers(), 'mcp-session-id': this.#session }
    await (await fetch(this.#url, { method: 'DELETE', headers })).text()
  }

  #check(id: number, token: string, status: number, text: string): void {
    const wrong = foreign(this.#name, text)
    const responses = text
      .split('\n')
      .map((line) => line.replace(/^data: /, ''))
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
      .filter((message) => message.method === undefined)
    const own = responses[0]
    const right =
      status === 200 &&
      responses.length === 1 &&
      own?.id === id &&
      own?.result?.content?.[0]?.text === token
    const isRefusal =
      [408, 502, 503, 504].includes(status) &&
      (text === '' || (responses.length === 1 && own?.id === id && own?.error !== undefined))
    this.#tally.answers += 1
    this.#tally.heard += text.match(/"method":/g)?.length ?? 0
    const said = `${token}: ${status} ${text}`
    if (isRefusal && wrong.length === 0) this.#tally.refused.push(said)
    else if (!right || wrong.length > 0) this.#tally.wrong.push(said)
  }

  async #listen(): Promise<void> {
    try {
      const headers = {
        ...this.#headers(),
        accept: 'text/event-stream',
        'mcp-session-id': this.#session ?? '',
      }
      const signal = this.#listening.signal
      const response = await fetch(this.#url, { headers, signal })
      const decoder = new TextDecoder()
      let rest = ''
      for await (const chunk of response.body ?? []) {
        rest += decoder.decode(chunk, { stream: true })
        const whole = rest.lastIndexOf('\n\n')
        this.#tally.wrong.push(...foreign(this.#name, rest.slice(0, Math.max(0, whole))))
        this.#tally.heard += rest.slice(0, Math.max(0, whole)).match(/"method":/g)?.length ?? 0
        if (whole >= 0) rest = rest.slice(whole)
      }
    } catch (error) {
      if (!this.#listening.signal.aborted) throw error
    }
  }

  #post(message: object, signal: AbortSignal | null = null): Promise<Response> {
    const { method } = message as { method: string }
    const mirror = this.#isModern
      ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, 'mcp-name': 'echo' }
      : {}
    const session = this.#session === null ? {} : { 'mcp-session-id': this.#session }
    const headers = { ...this.#headers(), ...mirror, ...session }
    return fetch(this.#url, { method: 'POST', headers, body: JSON.stringify(message), signal })
  }

  #headers(): Record<string, string> {
    return {
      authorization: `Bearer ${keyOf(this.#name)}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    }
  }
}

async function run(server: string, count: number, isModern: boolean, share: number) {
  const tally: Tally = { answers: 0, abandoned: 0, heard: 0, wrong: [], refused: [] }
  const everybody = Array.from(
    { length: count },
    (_, n) => new Client(`c${n}`, server, isModern, tally),
  )
  for (const client of everybody) await client.open()
  const each = Math.ceil(share / count / inFlight)
  await Promise.all(
    everybody.flatMap((client) =>
      Array.from({ length: inFlight }, async () => {
        for (let n = 0; n < each; n += 1) await client.call()
      }),
    ),
  )
  await Promise.all(everybody.map((client) => client.close()))
  assert.equal(tally.wrong.slice(0, 5), [])
  assert.ok(tally.refused.length <= share * maxRefused, tally.refused.slice(0, 5).join('\n'))
  assert.is(tally.answers + tally.abandoned, each * inFlight * count)
  assert.ok(tally.abandoned > 0 && tally.heard > share / 10, JSON.stringify(tally))
  console.log(
    `${server}, ${isModern ? 'modern' : 'legacy'}: ${count} clients, ${tally.answers} answers, ` +
      `${tally.abandoned} given up, ${tally.heard} messages beside them, 0 to the wrong client, ` +
      `${tally.refused.length} refused`,
  )
}

test('Streamable HTTP, sessions', () => run('http', clients, false, calls * 0.3))
test('Streamable HTTP, no sessions', () => run('http', clients, true, calls * 0.2))
test('HTTP+SSE', () => run('sse', clients, false, calls * 0.3))
test('stdio, a process for each session', () => run('stdio', stdioClients, false, calls * 0.15))
test('stdio, a pool without sessions', () => run('stdio', stdioClients, true, calls * 0.05))

test.run()
