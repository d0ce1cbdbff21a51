/** Lets work wait until something has changed, a bounded time if need be. Decides nothing. */
export class Changes {
  readonly #watchers = new Set<() => void>()

  /** Something has changed: who waits looks again, who has waited longest first. */
  tell(): void {
    const watchers = [...this.#watchers]
    this.#watchers.clear()
    for (const look of watchers) look()
  }

  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve)
      })
    }
  }

  /** False: nothing has changed in this time. */
  next(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look)
        resolve(false)
      }, ms)
      const look = () => {
        clearTimeout(timer)
        resolve(true)
      }
      this.#watchers.add(look)
    })
  }
}
