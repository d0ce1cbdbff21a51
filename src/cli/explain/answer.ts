/**
 * What `explain` does: the production module decides, question by question as the gateway would ask,
 * and the interpreter tells what became of each rule in the question that decided. Where the two
 * disagree the verdict is still the module's, and the exit status says that something is wrong.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Facts } from '../../contracts.js'
import type { Decision } from '../../domain.js'
import { type JudgedFacts, judgeFacts } from '../../policy/judge-facts.js'
import { openDecider, readDecision } from '../../policy/workbench.js'
import { defaultCacheDir } from '../../rego/cache.js'
import { type CompiledPolicy, compileSource, formatProblem } from '../../rego/compile-policy.js'
import { type ExplainedPolicy, explainPolicy } from '../../rego/explain.js'
import type { PolicyProblem } from '../../rego/problem.js'
import { readSourceSet, type SourceSet } from '../../rego/source-set.js'
import { exitCodes, printFailure } from '../terminal.js'
import { readAskedFor } from './facts.js'
import type { ExplainArguments } from './options.js'
import { unrecordedPaths } from './recorded.js'
import { type Explanation, report } from './report.js'
import { type ExplainSetting, readSetting } from './setting.js'

type Bundle = Extract<CompiledPolicy, { ok: true }>['bundle']

/** Returns the exit code. */
export async function explain(given: ExplainArguments): Promise<number> {
  const setting = readSetting(given)
  if (setting === null) return exitCodes.failed
  const asked = readAskedFor(given, setting)
  const policy = await openPolicy(setting)
  if (policy === null) return exitCodes.failed
  const { bundle, set } = policy
  const judged = judgeFacts(openDecider(bundle, setting.policy.budget), asked.facts)
  const facts = judged.asked.at(-1)?.facts ?? asked.facts
  const outcome = await explainPolicy(set.source, facts)
  const explained = outcome.ok ? withShownFiles(outcome.explained, set) : null
  const disagreement = explained === null ? null : disagreementOf(judged, explained)
  const explanation: Explanation = {
    judged,
    facts,
    revision: bundle.revision,
    explained,
    unexplained: outcome.ok ? '' : outcome.problems.map(formatProblem).join('; '),
    disagreement,
    recorded: asked.recorded,
    clock: asked.clock,
    assumed: asked.recorded === null ? [] : assumedPaths(asked.given, facts, bundle.paths),
  }
  report(explanation, { json: given.json === true, all: given.all === true })
  return disagreement === null ? exitCodes.ok : exitCodes.failed
}

/** null: it cannot be used, and that has been said. */
async function openPolicy({
  policy,
}: ExplainSetting): Promise<{ bundle: Bundle; set: SourceSet } | null> {
  const read = await readSourceSet([policy.path])
  if (!read.ok) return refused(read.problems)
  const cacheDir = defaultCacheDir(process.env['XDG_CACHE_HOME'])
  const { verify } = policy
  const compiled = await compileSource(read.set.source, { cacheDir, verify })
  if (compiled.ok) return { bundle: compiled.bundle, set: read.set }
  const { shown } = read.set
  return refused(compiled.problems.map((one) => ({ ...one, file: one.file && shown(one.file) })))
}

function refused(problems: readonly PolicyProblem[]): null {
  for (const problem of problems) printFailure(formatProblem(problem))
  return null
}

function withShownFiles(explained: ExplainedPolicy, { shown }: SourceSet): ExplainedPolicy {
  const rules = explained.rules.map((rule) => ({
    ...rule,
    file: shown(rule.file),
    failedAt: rule.failedAt === null ? null : { ...rule.failedAt, file: shown(rule.failedAt.file) },
  }))
  return { ...explained, rules }
}

/** The interpreter's own decision where it is another; null: it is the same, or nothing to compare. */
function disagreementOf(
  { decision, asked }: JudgedFacts,
  explained: ExplainedPolicy,
): Decision | null {
  // No question was put, or the gateway's own bound ended it: the interpreter has none.
  if (asked.length === 0 || decision.reasons.includes('policy-budget')) return null
  const gaveUp = explained.error !== ''
  if (gaveUp && decision.reasons.includes('policy-fault')) return null
  const other = readDecision(gaveUp ? { error: explained.error } : explained.value)
  return isDeepStrictEqual(other, decision) ? null : other
}

/** Facts that the policy reads, and that are not the recorded ones but what is usual. */
function assumedPaths(given: object, facts: Facts, read: Bundle['paths']): string[] {
  return unrecordedPaths
    .filter((path) => has(facts, path) && !has(given, path))
    .filter((path) => read === null || read.some((one) => overlap(one, path)))
    .map((path) => path.join('.'))
}

function overlap(a: readonly string[], b: readonly string[]): boolean {
  return a.slice(0, b.length).every((name, place) => name === b[place])
}

function has(value: unknown, path: readonly string[]): boolean {
  let at = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return false
    at = (at as Record<string, unknown>)[name]
  }
  return true
}
