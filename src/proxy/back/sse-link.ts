/**
 * One connection to a server of the HTTP+SSE transport (2024-11-05) as a Link: an event stream that
 * brings everything the server says, first of all the address to which messages are posted. That
 * address must have the origin of the stream: a server cannot make the gateway post elsewhere.
 * A post that is not accepted fails its own message; the end of the stream is the end of it all.
 */
import { describeThrown, GuardError } from '../../errors.js'
import type { UpstreamCredential } from '../../identity/upstream-credential.js'
import { ByteBuffer } from '../../lib/bytes.js'
import { parseMediaType } from '../../lib/media-type.js'
import { SseDecoder } from '../../mcp/sse.js'
import type { Entrant, Places } from '../places.js'
import { withCredential } from './credential.js'
import { readHeaders } from './head.js'
import { upstreamError } from './http-exchange.js'
import { tooMany } from './in-turn.js'
import type { Link, LinkListener } from './link.js'
import type { Pools } from './pools.js'

export interface SseLinkOptions {
  readonly url: string
  readonly pools: Pools
  /** For posts: a server may answer them only when it has done what they ask. */
  readonly places: Places
  /** Whose connection it is. */
  readonly principal: string
  readonly timeoutMs: number
  readonly maxLineBytes: number
  readonly listener: LinkListener
  readonly credential: UpstreamCredential | null
  /** The server named its address: it works. */
  readonly ready: () => void
}

/** What becomes of one post. */
interface Posting {
  /** It is accepted. */
  resolve(): void
  reject(error: GuardError): void
  /** Its connection is free. */
  over(): void
}

const maxEndpointLength = 4096
const postHeaders = ['content-type', 'application/json', 'accept-encoding', 'identity']
const streamHeaders = ['accept', 'text/event-stream', 'accept-encoding', 'identity']

export function openSseLink(options: SseLinkOptions): Link {
  return new SseLink(options)
}

class SseLink implements Link {
  readonly #options: SseLinkOptions
  readonly #url: URL
  readonly #decoder = new SseDecoder()
  readonly #held = new ByteBuffer()
  /** Path for posts, once it is known; rejects when it never will be. */
  readonly #endpoint: Promise<string>
  #named: (path: string) => void = () => undefined
  #unnamed: (error: GuardError) => void = () => undefined
  #isNamed = false
  #abort: (reason: Error) => void = () => undefined
  #resume: () => void = () => undefined
  #paused = false
  #closed = false
  #backlog = 0

  constructor(options: SseLinkOptions) {
    this.#options = options
    this.#url = new URL(options.url)
    this.#endpoint = new Promise((resolve, reject) => {
      this.#named = resolve
      this.#unnamed = reject
    })
    // Whoever sends is told; when nobody does, nobody need be.
    this.#endpoint.catch(() => undefined)
    const open = (own: readonly string[]) => this.#open(own)
    // Not before whoever opens it has it.
    queueMicrotask(() => withCredential(options.credential, open, (error) => this.#fail(error)))
  }

  get backlog(): number {
    return this.#backlog
  }

  async send(bytes: Uint8Array): Promise<void> {
    this.#backlog += bytes.length
    try {
      await this.#post(await this.#endpoint, bytes)
    } finally {
      this.#backlog -= bytes.length
    }
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#resume()
  }

  close(): void {
    this.#closed = true
    this.#unnamed(new GuardError('GUARD_UPSTREAM_UNREACHABLE', 'the session was ended'))
    this.#abort(new Error('the session was ended'))
  }

  #open(own: readonly string[]): void {
    if (this.#closed) return
    const { pools, timeoutMs } = this.#options
    const path = this.#url.pathname + this.#url.search
    const headers = [...streamHeaders, ...own]
    const get = { path, method: 'GET' as const, headers, headersTimeout: timeoutMs }
    pools.streams.dispatch(get, this.#handler(own))
  }

  #handler(own: readonly string[]) {
    return {
      onConnect: (abort: (reason?: Error) => void) => {
        this.#abort = abort
        if (this.#closed) abort(new Error('the session was ended'))
      },
      onHeaders: (status: number, headers: Buffer[], resume: () => void) => {
        if (status < 200) return true
        this.#resume = resume
        const contentType = readHeaders(headers)['content-type']
        const media = typeof contentType === 'string' ? parseMediaType(contentType) : null
        if (status === 200 && media?.essence === 'text/event-stream') return true
        if (status === 401) this.#options.credential?.refused(own)
        this.#lost('GUARD_UPSTREAM_INVALID', `no event stream (status ${status})`)
        return true
      },
      /** False: the server is to wait until `resume`. */
      onData: (chunk: Buffer) => {
        if (!this.#closed) this.#read(chunk)
        return !this.#paused
      },
      onComplete: () => this.#lost('GUARD_UPSTREAM_UNREACHABLE', 'the event stream ended'),
      onError: (error: unknown) => this.#fail(upstreamError(error)),
    }
  }

  #read(chunk: Buffer): void {
    this.#decoder.push(chunk)
    for (let token = this.#decoder.next(); token !== null; token = this.#decoder.next()) {
      if (token.type === 'data') {
        if (this.#held.length + token.bytes.length > this.#options.maxLineBytes) {
          return this.#lost('GUARD_UPSTREAM_INVALID', 'an event over the limit')
        }
        this.#held.append(token.bytes)
      } else if (token.type === 'dispatch') {
        const data = this.#held.take()
        if (token.hasData) this.#event(token.fields.event ?? 'message', data)
        if (this.#closed) return
      }
    }
  }

  #event(name: string, data: Uint8Array): void {
    if (name === 'endpoint') {
      if (!this.#isNamed) this.#name(Buffer.from(data).toString())
    } else if (name === 'message' || name === '') this.#options.listener.received(data)
  }

  #name(text: string): void {
    const isShort = text.length <= maxEndpointLength
    const endpoint = isShort && URL.canParse(text, this.#url) ? new URL(text, this.#url) : null
    // A blob: URL has the origin of the one inside it, and a path that is no path.
    const { origin, protocol } = this.#url
    if (endpoint?.origin !== origin || endpoint.protocol !== protocol) {
      return this.#lost('GUARD_UPSTREAM_INVALID', 'the address for messages is of another origin')
    }
    this.#isNamed = true
    this.#options.ready()
    this.#named(endpoint.pathname + endpoint.search)
  }

  #post(path: string, body: Uint8Array): Promise<void> {
    const { places, principal } = this.#options
    return new Promise((resolve, reject) => {
      const post = () => {
        const fail = (error: GuardError) => {
          over()
          reject(error)
        }
        withCredential(
          this.#options.credential,
          (own) => {
            if (!this.#closed) this.#dispatch(path, body, own, { resolve, reject, over })
            else fail(new GuardError('GUARD_UPSTREAM_UNREACHABLE', 'the session was ended'))
          },
          fail,
        )
      }
      const entrant: Entrant = {
        principal,
        begin: () => queueMicrotask(post),
        turnAway: () => reject(tooMany()),
        giveWay: () => undefined,
      }
      const over = () => places.leave(entrant)
      const entered = places.enter(entrant)
      if (entered === 'refused') reject(tooMany())
      if (entered === 'has-place') post()
    })
  }

  #dispatch(
    path: string,
    body: Uint8Array,
    own: readonly string[],
    { resolve, reject, over }: Posting,
  ): void {
    const { pools, timeoutMs, credential } = this.#options
    const headers = [...postHeaders, ...own]
    const post = { path, method: 'POST' as const, headers, body }
    const refused = (status: number) => {
      const why = `the server refused a message with ${status}`
      reject(new GuardError('GUARD_UPSTREAM_INVALID', why))
    }
    let abort: () => void = () => undefined
    pools.calls.dispatch(
      { ...post, headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
      {
        onConnect: (stop: (reason?: Error) => void) => {
          abort = () => stop(new Error('the rest is of no use'))
        },
        onHeaders: (status: number) => {
          if (status === 401) credential?.refused(own)
          if (status >= 300) refused(status)
          else if (status >= 200) resolve()
          return true
        },
        // What it says is `Accepted` or a page for people.
        onData: () => {
          abort()
          return true
        },
        onComplete: over,
        onError: (error: unknown) => {
          over()
          reject(upstreamError(error))
        },
      },
    )
  }

  #lost(code: 'GUARD_UPSTREAM_INVALID' | 'GUARD_UPSTREAM_UNREACHABLE', why: string): void {
    this.#fail(new GuardError(code, why))
  }

  #fail(error: GuardError): void {
    if (this.#closed) return
    this.#closed = true
    this.#unnamed(error)
    this.#abort(new Error(describeThrown(error)))
    this.#options.listener.lost(error)
  }
}
