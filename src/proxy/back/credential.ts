/**
 * The gateway's own credential on its way to a server. What it is made of is not known here: header
 * lines, now or in a moment. Where a server does not take them and there may be better ones, the
 * request is sent once more; a 401 says that nothing was done.
 */
import { asGuardError, type GuardError } from '../../errors.js'
import type { UpstreamCredential } from '../../identity/upstream-credential.js'
import type { HttpExchange } from './http-exchange.js'

const none: readonly string[] = []

/** Calls one of the two, at once where nothing has to be waited for. */
export function withCredential(
  credential: UpstreamCredential | null,
  send: (lines: readonly string[]) => void,
  fail: (error: GuardError) => void,
): void {
  const refuse = (thrown: unknown) =>
    fail(asGuardError(thrown, 'GUARD_UPSTREAM_UNREACHABLE', 'there is no credential for it'))
  try {
    const lines = credential === null ? none : credential.headers()
    if (lines instanceof Promise) void lines.then(send, refuse)
    else send(lines)
  } catch (thrown) {
    refuse(thrown)
  }
}

/** undici's handler of the first try: all but a 401 that may be put right is the exchange's. */
export class FirstTry {
  readonly #exchange: HttpExchange
  /** Whether it is sent again; then this try is over. */
  readonly #again: () => boolean
  #abort: (reason: Error) => void = () => undefined
  #left = false

  constructor(exchange: HttpExchange, again: () => boolean) {
    this.#exchange = exchange
    this.#again = again
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    this.#exchange.onConnect(abort)
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    if (this.#left) return true
    if (status !== 401 || !this.#again()) return this.#exchange.onHeaders(status, headers, resume)
    this.#left = true
    this.#abort(new Error('the request is sent again'))
    return true
  }

  onData(chunk: Buffer): boolean {
    return this.#left || this.#exchange.onData(chunk)
  }

  onComplete(): void {
    if (!this.#left) this.#exchange.onComplete()
  }

  onError(error: unknown): void {
    if (!this.#left) this.#exchange.onError(error)
  }
}
