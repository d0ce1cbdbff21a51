/**
 * The gateway's own credential for a server: a fixed header, or a token that it gets for itself
 * (RFC 6749 4.4, RFC 8707). Never anything of a caller. Whoever sends it gets finished header lines
 * and nothing else; no message, log or error holds one.
 *
 * A token is for one server, kept until shortly before its end and at most an hour; all who need a
 * new one wait for the same request. A server that does not take it makes it be fetched anew, though
 * not one that has only just come.
 */
import type { Json } from '../domain.js'
import { asGuardError, GuardError } from '../errors.js'
import type { Fetcher, Form } from '../fetcher/fetcher.js'
import { createBreaker } from '../lib/breaker.js'
import { type Clock, systemClock } from '../lib/clock.js'

export type UpstreamCredentialOptions = StaticHeader | ClientCredentials

export interface StaticHeader {
  readonly kind: 'header'
  readonly name: string
  readonly value: string
}

export interface ClientCredentials {
  readonly kind: 'client-credentials'
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scopes: readonly string[]
  /** null: the token endpoint is not told which server it is for. */
  readonly resource: string | null
  readonly privateAddresses: boolean
}

export interface UpstreamCredential {
  /** Name and value alternate. Rejects with GuardError GUARD_UPSTREAM_UNREACHABLE. */
  headers(): readonly string[] | Promise<readonly string[]>
  /** The server answered 401 to these: whether there may be better ones now. */
  refused(sent: readonly string[]): boolean
}

interface Token {
  readonly lines: readonly string[]
  readonly askedMs: number
  readonly untilMs: number
}

const longestMs = 3_600_000
/** Of a token that does not say how long it lives. */
const unsaidMs = 300_000
/** For the way to the server, and for clocks that differ. */
const marginMs = 30_000
/** A token that was refused at this age will not be better for being fetched again. */
const youngMs = 10_000
const tokenPattern = /^[\x21-\x7e]{1,16384}$/

export function createUpstreamCredential(
  options: UpstreamCredentialOptions,
  means: { readonly fetcher: Pick<Fetcher, 'postForm'>; readonly clock?: Clock },
): UpstreamCredential {
  if (options.kind === 'client-credentials') return clientCredentials(options, means)
  const lines = [options.name.toLowerCase(), options.value]
  return { headers: () => lines, refused: () => false }
}

function clientCredentials(
  options: ClientCredentials,
  { fetcher, clock = systemClock }: Parameters<typeof createUpstreamCredential>[1],
): UpstreamCredential {
  const { tokenUrl, privateAddresses } = options
  const form = formOf(options)
  const breaker = createBreaker(clock)
  let held: Token | null = null
  let fetching: Promise<readonly string[]> | null = null

  async function fetchToken(): Promise<readonly string[]> {
    if (!breaker.allows()) throw unreachable('the last requests for a token failed')
    const askedMs = clock.monotonicMs()
    try {
      const token = readToken(await fetcher.postForm(tokenUrl, form, { privateAddresses }), askedMs)
      breaker.succeeded()
      held = token
      return token.lines
    } catch (thrown) {
      breaker.failed()
      const text = 'the token endpoint cannot be asked'
      throw unreachable(asGuardError(thrown, 'GUARD_UPSTREAM_UNREACHABLE', text).message)
    }
  }

  return {
    headers() {
      if (held !== null && clock.monotonicMs() < held.untilMs) return held.lines
      fetching ??= fetchToken().finally(() => {
        fetching = null
      })
      return fetching
    },
    refused(sent) {
      // Others may have noticed before.
      if (held === null || held.lines !== sent) return true
      if (clock.monotonicMs() - held.askedMs < youngMs) return false
      held = null
      return true
    },
  }
}

function formOf({ clientId, clientSecret, scopes, resource }: ClientCredentials): Form {
  return {
    fields: {
      grant_type: 'client_credentials',
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
      ...(resource !== null && { resource }),
    },
    client: { id: clientId, secret: clientSecret },
  }
}

function readToken(answer: Json, askedMs: number): Token {
  const members = typeof answer === 'object' && !Array.isArray(answer) ? (answer ?? {}) : {}
  const { access_token: text, token_type: type, expires_in: seconds } = members
  if (typeof text !== 'string' || !tokenPattern.test(text)) {
    throw unreachable('the token endpoint answers without a usable access_token')
  }
  // RFC 6749 7.1: what another type asks of whoever sends it is not known here.
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') {
    throw unreachable('the token endpoint answers with another token_type than Bearer')
  }
  const lifeMs = seconds === undefined ? unsaidMs : Number(seconds) * 1000
  if (!(lifeMs > 0)) throw unreachable('the token endpoint answers with a token that is over')
  const usableMs = Math.min(lifeMs, longestMs)
  const untilMs = askedMs + usableMs - Math.min(marginMs, usableMs / 5)
  return { lines: ['authorization', `Bearer ${text}`], askedMs, untilMs }
}

function unreachable(problem: string): GuardError {
  return new GuardError('GUARD_UPSTREAM_UNREACHABLE', `no credential for the server: ${problem}`)
}
