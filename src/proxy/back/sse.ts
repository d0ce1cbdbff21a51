/**
 * An upstream of the HTTP+SSE transport (2024-11-05). Toward the pipeline it behaves as a Streamable
 * HTTP server of the older era: an event stream of its own for each session. Of 2026-07-28 it knows
 * nothing, and says so in the way by which a client of both eras takes it for an older server.
 */
import { GuardError } from '../../errors.js'
import type { UpstreamCredential } from '../../identity/upstream-credential.js'
import { createBreaker } from '../../lib/breaker.js'
import { type Clock, systemClock } from '../../lib/clock.js'
import { maxWaiting, Places } from '../places.js'
import type { Back, BackEvents } from './back.js'
import { Connection } from './connection.js'
import { Delivery } from './delivery.js'
import { Drops } from './drops.js'
import { placeToGiveUp } from './fair-share.js'
import { openInTurn } from './in-turn.js'
import { createPools } from './pools.js'
import { type Connect, Sessions } from './sessions.js'
import { openSseLink } from './sse-link.js'

export interface SseBackOptions {
  readonly name: string
  readonly url: string
  readonly timeoutMs: number
  readonly connectTimeoutMs: number
  /** For messages; and most sessions at a time. */
  readonly maxConnections: number
  readonly idleTimeoutMs: number
  readonly maxLineBytes: number
  /** The gateway's own for this server. Default: none. */
  readonly credential?: UpstreamCredential | null
}

export function createSseBack(
  options: SseBackOptions,
  { observer, dropped }: BackEvents,
  clock: Clock = systemClock,
): Back {
  const { name, url, timeoutMs, idleTimeoutMs, maxConnections, maxLineBytes } = options
  const { credential = null } = options
  const { origin, pathname, search } = new URL(url)
  const pools = createPools(origin, options)
  const breaker = createBreaker(clock)
  const drops = new Drops(dropped)
  const sessions = new Sessions(connect)
  const open = new Set<Connection>()
  const posts = new Places(maxConnections, maxWaiting)
  /** So that no caller has something asked on all sessions, and none is left to end for another. */
  const calls = new Places(maxConnections, maxWaiting)
  const openCall = openInTurn((request, sink) => sessions.open(request, sink), {
    places: calls,
    timeoutMs,
  })

  function connect(...[{ principal, sessionId }, done]: Parameters<Connect>): {
    cancel(): void
  } {
    if (open.size >= maxConnections) surplus(principal)?.close()
    if (open.size >= maxConnections) {
      done(new GuardError('GUARD_UPSTREAM_BUSY', 'too many sessions are open'))
    } else if (!breaker.allows()) {
      done(new GuardError('GUARD_UPSTREAM_UNREACHABLE', 'the last event streams did not open'))
    } else done(connectionOf(principal, sessionId))
    return { cancel: () => undefined }
  }

  /** A session that asks nothing, of a principal that has more than its share. */
  function surplus(principal: string): Connection | undefined {
    const places = [...open].map((connection) => ({
      connection,
      principal: connection.principal,
      quietSinceMs: connection.unaskedSinceMs,
    }))
    return placeToGiveUp(places, principal)?.connection
  }

  function connectionOf(principal: string, sessionId: string): Connection {
    let isReady = false
    const ready = () => {
      isReady = true
      breaker.succeeded()
    }
    const connection: Connection = new Connection(
      {
        era: 'legacy',
        principal,
        sessionId,
        timeoutMs,
        idleTimeoutMs,
        maxLifetimeMs: null,
        dropped: (reason) => drops.dropped(reason),
        heard: () => undefined,
        asked: () => undefined,
        free: () => undefined,
        over: (error) => {
          open.delete(connection)
          sessions.forget(sessionId)
          if (error === null) return
          observer.log?.('warn', error.message, { server: name })
          if (!isReady) breaker.failed()
        },
      },
      (listener) =>
        openSseLink({
          url,
          pools,
          places: posts,
          principal,
          timeoutMs,
          maxLineBytes,
          listener,
          credential,
          ready,
        }),
    )
    open.add(connection)
    return connection
  }

  return {
    open(request, sink) {
      if (request.era === 'legacy') {
        const isCall = request.message?.kind === 'request' && !request.longLived
        return isCall ? openCall(request, sink) : sessions.open(request, sink)
      }
      const delivery = new Delivery(sink, () => undefined)
      delivery.status(request.message?.kind === 'request' ? 400 : 202)
      return { abort: () => delivery.stop() }
    },
    answers: () => pools.answers(pathname + search),
    async close() {
      sessions.close()
      await pools.close()
    },
  }
}
