/**
 * A call that begins when its caller has a place (`places.ts`) and leaves it with its end. While it
 * waits, for a time, nothing is sent. An answer whose client went keeps the place until
 * another call of the same caller needs it.
 */
import { GuardError } from '../../errors.js'
import type { FrameSink } from '../frames.js'
import type { Entrant, Places } from '../places.js'
import type { Exchange, UpstreamRequest } from './back.js'

export type Open = (request: UpstreamRequest, sink: FrameSink) => Exchange

export interface InTurnOptions {
  readonly places: Places
  /** How long a call waits for a place. */
  readonly timeoutMs: number
}

export function tooMany(): GuardError {
  return new GuardError('GUARD_UPSTREAM_BUSY', 'too many calls wait for a connection')
}

export function tooLate(): GuardError {
  return new GuardError('GUARD_UPSTREAM_BUSY', 'no connection became free in time')
}

export function openInTurn(open: Open, { places, timeoutMs }: InTurnOptions): Open {
  return (request, sink) => {
    let exchange: Exchange | null = null
    let timer: NodeJS.Timeout | null = null
    let isOver = false
    function over(): void {
      isOver = true
      if (timer !== null) clearTimeout(timer)
      places.leave(entrant)
    }
    function fail(error: GuardError): void {
      if (isOver) return
      over()
      sink.fail(error)
    }
    function abort(): void {
      if (isOver) return
      over()
      exchange?.abort()
    }
    function begin(): void {
      if (isOver) return
      if (timer !== null) clearTimeout(timer)
      exchange = open(request, watched)
    }
    const watched: FrameSink = {
      head: (head) => sink.head(head),
      part: (bytes) => sink.part(bytes),
      message: (bytes, fields) => sink.message(bytes, fields),
      idle: (fields) => sink.idle(fields),
      end() {
        over()
        return sink.end()
      },
      fail,
    }
    const entrant: Entrant = {
      principal: request.principal,
      begin: () => queueMicrotask(begin),
      turnAway: () => queueMicrotask(() => fail(tooMany())),
      giveWay: abort,
    }
    const entered = places.enter(entrant)
    if (entered === 'has-place') begin()
    else if (entered === 'refused') entrant.turnAway()
    else timer = setTimeout(() => fail(tooLate()), timeoutMs)
    function orphan(): void {
      // What waits has not been sent; and what begins a session that nobody knows is for nobody.
      if (exchange === null || request.message?.method === 'initialize') abort()
      else places.spare(entrant)
    }
    return { abort, orphan }
  }
}
