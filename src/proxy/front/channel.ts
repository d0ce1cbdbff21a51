/**
 * One ordered way to a client that many exchanges share: messages leave whole, one after another. A
 * large message holds the way while its parts come; who has something to say meanwhile waits (its
 * Flow says for how long). Keeps no more than one message of each who waits. What a message looks
 * like on the wire is the outlet's business (`framings.ts`).
 */
import type { Flow } from '../frames.js'

/** Where messages go: the last place before the wire. */
export interface ChannelOut {
  /** Bytes of a message that a later `message` or `spoil` ends. */
  part(bytes: Uint8Array): Flow
  message(bytes: Uint8Array): Flow
  /** Ends the message begun so that no reader takes it for one. */
  spoil(): Flow
}

interface Waiting {
  readonly sender: Sender
  readonly part: boolean
  readonly write: () => Flow
  readonly done: () => void
}

/** How long a message may stand still half sent while others wait. */
const stallMs = 30_000

export class Channel {
  readonly #out: ChannelOut
  readonly #stallMs: number
  readonly #queue: Waiting[] = []
  #holder: Sender | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(out: ChannelOut, afterMs = stallMs) {
    this.#out = out
    this.#stallMs = afterMs
  }

  /** `onBroken`: the sender's message took too long and was ended; nothing more of it is taken. */
  sender(onBroken: () => void): Sender {
    return new Sender(this, onBroken)
  }

  /** Nobody reads any more: what waits is let go, what comes is ignored. */
  close(): void {
    this.#closed = true
    this.#holder = null
    this.#stopTimer()
    for (const { done } of this.#queue.splice(0)) done()
  }

  part(sender: Sender, bytes: Uint8Array): Flow {
    return this.#take(sender, true, () => {
      this.#holder = sender
      return this.#out.part(bytes)
    })
  }

  message(sender: Sender, bytes: Uint8Array): Flow {
    return this.#take(sender, false, () => {
      this.#holder = null
      return this.#out.message(bytes)
    })
  }

  /** Ends what `sender` has begun, if anything; what it began and still waits for is dropped. */
  spoil(sender: Sender): void {
    if (this.#queue.some((waiting) => waiting.sender === sender && waiting.part)) {
      const dropped = this.#queue.filter((waiting) => waiting.sender === sender)
      for (const waiting of dropped) {
        this.#queue.splice(this.#queue.indexOf(waiting), 1)
        waiting.done()
      }
    }
    if (this.#holder !== sender) return
    this.#holder = null
    void this.#out.spoil()
    this.#next()
  }

  #take(sender: Sender, part: boolean, write: () => Flow): Flow {
    if (this.#closed) return undefined
    const mine = this.#holder === sender
    if (mine || (this.#holder === null && this.#queue.length === 0)) {
      if (mine) this.#stopTimer()
      const flow = write()
      this.#next()
      return flow
    }
    return new Promise((resolve) => {
      this.#queue.push({ sender, part, write, done: resolve })
      this.#watch()
    })
  }

  #next(): void {
    while (this.#holder === null) {
      const next = this.#queue.shift()
      if (next === undefined) break
      const flow = next.write()
      if (flow === undefined) next.done()
      else void flow.then(next.done)
    }
    this.#watch()
  }

  /** Who holds the way up has so long to go on. */
  #watch(): void {
    const holder = this.#holder
    if (this.#queue.length === 0 || holder === null) return this.#stopTimer()
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      holder.broken()
    }, this.#stallMs)
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

/** One exchange's place on a channel. */
export class Sender {
  readonly #channel: Channel
  readonly #onBroken: () => void
  #over = false

  constructor(channel: Channel, onBroken: () => void) {
    this.#channel = channel
    this.#onBroken = onBroken
  }

  part(bytes: Uint8Array): Flow {
    return this.#over ? undefined : this.#channel.part(this, bytes)
  }

  message(bytes: Uint8Array): Flow {
    return this.#over ? undefined : this.#channel.message(this, bytes)
  }

  /** The message begun, if any, is not to be completed; `last`: what is said instead. */
  fail(last: Uint8Array | null): void {
    if (this.#over) return
    this.#channel.spoil(this)
    if (last !== null) void this.#channel.message(this, last)
    this.#over = true
  }

  broken(): void {
    this.#onBroken()
  }
}
