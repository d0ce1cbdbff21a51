/**
 * Which data of a compiled policy do not fit the shipped rules that read them, as problems of the
 * policy. The rules are known by the sources; a packed bundle has its data unchecked.
 */
import { policyDataProblems } from '../config/policy-data.js'
import type { CompiledBundle, JsonObject } from '../domain.js'
import { formatProblem } from '../rego/compile-policy.js'
import type { PolicyProblem } from '../rego/problem.js'
import { readSources } from '../rego/sources.js'
import { createDataPlaces } from './data-place.js'

export async function checkPolicyData(
  path: string,
  { data }: Pick<CompiledBundle, 'data'>,
): Promise<PolicyProblem[]> {
  const files = await readFiles(path)
  const rules = ruleNames(files)
  if (rules.size === 0) return []
  const placeOf = createDataPlaces(files)
  const document = JSON.parse(new TextDecoder().decode(data)) as JsonObject
  return policyDataProblems(document, rules).map(({ pointer, problem, fix }) => {
    const place = pointer === '' ? null : placeOf(pointer)
    return {
      code: 'data_schema',
      message: pointer === '' ? problem : `data ${pointer}: ${problem}`,
      file: place?.file ?? null,
      row: place?.row ?? null,
      col: null,
      details: { pointer },
      hint: fix,
    }
  })
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

async function readFiles(path: string): Promise<Readonly<Record<string, string>>> {
  const found = await readSources(path)
  return found.ok && 'files' in found.source ? found.source.files : {}
}

function ruleNames(files: Readonly<Record<string, string>>): ReadonlySet<string> {
  const texts = Object.entries(files).filter(
    ([name]) => name.endsWith('.rego') && !name.endsWith('_test.rego'),
  )
  return new Set(
    texts.flatMap(([, text]) => /^package mcpguard\.rules\.(\w+)\s*$/m.exec(text)?.[1] ?? []),
  )
}
