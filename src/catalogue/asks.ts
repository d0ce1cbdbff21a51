/**
 * When a list may be asked for: one asks and everybody else waits for it, and then not again for a
 * while, whatever came of it. When the server has said meanwhile that its list has changed, once
 * more at once.
 */

/** Between two askings for one list; less where items are not believed for that long. */
export const askEveryMs = 10_000

export class Asks {
  readonly #everyMs: number
  #running: Promise<void> | null = null
  #askedMs = Number.NEGATIVE_INFINITY
  #changes = 0
  #again = false

  constructor(maxAgeMs: number) {
    this.#everyMs = Math.min(askEveryMs, maxAgeMs)
  }

  /**
   * Waits for whoever asks already, or asks; null: it is too early for that, or `work` gave null,
   * which then counts as not asked. Never rejects.
   */
  ask(changes: number, nowMs: number, work: () => Promise<void> | null): Promise<void> | null {
    if (this.#running !== null) return this.#running
    const rested = nowMs - this.#askedMs >= this.#everyMs
    if (!rested && (this.#again || changes === this.#changes)) return null
    const started = work()
    if (started === null) return null
    this.#again = !rested
    if (rested) this.#askedMs = nowMs
    this.#changes = changes
    this.#running = started
      .catch(() => undefined)
      .finally(() => {
        this.#running = null
      })
    return this.#running
  }
}
