/**
 * What a compiled bundle must be before it may decide anything, as far as it can be said without
 * evaluating it: contract, engine version, host functions, entry points, reserved data paths.
 * Pure: gives the problems as text, none = fit.
 */
import type { CompiledBundle, Json } from '../domain.js'
import type { PolicyInstance } from './instance.js'

export const decisionPath = 'mcpguard/main/decision'
export const decisionsPath = 'mcpguard/host/decisions'

const contract = 1
/** Below these only rules may live: a plain document in their place would count as a permit. */
const reservedPackages = ['rules', 'main', 'host'] as const
const neededExports = [
  'opa_wasm_abi_version',
  'opa_wasm_abi_minor_version',
  'opa_eval',
  'opa_malloc',
  'opa_json_parse',
  'opa_json_dump',
  'opa_heap_ptr_get',
  'opa_heap_ptr_set',
  'builtins',
  'entrypoints',
] as const

export function bundleProblems(bundle: CompiledBundle): string[] {
  const problems = reservedDataProblems(JSON.parse(new TextDecoder().decode(bundle.data)) as Json)
  if (!Number.isInteger(bundle.contract) || bundle.contract < 1 || bundle.contract > contract) {
    problems.push(`contract ${bundle.contract} is not supported, this gateway speaks ${contract}`)
  }
  return problems
}

/** Before loading: opa-wasm only prints a line about a module that is none of OPA's. */
export function moduleProblems(module: WebAssembly.Module): string[] {
  const names = new Set(WebAssembly.Module.exports(module).map((entry) => entry.name))
  return neededExports
    .filter((name) => !names.has(name))
    .map((name) => `the module does not export ${name}`)
}

export function instanceProblems(instance: PolicyInstance, hostModule: boolean): string[] {
  const problems: string[] = []
  const { abi, builtins, entryPoints } = instance
  if (abi.major !== 1 || abi.minor < 2) {
    problems.push(`ABI ${abi.major}.${abi.minor} is not supported, it must be 1.2 or a later 1.x`)
  }
  if (builtins.length > 0) {
    const names = [...builtins].sort().join(', ')
    problems.push(`built-in functions that this gateway does not have: ${names}`)
  }
  const needed = hostModule ? [decisionPath, decisionsPath] : [decisionPath]
  for (const path of needed) {
    if (!entryPoints.has(path)) problems.push(`entry point ${path} is missing`)
  }
  return problems
}

function reservedDataProblems(data: Json): string[] {
  const root = memberOf(data, 'mcpguard')
  if (root === undefined) return []
  if (typeof root !== 'object' || root === null || Array.isArray(root)) {
    return ['data at mcpguard take the place of the rules']
  }
  return reservedPackages
    .filter((name) => Object.hasOwn(root, name))
    .map((name) => `data below mcpguard/${name}, where only rules may be`)
}

function memberOf(value: Json, member: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, member) ? value[member] : undefined
}
