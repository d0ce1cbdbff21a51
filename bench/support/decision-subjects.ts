/**
 * What the decision point is measured with, through its public seam only. Every sample checks its
 * answer. A question is asked once, unless the memo is what is measured.
 */
import type { DecisionPoint, Question } from '../../src/domain.js'
import { caller, callOf, freshArguments, listOf, newCaller } from './bench-questions.js'
import type { TimedSubject } from './stopwatch.js'

const smallBytes = 300
const calls = 1_000
const lists = 6
const listed = 1_000

/** Calls that are all allowed; `make` gives each its question. */
export function callSubject(
  name: string,
  point: DecisionPoint,
  make: (index: number) => Question,
  samples = calls,
): TimedSubject {
  return {
    name,
    samples,
    prepare(count) {
      const questions = Array.from({ length: count }, (_, index) => make(index))
      return (index) => {
        const asked = questions[index]
        return asked !== undefined && point.judge(asked).decision.allow
      }
    },
  }
}

/** The same message again and again, read from the wire each time. */
export function memoSubject(name: string, point: DecisionPoint, tool: string): TimedSubject {
  const args = freshArguments(smallBytes)
  return callSubject(name, point, () => callOf(tool, args), 4 * calls)
}

/** Fresh arguments of such a size; the question about the tool itself is remembered. */
export function freshSubject(
  name: string,
  point: DecisionPoint,
  tool: string,
  bytes = smallBytes,
  samples = calls,
): TimedSubject {
  return callSubject(name, point, () => callOf(tool, freshArguments(bytes)), samples)
}

export function strangerSubject(name: string, point: DecisionPoint, tool: string): TimedSubject {
  return callSubject(name, point, () => callOf(tool, freshArguments(smallBytes), newCaller()))
}

/** A list of 1,000 tools, of which the caller may use one. */
export function listSubject(name: string, point: DecisionPoint, remembered: boolean): TimedSubject {
  const ids = ['echo', ...Array.from({ length: listed - 1 }, (_, index) => `unknown-${index}`)]
  return {
    name,
    samples: lists,
    prepare(count) {
      const asked = Array.from({ length: count }, () => listOf(remembered ? caller : newCaller()))
      return async (index) => {
        const seen = await point.visible(asked[index] ?? listOf(), 'tools', ids)
        return seen[0] === true && seen.indexOf(true, 1) < 0 && seen.length === listed
      }
    },
  }
}
