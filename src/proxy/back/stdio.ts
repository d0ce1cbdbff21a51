/**
 * An upstream that is a command of the configuration and speaks on its standard input and output.
 * Toward the pipeline it behaves as a Streamable HTTP server: one process for each legacy session;
 * modern requests have no session, and go to a process that serves the same principal and nothing
 * else at the time. Nothing of a request reaches the command line or the environment.
 */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { GuardError } from '../../errors.js'
import { createBreakers } from '../../lib/breaker.js'
import { type Clock, systemClock } from '../../lib/clock.js'
import { commandPlaces } from '../../lib/command-places.js'
import type { FrameSink } from '../frames.js'
import type { Back, BackEvents, Exchange, UpstreamRequest } from './back.js'
import { type Command, startChild } from './child.js'
import { type ChildEvents, ChildPool, type Wanted } from './child-pool.js'
import { Connection } from './connection.js'
import { Delivery } from './delivery.js'
import { Drops } from './drops.js'
import { Sessions } from './sessions.js'
import { SpokenLines } from './spoken.js'

export interface StdioBackOptions extends Command {
  readonly name: string
  readonly timeoutMs: number
  readonly maxChildren: number
  readonly idleTimeoutMs: number
  readonly maxLifetimeMs: number
}

export function createStdioBack(
  options: StdioBackOptions,
  { observer, dropped }: BackEvents,
  clock: Clock = systemClock,
): Back {
  const { name, timeoutMs, idleTimeoutMs, maxLifetimeMs, maxChildren } = options
  const fields = { server: name }
  const breakerOf = createBreakers(clock)
  const write = (text: string) => observer.log?.('info', `stderr: ${text}`, fields)
  const spoken = new SpokenLines({ clock, write })
  const drops = new Drops(dropped)
  const pool = new ChildPool({ maxChildren, timeoutMs, breakerOf, start })
  const sessions = new Sessions((wanted, done) => pool.take(wanted, done))

  function start({ principal, sessionId }: Wanted, events: ChildEvents): Connection {
    const breaker = breakerOf(principal)
    let probing = false
    const connection: Connection = new Connection(
      {
        era: sessionId === null ? 'modern' : 'legacy',
        principal,
        sessionId,
        timeoutMs,
        idleTimeoutMs,
        maxLifetimeMs,
        dropped: (reason) => drops.dropped(reason),
        heard: () => breaker.succeeded(),
        asked: (method) => {
          probing = method === 'server/discover'
        },
        free: events.free,
        over: (error) => {
          if (sessionId !== null) sessions.forget(sessionId)
          events.over()
          if (error === null) return
          observer.log?.('warn', error.message, fields)
          if (!connection.heard && !probing) breaker.failed()
        },
      },
      (listener) =>
        startChild(options, { listener, says: (text) => spoken.line(text), ended: events.ended }),
    )
    return connection
  }

  function openModern(request: UpstreamRequest, sink: FrameSink): Exchange {
    if (request.message?.kind !== 'request') {
      // 2026-07-28: a client sends nothing but requests over HTTP; there is nobody to tell.
      const delivery = new Delivery(sink, () => undefined)
      delivery.status(202)
      return { abort: () => delivery.stop() }
    }
    let exchange: Exchange | null = null
    const { principal } = request
    const taking = pool.take({ principal, sessionId: null }, (result) => {
      if (result instanceof GuardError) sink.fail(result)
      else exchange = result.open(request, sink)
    })
    return {
      abort() {
        taking.cancel()
        exchange?.abort()
      },
    }
  }

  return {
    open: (request, sink) =>
      request.era === 'modern' ? openModern(request, sink) : sessions.open(request, sink),
    answers: () => isExecutable(options),
    close: () => pool.close(),
  }
}

/** Whether the command could be started, without starting it. */
async function isExecutable(command: Command): Promise<boolean> {
  for (const place of commandPlaces(command)) {
    try {
      await access(place, constants.X_OK)
      if ((await stat(place)).isFile()) return true
    } catch {
      // Not there.
    }
  }
  return false
}
