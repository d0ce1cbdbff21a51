/** The shipped bundle, compiled as an operator's would be, and one way to ask it. */
import type { CompiledBundle } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { createInstance, memoryFor } from '../../src/policy/instance.js'
import { compilePolicy, formatProblem } from '../../src/rego/compile-policy.js'

export const shippedPolicies = packageFile('policies')

export async function compileShipped(): Promise<CompiledBundle> {
  const cacheDir = packageFile('dist', '.test-cache', 'policy')
  const compiled = await compilePolicy(shippedPolicies, { strict: true, cacheDir })
  if (!compiled.ok) throw new Error(compiled.problems.map(formatProblem).join('\n'))
  return compiled.bundle
}

/** What the entry point answers to any JSON, without the host's parser in between. */
export async function asker(bundle: CompiledBundle): Promise<(facts: unknown) => unknown> {
  const instance = createInstance({
    module: await WebAssembly.compile(new Uint8Array(bundle.wasm)),
    data: new Uint8Array(bundle.data).buffer,
    memory: memoryFor(bundle.wasm.byteLength, bundle.data.byteLength),
  })
  const entryPoint = instance.entryPoints.get('mcpguard/main/decision')
  if (entryPoint === undefined) throw new Error('the bundle has no entry point')
  return function ask(facts) {
    const text = instance.evaluate(entryPoint, JSON.stringify(facts), 65_536)
    return text === null ? undefined : JSON.parse(text)
  }
}
