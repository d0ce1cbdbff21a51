/**
 * Decision cases for `test-policy`: reads them, makes their facts whole, and runs them on the
 * production module, with the data of a file in the place of the policy's own. Wrong facts are
 * problems of the run and not of the policy.
 */
import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { readCases } from '../config/cases.js'
import { nearestKey } from '../config/nearest.js'
import type { ConfigProblem } from '../config/problem.js'
import type { Facts } from '../contracts.js'
import type { CompiledBundle, JsonObject } from '../domain.js'
import { completeFacts } from '../policy/complete-facts.js'
import type { CaseFile, WrittenCase } from '../policy/decision-case.js'
import { asksForList, judgeFacts, judgeList } from '../policy/judge-facts.js'
import { type Decider, openDecider } from '../policy/workbench.js'
import type { PolicyProblem } from '../rego/problem.js'
import { type JudgeCase, runCases } from '../rego/run-cases.js'
import type { DecisionCase } from '../rego/test-report.js'
import { nearestMethod } from './nearest-method.js'

export type CaseRun =
  | { readonly ok: true; readonly cases: readonly DecisionCase[] }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

export interface CaseRunOptions {
  /** Only cases whose `file: name` it matches. */
  readonly run?: RegExp
  /** Somebody named the place. */
  readonly named?: boolean
}

/**
 * As given, else `cases` beside the policy where that exists; null: there are none. Of a policy that is
 * the current folder, or one above it, the name says nothing of what is beside it.
 */
export function casesFolder(given: string | undefined, policy: readonly string[]): string | null {
  if (given !== undefined) return given
  const [first = '.'] = policy
  const real = relative(process.cwd(), dirname(resolve(first)))
  const places = [join(dirname(first), 'cases'), join(real, 'cases')]
  return places.find((place) => existsSync(place)) ?? null
}

/** `path`: a folder of cases or one file. `bundle`: compiled without the tests of the policy. */
export function runDecisionCases(
  path: string,
  bundle: CompiledBundle,
  { run, named = false }: CaseRunOptions = {},
): CaseRun {
  const read = readCases(path, { named })
  if (!read.ok) return { ok: false, problems: read.problems.map(asPolicyProblem) }
  const files = read.files.map((file) => selected(file, run))
  return runCaseFiles(files, bundle)
}

export function runCaseFiles(files: readonly CaseFile[], bundle: CompiledBundle): CaseRun {
  // Data can be large, and most files change none.
  const changesData = files.some((file) => file.data !== null)
  const data = changesData ? (JSON.parse(new TextDecoder().decode(bundle.data)) as JsonObject) : {}
  const whole = new Map<WrittenCase, Facts>()
  const problems = files.flatMap((file) => [
    ...unknownData(file, data),
    ...file.cases.flatMap((written) => completeCase(file, written, whole)),
  ])
  if (problems.length > 0) return { ok: false, problems: problems.map(asPolicyProblem) }
  return { ok: true, cases: runCases(files, createJudge(bundle, data, whole)) }
}

function createJudge(
  bundle: CompiledBundle,
  data: JsonObject,
  whole: ReadonlyMap<WrittenCase, Facts>,
): JudgeCase {
  const deciders = new Map<string, Decider>()
  function deciderOf({ data: changed }: CaseFile): Decider {
    const key = JSON.stringify(changed)
    const made = deciders.get(key)
    if (made !== undefined) return made
    const bytes = new TextEncoder().encode(JSON.stringify({ ...data, ...changed }))
    const decider = openDecider(changed === null ? bundle : { ...bundle, data: bytes })
    deciders.set(key, decider)
    return decider
  }
  return function judge(file, written) {
    const facts = whole.get(written)
    if (facts === undefined) throw new RangeError('a case without facts')
    const decider = deciderOf(file)
    const { items } = written
    const listed = items === null ? null : judgeList(decider, facts, items)
    return { judged: judgeFacts(decider, facts), listed }
  }
}

function selected(file: CaseFile, run: RegExp | undefined): CaseFile {
  if (run === undefined) return file
  const cases = file.cases.filter(({ name }) => run.test(`${file.file}: ${name}`))
  return { ...file, cases }
}

function completeCase(
  { file }: CaseFile,
  written: WrittenCase,
  whole: Map<WrittenCase, Facts>,
): ConfigProblem[] {
  const misspelt = misspeltMethod(file, written)
  if (misspelt !== null) return [misspelt]
  const completed = completeFacts(written.facts)
  if (!completed.ok) {
    return completed.problems.map(({ path, problem, fix }) => {
      const text = `${path.join('.')} ${problem}`
      return { source: file, line: written.lineOf(path), pointer: '', problem: text, fix }
    })
  }
  whole.set(written, completed.facts)
  if (written.items === null || asksForList(completed.facts)) return []
  const problem = `${completed.facts.action.name} asks for no list that could have \`items\``
  const fix = 'take them out, or ask for a list such as tools/list'
  return [{ source: file, line: written.row, pointer: '', problem, fix }]
}

/** What no gateway knows is denied, so that a case of a denial would pass for another reason. */
function misspeltMethod(file: string, { facts, lineOf }: WrittenCase): ConfigProblem | null {
  const name = facts.action?.name
  const meant = name === undefined ? undefined : nearestMethod(name)
  if (meant === undefined) return null
  const problem = `action.name ${JSON.stringify(name)} is no method`
  const line = lineOf(['action', 'name'])
  return { source: file, line, pointer: '', problem, fix: `did you mean ${meant}?` }
}

/** A misspelt name would be data that no rule reads. */
function unknownData({ file, data }: CaseFile, known: JsonObject): ConfigProblem[] {
  const names = Object.keys(known)
  return Object.keys(data ?? {})
    .filter((name) => !Object.hasOwn(known, name))
    .map((name) => {
      const nearest = nearestKey(name, names)
      const fix =
        nearest === undefined ? `it has ${names.join(', ') || 'none'}` : `did you mean ${nearest}?`
      const problem = `the policy has no data named ${JSON.stringify(name)}`
      return { source: file, pointer: '', problem, fix }
    })
}

export function asPolicyProblem(found: ConfigProblem): PolicyProblem {
  const { source = null, line = null, pointer, problem, fix } = found
  const message = pointer === '' ? problem : `${pointer}: ${problem}`
  const place = { file: source, row: line, col: null }
  return { code: 'case_error', message, ...place, details: null, hint: fix }
}
