/**
 * Whose counters the coverage is made of. A process under NODE_V8_COVERAGE is slower and spends a
 * tenth of a second on writing its counters down, and node hands the variable on to every child,
 * servers of other people included. So a test file counts in its own process; the few whose subject
 * is a child or a thread hand it on; and those that do one thing thousands of times count nothing.
 * What is printed is therefore a lower bound.
 */
import { join } from 'node:path'

/** The subject runs in processes or threads that the test starts. */
const handedOn = [/^test\/rego\//, /^test\/cli\/run/, /^test\/policy\/activate\.test\.ts$/]

/** Many rounds of what other files do once, many processes around it, or none of the product. */
const uncounted = [
  /^test\/(conformance|e2e|long|opa-cases|property|runner|scripts)\//,
  /^test\/policies\/mutation\//,
]

/** Node has read the variable by then, and keeps this process's counters. */
const ownOnly = 'data:text/javascript,delete%20process.env.NODE_V8_COVERAGE'

export interface Counting {
  readonly env: Readonly<Record<string, string>>
  /** Options of node, in front of the file. */
  readonly options: readonly string[]
}

/** `root/coverage/tmp` takes the counters. */
export function countingOf(file: string, root: string): Counting {
  if (uncounted.some((pattern) => pattern.test(file))) return { env: {}, options: [] }
  const env = { NODE_V8_COVERAGE: join(root, 'coverage', 'tmp') }
  const handsOn = handedOn.some((pattern) => pattern.test(file))
  return { env, options: handsOn ? [] : ['--import', ownOnly] }
}
