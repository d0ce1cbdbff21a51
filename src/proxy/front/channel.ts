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
  readonly bytes: Uint8Array
  readonly isPart: boolean
  readonly done: () => void
}

/** How long a message may stand still half sent while others wait. */
const stallMs = 30_000

export class Channel {
  readonly #out: ChannelOut
  readonly #stallMs: number
  readonly #queue: Waiting[] = []
  /** Whose message is half sent. */
  #holder: Sender | null = null
  /** The client does not keep up. */
  #blocked = false
  readonly #watchers = new Set<() => void>()
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(out: ChannelOut, afterMs = stallMs) {
    this.#out = out
    this.#stallMs = afterMs
  }

  /** `onBroken`: the sender's message stood still too long; it has to fail. */
  sender(onBroken: () => void): Sender {
    return new Sender(this, onBroken)
  }

  /** Nobody reads any more: what waits is let go, what comes is ignored. */
  close(): void {
    this.#closed = true
    this.#holder = null
    this.#stopTimer()
    for (const { done } of this.#queue.splice(0)) done()
    this.#tell()
  }

  /** Resolves when fewer than so many messages and parts wait. */
  async below(count: number): Promise<void> {
    while (this.#queue.length >= count && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve)
      })
    }
  }

  write(sender: Sender, bytes: Uint8Array, isPart: boolean): Flow {
    if (this.#closed) return undefined
    const free = this.#holder === sender || (this.#holder === null && this.#queue.length === 0)
    if (free && !this.#blocked) {
      const flow = this.#put(sender, bytes, isPart)
      this.#next()
      return flow
    }
    return new Promise((resolve) => {
      this.#queue.push({ sender, bytes, isPart, done: resolve })
      this.#watch()
    })
  }

  /** Ends what `sender` has begun, if anything; what it began and still waits for is dropped. */
  spoil(sender: Sender): void {
    const own = this.#queue.filter((waiting) => waiting.sender === sender)
    if (own.some(({ isPart }) => isPart) || this.#holder === sender) {
      for (const waiting of own) {
        this.#queue.splice(this.#queue.indexOf(waiting), 1)
        waiting.done()
      }
    }
    if (this.#holder !== sender) return
    this.#holder = null
    void this.#out.spoil()
    this.#next()
  }

  #put(sender: Sender, bytes: Uint8Array, isPart: boolean): Flow {
    this.#stopTimer()
    this.#holder = isPart ? sender : null
    const flow = isPart ? this.#out.part(bytes) : this.#out.message(bytes)
    if (flow === undefined) return undefined
    this.#blocked = true
    return flow.then(() => {
      this.#blocked = false
      this.#next()
    })
  }

  /** Whose turn it is: who has begun goes on, else who waits longest. */
  #next(): void {
    while (!this.#blocked) {
      const holder = this.#holder
      const index =
        holder === null ? 0 : this.#queue.findIndex((waiting) => waiting.sender === holder)
      const [next] = index === -1 ? [] : this.#queue.splice(index, 1)
      if (next === undefined) break
      const flow = this.#put(next.sender, next.bytes, next.isPart)
      if (flow === undefined) next.done()
      else void flow.then(next.done)
    }
    this.#tell()
    this.#watch()
  }

  #tell(): void {
    for (const resolve of this.#watchers) resolve()
    this.#watchers.clear()
  }

  /** Who holds the way up has so long to go on; a client that does not read is no fault of its. */
  #watch(): void {
    const holder = this.#holder
    if (this.#blocked || this.#queue.length === 0 || holder === null) return this.#stopTimer()
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
    return this.#over ? undefined : this.#channel.write(this, bytes, true)
  }

  message(bytes: Uint8Array): Flow {
    return this.#over ? undefined : this.#channel.write(this, bytes, false)
  }

  /** The message begun, if any, is not to be completed; `last`: what is said instead. */
  fail(last: Uint8Array | null): void {
    if (this.#over) return
    this.#channel.spoil(this)
    if (last !== null) void this.#channel.write(this, last, false)
    this.#over = true
  }

  broken(): void {
    this.#onBroken()
  }
}
