/**
 * An upstream that speaks Streamable HTTP. Uses undici's `dispatch`: the one form of it that adds
 * no stream objects. Follows no redirects, accepts no encoding (a compressed answer could not be
 * read while it passes) and lets only listed headers of the answer through. Callers share its
 * connections fairly; whose requests fail again and again waits, and nobody else does.
 */
import { GuardError } from '../../errors.js'
import type { UpstreamCredential } from '../../identity/upstream-credential.js'
import { createBreaker, createBreakers } from '../../lib/breaker.js'
import { systemClock } from '../../lib/clock.js'
import { serialise } from '../../mcp/json-rpc.js'
import type { FrameSink } from '../frames.js'
import { type Entrant, maxWaiting, Places } from '../places.js'
import type { Back, Exchange, UpstreamRequest } from './back.js'
import { FirstTry, withCredential } from './credential.js'
import { HttpExchange } from './http-exchange.js'
import { tooMany } from './in-turn.js'
import { createPools } from './pools.js'

export interface HttpBackOptions {
  readonly url: string
  /** Milliseconds to the head of an answer, queueing included; and between chunks of JSON. */
  readonly timeoutMs: number
  readonly connectTimeoutMs: number
  readonly maxConnections: number
  /** The gateway's own for this server. Default: none. */
  readonly credential?: UpstreamCredential | null
}

function paused(): GuardError {
  const text = 'the upstream failed several times in a row and is not tried for a moment'
  return new GuardError('GUARD_UPSTREAM_UNREACHABLE', text)
}

export function createHttpBack(options: HttpBackOptions): Back {
  const url = new URL(options.url)
  const path = url.pathname + url.search
  const { credential = null } = options
  const pools = createPools(url.origin, options)
  /** For connections: nobody's request is why there are none. */
  const connecting = createBreaker(systemClock)
  /** For answers that fail or do not come: a caller may well be why. */
  const answering = createBreakers(systemClock)
  const calls = new Places(options.maxConnections, maxWaiting)
  /** A cancellation, or what a server asked for, does not wait behind the calls that it is about. */
  const notes = new Places(options.maxConnections, maxWaiting)

  function wayOf({ message, longLived }: UpstreamRequest) {
    if (longLived) return { pool: pools.streams, places: null }
    return message?.kind === 'request'
      ? { pool: pools.calls, places: calls }
      : { pool: pools.notes, places: notes }
  }

  function open(request: UpstreamRequest, sink: FrameSink): Exchange {
    const { verb, message, principal } = request
    const answers = answering(principal)
    const { pool, places } = wayOf(request)
    const exchange = new HttpExchange(sink, options.timeoutMs, {
      connected: () => connecting.succeeded(),
      unconnected: () => connecting.failed(),
      reached: () => answers.succeeded(),
      failed: () => answers.failed(),
      orphaned: () => places?.spare(entrant),
      over: () => places?.leave(entrant),
    })
    const entrant: Entrant = {
      principal,
      // The connection that became free is so only when what it has just brought is handled.
      begin: () => queueMicrotask(dispatch),
      turnAway: () => exchange.refuse(tooMany()),
      giveWay: () => exchange.abort(),
    }
    function dispatch(): void {
      if (!exchange.begin()) return
      withCredential(credential, (lines) => send(lines, firstTry(lines)), refuse)
    }
    function refuse(error: GuardError): void {
      exchange.refuse(error)
    }
    function firstTry(lines: readonly string[]): HttpExchange | FirstTry {
      if (credential === null) return exchange
      return new FirstTry(exchange, () => {
        if (!credential.refused(lines)) return false
        queueMicrotask(() => withCredential(credential, (others) => send(others, exchange), refuse))
        return true
      })
    }
    function send(own: readonly string[], handler: HttpExchange | FirstTry): void {
      if (!exchange.begin()) return
      const headers = [...request.headers, 'accept-encoding', 'identity', ...own]
      try {
        const body = message === null ? null : serialise(message)
        pool.dispatch({ path, method: verb, headers, body }, handler)
      } catch (error) {
        exchange.onError(error)
      }
    }
    if (!answers.allows() || !connecting.allows()) return exchange.refuse(paused())
    const entered = places === null ? 'has-place' : places.enter(entrant)
    if (entered === 'refused') return exchange.refuse(tooMany())
    if (entered === 'has-place') dispatch()
    return exchange
  }

  return { open, answers: () => pools.answers(path), close: () => pools.close() }
}
