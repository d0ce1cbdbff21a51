/**
 * The processes of one stdio server: never more than the bound, and each serves one principal only.
 * A process of a legacy session is that session's. One for modern requests is used again, by the same
 * principal, one request at a time, so that no ids, tokens or notifications of two callers or of two
 * requests ever meet. Who finds none waits; who has the fewest processes has the next one. An idle
 * process or one that works for nobody any more, else the asking principal's own quietest session,
 * else one of a principal that has more than its share and asks nothing with it, is ended to make
 * room. For a principal whose processes end at their start again and again none is started for a
 * while.
 */
import { asGuardError, GuardError } from '../../errors.js'
import type { Breaker } from '../../lib/breaker.js'
import type { Connection } from './connection.js'
import { countByPrincipal, placeToGiveUp } from './fair-share.js'

export interface Wanted {
  readonly principal: string
  /** Of the legacy session that the process is for; null: a modern request. */
  readonly sessionId: string | null
}

export type Taken = (result: Connection | GuardError) => void

export interface ChildPoolOptions {
  readonly maxChildren: number
  /** How long a caller waits for a process. */
  readonly timeoutMs: number
  /** A caller whose own requests end the processes is no reason not to start one for another. */
  readonly breakerOf: (principal: string) => Breaker
  /** Starts a process; `ended` is called when nothing of it is left. */
  readonly start: (wanted: Wanted, events: ChildEvents) => Connection
}

export interface ChildEvents {
  free(): void
  over(): void
  ended(): void
}

/** Callers that wait for a process of one server. */
const maxWaiting = 256

interface Child {
  readonly wanted: Wanted
  connection: Connection | null
  /** Of a modern one: a request has it now. A session has its own always. */
  taken: boolean
  /** It is over, or about to be. */
  ended: boolean
}

interface Waiting {
  readonly wanted: Wanted
  readonly taken: Taken
  readonly timer: NodeJS.Timeout
}

export class ChildPool {
  readonly #options: ChildPoolOptions
  /** Until nothing of it is left, ending ones included. */
  readonly #children = new Set<Child>()
  readonly #waiting = new Set<Waiting>()
  #closed: (() => void) | null = null

  constructor(options: ChildPoolOptions) {
    this.#options = options
  }

  /** Calls `taken` at once or later, exactly once unless it is cancelled. */
  take(wanted: Wanted, taken: Taken): { cancel(): void } {
    const none = { cancel: () => undefined }
    if (this.#closed !== null) {
      taken(new GuardError('GUARD_STOPPING', 'the gateway is stopping'))
      return none
    }
    if (this.#serve(wanted, taken)) return none
    if (this.#waiting.size >= maxWaiting && !this.#makePlace(wanted.principal)) {
      taken(new GuardError('GUARD_UPSTREAM_BUSY', 'too many callers wait for a process'))
      return none
    }
    const waiting: Waiting = {
      wanted,
      taken,
      timer: setTimeout(() => {
        this.#waiting.delete(waiting)
        taken(new GuardError('GUARD_UPSTREAM_BUSY', 'no process became free in time'))
      }, this.#options.timeoutMs),
    }
    this.#waiting.add(waiting)
    this.#next()
    return {
      cancel: () => {
        clearTimeout(waiting.timer)
        this.#waiting.delete(waiting)
      },
    }
  }

  /** Resolves when no process is left. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve
      for (const { timer, taken } of this.#waiting) {
        clearTimeout(timer)
        taken(new GuardError('GUARD_STOPPING', 'the gateway is stopping'))
      }
      this.#waiting.clear()
      for (const { connection } of this.#children) connection?.close()
      if (this.#children.size === 0) resolve()
    })
  }

  /** false: there is nothing for it now. */
  #serve(wanted: Wanted, taken: Taken): boolean {
    const idle = wanted.sessionId === null ? this.#idleOf(wanted.principal) : null
    if (idle !== null && idle.connection !== null) {
      idle.taken = true
      taken(idle.connection)
      return true
    }
    if (this.#children.size >= this.#options.maxChildren) return false
    if (!this.#options.breakerOf(wanted.principal).allows()) {
      taken(new GuardError('GUARD_UPSTREAM_UNREACHABLE', 'the process ended at its last starts'))
      return true
    }
    taken(this.#start(wanted))
    return true
  }

  #start(wanted: Wanted): Connection | GuardError {
    const child: Child = { wanted, connection: null, taken: true, ended: false }
    this.#children.add(child)
    const events = {
      free: () => this.#freed(child),
      over: () => {
        child.ended = true
      },
      ended: () => {
        this.#children.delete(child)
        this.#next()
        if (this.#closed !== null && this.#children.size === 0) this.#closed()
      },
    }
    try {
      child.connection = this.#options.start(wanted, events)
      return child.connection
    } catch (thrown) {
      this.#children.delete(child)
      const message = 'the process cannot be started'
      return asGuardError(thrown, 'GUARD_UPSTREAM_UNREACHABLE', message)
    }
  }

  #freed(child: Child): void {
    if (child.wanted.sessionId === null) child.taken = false
    this.#next()
  }

  /** Gives each who waits a process, or ends one for it, as far as there are any to spare. */
  #next(): void {
    if (this.#waiting.size === 0) return
    let ending = [...this.#children].filter(({ ended }) => ended).length
    /** For whom there is nothing now. */
    const without = new Set<string>()
    for (const waiting of this.#inTurn()) {
      const { wanted, taken, timer } = waiting
      if (without.has(wanted.principal) || !this.#waiting.has(waiting)) continue
      const served = this.#serve(wanted, (result) => {
        clearTimeout(timer)
        this.#waiting.delete(waiting)
        taken(result)
      })
      if (served) continue
      if (ending > 0) ending -= 1
      else if (!this.#endOne(wanted.principal)) without.add(wanted.principal)
    }
  }

  /** Who has the fewest processes comes first; of equals, who waits longest. */
  #inTurn(): Waiting[] {
    const held = countByPrincipal([...this.#children].map(({ wanted }) => wanted))
    const heldBy = ({ wanted }: Waiting) => held.get(wanted.principal) ?? 0
    return [...this.#waiting].sort((a, b) => heldBy(a) - heldBy(b))
  }

  /** Ends a process to make room for `principal`; false: there is none to spare. */
  #endOne(principal: string): boolean {
    const spare = this.#idle()[0] ?? this.#abandoned()
    const child = spare ?? this.#quietest(principal) ?? this.#surplus(principal)
    if (child === null) return false
    child.ended = true
    child.connection?.close()
    return true
  }

  /** It works on a request that was cancelled, or not answered in time: for nobody. */
  #abandoned(): Child | null {
    for (const child of this.#children) {
      const { wanted, ended, connection } = child
      const forNobody = (connection?.quietSinceMs ?? null) !== null
      if (wanted.sessionId === null && !ended && forNobody) return child
    }
    return null
  }

  /** Whoever waits with the most others of its own leaves for `principal`; false: nobody does. */
  #makePlace(principal: string): boolean {
    const places = [...this.#waiting].map((waiting, index) => ({
      waiting,
      principal: waiting.wanted.principal,
      // The newest has waited for nothing yet.
      quietSinceMs: -index,
    }))
    const given = placeToGiveUp(places, principal)
    if (given === null) return false
    const { waiting } = given
    clearTimeout(waiting.timer)
    this.#waiting.delete(waiting)
    waiting.taken(new GuardError('GUARD_UPSTREAM_BUSY', 'too many callers wait for a process'))
    return true
  }

  #surplus(principal: string): Child | null {
    const places = [...this.#children]
      .filter(({ ended }) => !ended)
      .map((child) => ({
        child,
        principal: child.wanted.principal,
        quietSinceMs: child.connection?.unaskedSinceMs ?? null,
      }))
    return placeToGiveUp(places, principal)?.child ?? null
  }

  /** The session of this principal that was used longest ago: nobody's session ends for another's. */
  #quietest(principal: string): Child | null {
    let found: Child | null = null
    let foundMs = Number.POSITIVE_INFINITY
    for (const child of this.#children) {
      const { wanted, ended, connection } = child
      const isSession = wanted.sessionId !== null && wanted.principal === principal
      const quietMs = connection?.quietSinceMs ?? null
      if (!isSession || ended || quietMs === null || quietMs >= foundMs) continue
      found = child
      foundMs = quietMs
    }
    return found
  }

  /** What was started first comes first. */
  #idle(): Child[] {
    return [...this.#children].filter(({ taken, ended }) => !taken && !ended)
  }

  #idleOf(principal: string): Child | null {
    return this.#idle().find(({ wanted }) => wanted.principal === principal) ?? null
  }
}
