/**
 * Who has one of a bounded number of places, and who waits for one. Nobody gets a further place
 * unless more are free than it has already: whatever one caller does, it leaves as many as it holds
 * to others, and no work under way has to be broken off for them (the dynamic threshold of shared
 * switch buffers, Choudhury and Hahne 1998, with a factor of one). Who has the fewest is served first,
 * by turns. Where too many wait, who waits with most others of its own leaves. Pure.
 */

/** Calls of one upstream that wait for a place, beside those that have one. */
export const maxWaiting = 1024

export interface Entrant {
  readonly principal: string
  /**
   * Written by the places alone. Told of each and not kept in a set of them all: V8 makes a much-used
   * set a new table again and again, and a dead old table kept every exchange in it alive until the
   * next full collection (measured: three times the work of collecting garbage).
   */
  hasPlace?: boolean
  /** After it had to wait it has a place; must not throw. */
  begin(): void
  /** Others, who wait with fewer, wait in its stead. */
  turnAway(): void
  /** Nobody needs what it does and somebody waits: it should leave. */
  giveWay(): void
}

export type Entered = 'has-place' | 'waits' | 'refused'

interface Account {
  held: number
  readonly waiting: Set<Entrant>
  /** Of those who have a place, whose work nobody needs. */
  readonly spare: Set<Entrant>
}

export class Places {
  readonly #maxHeld: number
  readonly #maxWaiting: number
  #held = 0
  readonly #accounts = new Map<string, Account>()
  /** Those of whom somebody waits; who was served last comes last. */
  readonly #queues = new Map<string, Account>()
  #waiting = 0

  constructor(maxHeld: number, maxWaiting: number) {
    this.#maxHeld = maxHeld
    this.#maxWaiting = maxWaiting
  }

  /** Whoever waits may be told to begin before this has returned. */
  enter(entrant: Entrant): Entered {
    const { principal } = entrant
    const account = this.#accountOf(principal)
    if (account.waiting.size === 0 && this.#mayHold(account)) {
      this.#hold(entrant, account)
      return 'has-place'
    }
    if (this.#waiting >= this.#maxWaiting && !this.#makeRoom(account)) {
      this.#settle(principal, account)
      return 'refused'
    }
    account.waiting.add(entrant)
    this.#waiting += 1
    this.#queues.set(principal, account)
    this.#clear(account)
    return 'waits'
  }

  /** It waits no more, or has had its place; harmless when it does and has neither. */
  leave(entrant: Entrant): void {
    const account = this.#accountOf(entrant.principal)
    if (entrant.hasPlace === true) {
      entrant.hasPlace = false
      this.#held -= 1
      account.held -= 1
      account.spare.delete(entrant)
    } else this.#unqueue(entrant, account)
    this.#settle(entrant.principal, account)
    this.#serve()
  }

  /** Nobody needs any more what is done in its place: it may stay until another of its own waits. */
  spare(entrant: Entrant): void {
    if (entrant.hasPlace !== true) return
    const account = this.#accountOf(entrant.principal)
    account.spare.add(entrant)
    this.#clear(account)
  }

  #mayHold({ held }: Account): boolean {
    return held < this.#maxHeld - this.#held
  }

  #hold(entrant: Entrant, account: Account): void {
    entrant.hasPlace = true
    this.#held += 1
    account.held += 1
  }

  #serve(): void {
    for (let account = this.#next(); account !== null; account = this.#next()) {
      const [entrant] = account.waiting
      if (entrant === undefined || !this.#mayHold(account)) return
      this.#unqueue(entrant, account)
      if (account.waiting.size > 0) {
        this.#queues.delete(entrant.principal)
        this.#queues.set(entrant.principal, account)
      }
      this.#hold(entrant, account)
      entrant.begin()
    }
  }

  #next(): Account | null {
    let found: Account | null = null
    for (const account of this.#queues.values()) {
      if (found === null || account.held < found.held) found = account
    }
    return found
  }

  /** False: nobody waits with at least two more than `asking`. */
  #makeRoom(asking: Account): boolean {
    let most = asking
    for (const account of this.#queues.values()) {
      if (account.waiting.size > most.waiting.size) most = account
    }
    if (most.waiting.size < asking.waiting.size + 2) return false
    const newest = [...most.waiting].at(-1)
    if (newest === undefined) return false
    this.#unqueue(newest, most)
    newest.turnAway()
    return true
  }

  /** What nobody needs makes room for another of the same caller. */
  #clear({ waiting, spare }: Account): void {
    const [entrant] = spare
    if (waiting.size === 0 || entrant === undefined) return
    spare.delete(entrant)
    entrant.giveWay()
  }

  #unqueue(entrant: Entrant, account: Account): void {
    if (!account.waiting.delete(entrant)) return
    this.#waiting -= 1
    if (account.waiting.size === 0) this.#queues.delete(entrant.principal)
  }

  #accountOf(principal: string): Account {
    const known = this.#accounts.get(principal)
    if (known !== undefined) return known
    const made = { held: 0, waiting: new Set<Entrant>(), spare: new Set<Entrant>() }
    this.#accounts.set(principal, made)
    return made
  }

  #settle(principal: string, { held, waiting }: Account): void {
    if (held === 0 && waiting.size === 0) this.#accounts.delete(principal)
  }
}
