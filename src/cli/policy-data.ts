/**
 * Which data of a compiled policy do not fit the shipped rules that read them, as problems of the
 * policy. The rules are known by the sources; a packed bundle has its data unchecked.
 */
import { policyDataProblems } from '../config/policy-data.js'
import type { CompiledBundle, JsonObject } from '../domain.js'
import { formatProblem } from '../rego/compile-policy.js'
import type { PolicyProblem } from '../rego/problem.js'
import { readSources } from '../rego/sources.js'

export async function checkPolicyData(
  path: string,
  { data }: Pick<CompiledBundle, 'data'>,
): Promise<PolicyProblem[]> {
  const rules = await readRuleNames(path)
  if (rules.size === 0) return []
  const document = JSON.parse(new TextDecoder().decode(data)) as JsonObject
  return policyDataProblems(document, rules).map(({ pointer, problem, fix }) => ({
    code: 'data_schema',
    message: pointer === '' ? problem : `data ${pointer}: ${problem}`,
    file: null,
    row: null,
    col: null,
    details: { pointer },
    hint: fix,
  }))
}

/** Larger data would hold up the start; `validate` has the time. */
const maxBytesAtStart = 1_048_576

/** The same for the log at start; an unreadable file is the compiler's to tell of. */
export async function policyDataWarnings(
  path: string,
  bundle: Pick<CompiledBundle, 'data'>,
): Promise<string[]> {
  if (bundle.data.byteLength > maxBytesAtStart) return []
  return (await checkPolicyData(path, bundle)).map(formatProblem)
}

async function readRuleNames(path: string): Promise<ReadonlySet<string>> {
  const found = await readSources(path)
  if (!found.ok || !('files' in found.source)) return new Set()
  const texts = Object.entries(found.source.files).filter(
    ([name]) => name.endsWith('.rego') && !name.endsWith('_test.rego'),
  )
  return new Set(
    texts.flatMap(([, text]) => /^package mcpguard\.rules\.(\w+)\s*$/m.exec(text)?.[1] ?? []),
  )
}
