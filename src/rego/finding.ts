/**
 * What `check` and `lint` say of a policy: a problem with its weight and the page that explains it.
 * An error ends a command with 1; a warning is shown and ends nothing.
 */
import type { PolicyProblem } from './problem.js'

export interface PolicyFinding extends PolicyProblem {
  readonly level: 'error' | 'warning'
  /** Path in the package of the page about it, e.g. `docs/lint/tool-unknown.md`; null: there is none. */
  readonly page: string | null
}
