/**
 * Runs decision cases: each is judged by whoever is handed in, which is the production module, and
 * its answer compared with what the case expects. A policy that decides otherwise when it is shown
 * everything is wrong whatever the case expects, and one that could not decide is no denial that
 * somebody meant, unless the case names the reason.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Expectation } from '../contracts.js'
import { describeThrown } from '../errors.js'
import type { CaseFile, WrittenCase } from '../policy/decision-case.js'
import type { AskedFacts, JudgedFacts } from '../policy/judge-facts.js'
import { decisionShown, differencesOf } from './case-differences.js'
import type { CaseDifference, DecisionCase } from './test-report.js'

export interface JudgedCase {
  readonly judged: JudgedFacts
  /** The items of the case; null: it has none. */
  readonly listed:
    | readonly (AskedFacts & { readonly id: string; readonly visible: boolean })[]
    | null
}

export type JudgeCase = (file: CaseFile, written: WrittenCase) => JudgedCase

/** In the order of the files and of the cases in them. */
export function runCases(files: readonly CaseFile[], judge: JudgeCase): DecisionCase[] {
  return files.flatMap((file) => file.cases.map((written) => runCase(file, written, judge)))
}

function runCase(file: CaseFile, written: WrittenCase, judge: JudgeCase): DecisionCase {
  const begun = process.hrtime.bigint()
  const found = verdictOf(file, written, judge)
  const durationNs = Number(process.hrtime.bigint() - begun)
  return { file: file.file, row: written.row, name: written.name, ...found, durationNs }
}

type Found = Pick<DecisionCase, 'verdict' | 'differences' | 'problem'>

function verdictOf(file: CaseFile, written: WrittenCase, judge: JudgeCase): Found {
  try {
    const { judged, listed } = judge(file, written)
    return foundBy(written.expect, judged, listed)
  } catch (thrown) {
    return { verdict: 'error', differences: [], problem: describeThrown(thrown) }
  }
}

function foundBy(
  expect: Expectation,
  { decision, asked }: JudgedFacts,
  listed: JudgedCase['listed'],
): Found {
  const questions = [...asked, ...(listed ?? [])]
  const shownMore = questions.flatMap(projectionDifference)
  if (shownMore.length > 0) {
    const problem =
      'the policy decides otherwise when it is shown all facts: what it can read was worked out wrong'
    return { verdict: 'failed', differences: shownMore, problem }
  }
  const undecided = questions.find(
    ({ decided }) => decided.problem !== null && !isExpected(expect, decided.decision.reasons),
  )
  if (undecided !== undefined) {
    const { problem, decision: given } = undecided.decided
    const reasons = given.reasons.join(', ')
    const text = `the policy could not decide: ${reasons}: ${problem}`
    return { verdict: 'error', differences: [], problem: text }
  }
  // A list that may not be asked for shows nothing.
  const seen = listed?.filter(({ visible }) => decision.allow && visible)
  const visible = seen?.map(({ id }) => id) ?? null
  const differences = differencesOf(expect, { decision, visible })
  return { verdict: differences.length === 0 ? 'passed' : 'failed', differences, problem: '' }
}

function projectionDifference({ decided, whole }: AskedFacts): CaseDifference[] {
  if (isDeepStrictEqual(decided.decision, whole)) return []
  const [expected, actual] = [decisionShown(whole), decisionShown(decided.decision)]
  return [{ member: 'all facts shown', expected, actual }]
}

function isExpected({ reason, reasons = [] }: Expectation, given: readonly string[]): boolean {
  return given.every((code) => code === reason || reasons.includes(code))
}
