/** What is wrong with facts that somebody wrote, and how parts of them are checked. Types only. */

export interface FactsProblem {
  /** Of the member that is wrong. */
  readonly path: readonly string[]
  readonly problem: string
  readonly fix: string
}

export type Say = (path: readonly string[], problem: string, fix: string) => void
