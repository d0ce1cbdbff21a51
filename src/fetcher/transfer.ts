/**
 * One request and its whole answer within a time and a size. Follows nothing, decodes nothing and
 * reads only what may be of use: a 200, and what a token endpoint says of its refusal.
 */
import type Pool from 'undici/lib/dispatcher/pool.js'
import { ByteBuffer } from '../lib/bytes.js'
import { parseMediaType } from '../lib/media-type.js'

export interface Transfer {
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly headers: readonly string[]
  readonly body: string | null
  readonly expects: Expected
}

/** What an answer has to be. */
export interface Expected {
  /** In a word. */
  readonly name: string
  readonly accepts: (essence: string | null) => boolean
  /** Of the answer itself: bytes that are packed anyway are told apart by nothing else. */
  readonly encodings: readonly string[]
  readonly fix: string
}

export interface TransferBounds {
  readonly timeoutMs: number
  readonly maxBytes: number
}

export interface Transferred {
  readonly status: number
  /** Empty where the answer is of no use. */
  readonly body: Uint8Array
  readonly type: string | null
  readonly etag: string | null
}

/** What is wrong with an answer, and what can be done. */
export class Unusable extends Error {
  readonly fix: string

  constructor(problem: string, fix: string) {
    super(problem)
    this.fix = fix
  }
}

/** Refusals of an endpoint of OAuth that tell in their body why (RFC 6749 5.2). */
const tellingStatus = new Set([400, 401])
const maxTellingBytes = 8192
const maxEtag = 1024
const nothing = new Uint8Array()

/** `abort` is called once, with what ends the transfer from outside. */
export function transfer(
  pool: Pool,
  { path, method, headers, body, expects }: Transfer,
  bounds: TransferBounds,
  abortable: (abort: (reason: Error) => void) => void,
): Promise<Transferred> {
  return new Promise((resolve, reject) => {
    const received = new ByteBuffer()
    let status = 0
    let type: string | null = null
    let etag: string | null = null
    let most = bounds.maxBytes
    let over = false
    let stop: ((reason: Error) => void) | null = null

    function finish(settle: () => void): void {
      if (over) return
      over = true
      clearTimeout(timer)
      settle()
    }

    function end(reason: Error): void {
      finish(() => reject(reason))
      stop?.(reason)
    }

    /** The status says it all. */
    function leave(): void {
      finish(() => resolve({ status, body: nothing, type, etag }))
      stop?.(new Error('the rest is of no use'))
    }

    const timer = setTimeout(() => {
      const seconds = bounds.timeoutMs / 1000
      end(new Unusable(`did not answer within ${seconds} s`, 'see whether it is up and reachable'))
    }, bounds.timeoutMs)
    abortable(end)
    pool.dispatch(
      { path, method, headers: [...headers], body },
      {
        onRequestStart(controller) {
          stop = (reason) => controller.abort(reason)
          if (over) stop(new Error('too late'))
        },
        onResponseStart(_, code, answerHeaders) {
          if (code < 200) return
          status = code
          type = typeOf(answerHeaders)
          etag = etagOf(answerHeaders)
          const problem = code === 200 ? problemOf(answerHeaders, bounds.maxBytes, expects) : null
          if (problem !== null) return end(problem)
          if (code === 200) return
          most = maxTellingBytes
          const telling = method === 'POST' && tellingStatus.has(code)
          if (telling && problemOf(answerHeaders, most, expects) === null) return
          leave()
        },
        onResponseData(_, chunk) {
          if (over) return
          if (received.length + chunk.length <= most) return received.append(chunk)
          if (status === 200) return end(tooLarge(most))
          leave()
        },
        onResponseEnd: () => finish(() => resolve({ status, body: received.take(), type, etag })),
        onResponseError: (_, error) => finish(() => reject(error)),
      },
    )
  })
}

type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

function problemOf(headers: AnswerHeaders, maxBytes: number, expects: Expected): Unusable | null {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (typeof encoding !== 'string' || !['identity', ...expects.encodings].includes(encoding)) {
    return new Unusable('encodes its answer though told not to', 'let it answer unencoded')
  }
  if (Number(headers['content-length']) > maxBytes) return tooLarge(maxBytes)
  const type = typeOf(headers)
  if (expects.accepts(type)) return null
  const problem = `answers with ${type ?? 'no content type'} instead of ${expects.name}`
  return new Unusable(problem, expects.fix)
}

function typeOf(headers: AnswerHeaders): string | null {
  const type = headers['content-type']
  return typeof type === 'string' ? (parseMediaType(type)?.essence ?? null) : null
}

/** One that can be sent back as it is (RFC 9110 8.8.3). */
function etagOf(headers: AnswerHeaders): string | null {
  const { etag } = headers
  if (typeof etag !== 'string' || etag.length > maxEtag) return null
  return /^(?:W\/)?"[\x21\x23-\x7e]*"$/.test(etag) ? etag : null
}

function tooLarge(maxBytes: number): Unusable {
  return new Unusable(
    `answers with more than ${maxBytes} bytes`,
    'see whether the address is right',
  )
}
