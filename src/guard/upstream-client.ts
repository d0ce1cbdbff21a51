/**
 * The gateway as the client of one of its servers: what a command asks on the operator's behalf,
 * through the very adapter and with the very credential that calls go through. Begins as clients of
 * the older era do, and goes on without a session where the server refuses that. Gives the bytes of
 * the answer to its own request; reads nothing else in them.
 */
import type { UpstreamConfig } from '../config/config.js'
import type { Era, JsonObject } from '../domain.js'
import { GuardError } from '../errors.js'
import { createFetcher } from '../fetcher/create-fetcher.js'
import { ownMessage } from '../mcp/json-rpc.js'
import type { AnswerHead, Flow, FrameSink } from '../proxy/frames.js'
import { routeTo } from './routes.js'

export interface UpstreamAnswer {
  readonly status: number
  /** The message as the server wrote it; empty: an answer without a body. */
  readonly message: Uint8Array
}

export interface UpstreamClient {
  /** `isRefusal`: whether an answer to `initialize` is one. Rejects with a GuardError. */
  connect(isRefusal: (answer: UpstreamAnswer) => boolean): Promise<void>
  /** Rejects with a GuardError. */
  request(method: string, params: JsonObject): Promise<UpstreamAnswer>
  close(): Promise<void>
}

const legacyVersion = '2025-11-25'
const modernVersion = '2026-07-28'
const principal = 'mcp-guard'
const capabilities: JsonObject = {}
const maxAnswerBytes = 64 * 1024 * 1024

/** `says`: what the server writes on standard error, and what is wrong with it, for people. */
export function createUpstreamClient(
  upstream: UpstreamConfig,
  version: string,
  says: (text: string) => void,
): UpstreamClient {
  const fetcher = createFetcher()
  const observer = { log: (_level: string, text: string) => says(text) }
  const { back, timeoutMs } = routeTo(upstream, { observer, dropped: () => undefined }, fetcher)
  const clientInfo = { name: 'mcp-guard', version }
  let era: Era = 'legacy'
  let sessionId: string | null = null
  let agreed: string | null = null
  let lastId = 0

  function headersOf(method: string | null): string[] {
    const headers = ['accept', 'application/json, text/event-stream']
    if (method !== null) headers.push('content-type', 'application/json')
    if (agreed !== null) headers.push('mcp-protocol-version', agreed)
    if (era === 'modern' && method !== null) headers.push('mcp-method', method)
    if (sessionId !== null) headers.push('mcp-session-id', sessionId)
    return headers
  }

  function send(
    verb: 'POST' | 'DELETE',
    raw: JsonObject | null,
  ): Promise<UpstreamAnswer & { readonly head: AnswerHead }> {
    return new Promise((resolve, reject) => {
      const message = raw === null ? null : ownMessage(raw)
      const id = message?.kind === 'request' ? message.id : null
      const timer = setTimeout(() => {
        end(new GuardError('GUARD_UPSTREAM_TIMEOUT', `no answer within ${timeoutMs / 1000} s`))
      }, timeoutMs)
      const sink = new AnswerSink(id, end)
      const exchange = back.open(
        {
          verb,
          era,
          message,
          sessionId,
          principal,
          headers: headersOf(message?.method ?? null),
          ofGateway: true,
          longLived: false,
        },
        sink,
      )
      function end(outcome: Uint8Array | GuardError): void {
        clearTimeout(timer)
        if (outcome instanceof GuardError) return reject(outcome)
        const head = sink.answer ?? { status: 200, framing: 'none', headers: new Map() }
        resolve({ status: head.status, message: outcome, head })
        // A stream may stay open behind its answer.
        queueMicrotask(() => exchange.abort())
      }
    })
  }

  function request(method: string, params: JsonObject) {
    lastId += 1
    const meta = {
      'io.modelcontextprotocol/protocolVersion': modernVersion,
      'io.modelcontextprotocol/clientCapabilities': capabilities,
      'io.modelcontextprotocol/clientInfo': clientInfo,
    }
    const all = era === 'modern' ? { ...params, _meta: meta } : params
    return send('POST', { jsonrpc: '2.0', id: `mcp-guard-${lastId}`, method, params: all })
  }

  return {
    request,
    async connect(isRefusal) {
      const params = { protocolVersion: legacyVersion, capabilities, clientInfo }
      const answer = await request('initialize', params)
      if (isRefusal(answer)) {
        era = 'modern'
        agreed = modernVersion
        return
      }
      sessionId = answer.head.headers.get('mcp-session-id') ?? null
      agreed = versionIn(answer.message) ?? legacyVersion
      await send('POST', { jsonrpc: '2.0', method: 'notifications/initialized' })
    },
    async close() {
      // The answers are here already; a server that keeps the session loses it by age.
      if (sessionId !== null) await send('DELETE', null).catch(() => undefined)
      await back.close()
      await fetcher.close()
    },
  }
}

function versionIn(message: Uint8Array): string | null {
  const text = new TextDecoder().decode(message)
  const [, version] = /"protocolVersion"\s*:\s*"([0-9-]{1,32})"/.exec(text) ?? []
  return version ?? null
}

/** Waits for the response to `id`; where that is null, for any end. */
class AnswerSink implements FrameSink {
  readonly #id: string | number | null
  readonly #end: (outcome: Uint8Array | GuardError) => void
  #parts: Uint8Array[] = []
  #bytes = 0
  #isOver = false
  answer: AnswerHead | null = null

  constructor(id: string | number | null, end: (outcome: Uint8Array | GuardError) => void) {
    this.#id = id
    this.#end = end
  }

  head(head: AnswerHead): Flow {
    this.answer = head
    return undefined
  }

  part(bytes: Uint8Array): Flow {
    this.#bytes += bytes.length
    if (this.#bytes > maxAnswerBytes) {
      const text = `the answer is larger than ${maxAnswerBytes} bytes`
      this.#settle(new GuardError('GUARD_UPSTREAM_INVALID', text))
    } else this.#parts.push(bytes.slice())
    return undefined
  }

  message(bytes: Uint8Array): Flow {
    const whole = Buffer.concat([...this.#parts, bytes])
    this.#parts = []
    this.#bytes = 0
    if (this.answer?.framing === 'json' || answers(whole, this.#id)) this.#settle(whole)
    return undefined
  }

  idle(): Flow {
    return undefined
  }

  end(): Flow {
    this.#settle(new Uint8Array())
    return undefined
  }

  fail(error: GuardError): void {
    this.#settle(error)
  }

  #settle(outcome: Uint8Array | GuardError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#end(outcome)
  }
}

function answers(bytes: Uint8Array, id: string | number | null): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
    return 'id' in value && value.id === id && !('method' in value)
  } catch {
    return false
  }
}
