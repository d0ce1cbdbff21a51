/**
 * One test as both engines see it. Pure. The verdict is theirs where they agree; where they do not,
 * that is what the run says, whichever of them is right: what is tested is then not what decides.
 */
import type { Json, JsonObject } from '../domain.js'
import type { TestAnswer } from '../policy/test-module.js'
import type { InterpretedTest } from './interpreted-test.js'
import type { EngineResult, PolicyTest, TestVerdict } from './test-report.js'

/** What the enforcing engine says of a test. */
export interface EnforcedTest {
  readonly answer: TestAnswer
  /** Its value is the outcomes of cases. */
  readonly table: boolean
}

const noCases = 'the table has no cases'

/** `shown`: how a file of the policy is named for people. */
export function compareEngines(
  interpreted: InterpretedTest,
  enforced: EnforcedTest | null,
  shown: (file: string) => string,
): PolicyTest {
  const { failedAt, cases, file } = interpreted
  const interpreter = interpreterResult(interpreted, enforced?.table ?? false, shown)
  const wasm = enforced === null ? null : enforcedResult(interpreted, enforced, interpreter)
  const verdict = verdictOf(interpreter, wasm)
  return {
    package: interpreted.package,
    name: interpreted.name,
    file: shown(file),
    row: interpreted.row,
    col: interpreted.col,
    verdict,
    engines: { interpreter, wasm },
    error: verdict === 'error' ? (interpreter?.text ?? '') : '',
    output: interpreted.output,
    durationNs: interpreted.durationNs,
    subResults: cases.map(({ name, pass }) => ({ name, passed: pass })),
    failedAt: failedAt === null ? null : { ...failedAt, file: shown(failedAt.file) },
  }
}

function verdictOf(interpreter: EngineResult | null, wasm: EngineResult | null): TestVerdict {
  if (interpreter === null) return 'skipped'
  if (interpreter.outcome !== wasm?.outcome) return 'disagreed'
  switch (interpreter.outcome) {
    case 'pass':
      return 'passed'
    case 'fail':
      return 'failed'
    case 'error':
      return 'error'
  }
}

function interpreterResult(
  { outcome, value, error, cases }: InterpretedTest,
  table: boolean,
  shown: (file: string) => string,
): EngineResult | null {
  switch (outcome) {
    case 'skip':
      return null
    case 'error':
    case 'refused':
      return { outcome: 'error', text: placesShown(error, shown) }
    case 'pass':
      return { outcome, text: value }
    case 'fail': {
      if (table && cases.length === 0) return { outcome, text: noCases }
      const failed = cases.filter(({ pass }) => !pass).map(({ name }) => caseName(name))
      const text = failed.length === 0 ? value || 'undefined' : `fails for ${failed.join(', ')}`
      return { outcome, text }
    }
  }
}

/** Places that a message of the compiler's or the interpreter's names. */
export function placesShown(text: string, shown: (file: string) => string): string {
  return text.replace(/[^\s:]+\.rego(?=:\d)/g, (file) => shown(file))
}

/** `interpreter`: what a test that is refused is to both. */
function enforcedResult(
  { cases, outcome }: InterpretedTest,
  { answer, table }: EnforcedTest,
  interpreter: EngineResult | null,
): EngineResult {
  if (outcome === 'refused' && interpreter !== null) return interpreter
  if (answer.kind === 'error') return { outcome: 'error', text: answer.problem }
  if (answer.kind === 'undefined') return { outcome: 'fail', text: 'undefined' }
  if (!table) return { outcome: answer.value === true ? 'pass' : 'fail', text: answer.text }
  const values = new Map(leavesOf(answer.value, []))
  // A case that failed is not there at all, so the other engine has to say which there are.
  const names = new Set([...cases.map(({ name }) => caseName(name)), ...values.keys()])
  if (names.size === 0) return { outcome: 'fail', text: noCases }
  const failed = [...names].filter((name) => values.get(name) !== true)
  if (failed.length > 0) return { outcome: 'fail', text: `fails for ${failed.join(', ')}` }
  return { outcome: 'pass', text: answer.text }
}

/** What is no object with members, by its name as a case. */
function leavesOf(value: Json, path: readonly string[]): [name: string, value: Json][] {
  if (!isObject(value)) return [[caseName(path), value]]
  return Object.entries(value).flatMap(([key, member]) => leavesOf(member, [...path, key]))
}

function caseName(path: readonly string[]): string {
  return path.map(sameKey).join('/')
}

/** A key that is an object is written as JSON, by each engine in an order of its own. */
function sameKey(key: string): string {
  if (!/^[[{].*[:]/s.test(key)) return key
  try {
    return JSON.stringify(inOrder(JSON.parse(key) as Json))
  } catch {
    return key
  }
}

function inOrder(value: Json): Json {
  if (Array.isArray(value)) return value.map(inOrder)
  if (!isObject(value)) return value
  const members = Object.entries(value).map(([name, member]) => [name, inOrder(member)] as const)
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** undefined: nothing is there. */
export function valueAt(value: Json, keys: readonly string[]): Json | undefined {
  let at: Json | undefined = value
  for (const key of keys) {
    if (!isObject(at)) return undefined
    at = Object.hasOwn(at, key) ? at[key] : undefined
  }
  return at
}
