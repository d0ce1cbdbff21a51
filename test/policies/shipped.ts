/** The shipped bundle, compiled as an operator's would be, and one way to ask it. */
import type { CompiledBundle } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { compilePolicy, formatProblem } from '../../src/rego/compile-policy.js'
import { evaluatorOf, loadedOf } from '../policy/bundles.js'

export const shippedPolicies = packageFile('policies')

export async function compileShipped(): Promise<CompiledBundle> {
  const cacheDir = packageFile('dist', '.test-cache', 'policy')
  const compiled = await compilePolicy(shippedPolicies, { strict: true, cacheDir })
  if (!compiled.ok) throw new Error(compiled.problems.map(formatProblem).join('\n'))
  return compiled.bundle
}

/** What the entry point answers to any JSON, without the host's parser in between. */
export function asker(bundle: CompiledBundle): (facts: unknown) => unknown {
  const loaded = loadedOf(bundle)
  const evaluator = evaluatorOf(loaded)
  return function ask(facts) {
    const bounds = { maxBytes: 65_536, budget: 1_000_000 }
    const evaluation = evaluator.evaluate(
      loaded.entryPoints.decision,
      JSON.stringify(facts),
      bounds,
    )
    if (evaluation.kind === 'undefined') return undefined
    if (evaluation.kind !== 'defined') throw new Error(JSON.stringify(evaluation))
    return JSON.parse(evaluation.text)
  }
}
