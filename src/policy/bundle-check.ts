/**
 * What a compiled bundle must be before it may decide anything, as far as it can be said without
 * evaluating it: contract, engine version, host functions, entry points, reserved data paths.
 * Pure: gives the problems as text, none = fit.
 */
import type { CompiledBundle, Json } from '../domain.js'
import { hostBuiltins } from './builtins/index.js'
import { hasLoneSurrogate } from './evaluator.js'
import type { PolicyImage } from './image.js'
import { abiGlobals, neededFunctions } from './link.js'

export const decisionPath = 'mcpguard/main/decision'
export const decisionsPath = 'mcpguard/host/decisions'

const contract = 1
/** Below these only rules may live: a plain document in their place would count as a permit. */
const reservedPackages = ['rules', 'main', 'host'] as const
/** Of the JSON text. Parsed they take many times that, and a copy of it in memory each. */
export const maxDataBytes = 67_108_864

export function bundleProblems(bundle: Pick<CompiledBundle, 'contract' | 'data'>): string[] {
  const { contract: asked, data } = bundle
  if (data.byteLength > maxDataBytes) {
    return [`${data.byteLength} bytes of data are more than ${maxDataBytes}`]
  }
  const problems = dataProblems(data)
  if (!Number.isInteger(asked) || asked < 1 || asked > contract) {
    problems.push(`contract ${asked} is not supported, this gateway speaks ${contract}`)
  }
  return problems
}

/** Before loading. */
export function moduleProblems(module: WebAssembly.Module): string[] {
  const names = new Set(WebAssembly.Module.exports(module).map((entry) => entry.name))
  return [...abiGlobals, ...neededFunctions]
    .filter((name) => !names.has(name))
    .map((name) => `the module does not export ${name}`)
}

export function imageProblems(
  image: Pick<PolicyImage, 'abi' | 'builtins' | 'entryPoints'>,
  hostModule: boolean,
): string[] {
  const problems: string[] = []
  const { abi, entryPoints } = image
  if (abi.major !== 1 || abi.minor < 2) {
    problems.push(`ABI ${abi.major}.${abi.minor} is not supported, it must be 1.2 or a later 1.x`)
  }
  const builtins = image.builtins.filter((name) => !hostBuiltins.has(name))
  if (builtins.length > 0) {
    problems.push(
      `built-in functions that this gateway does not have: ${builtins.sort().join(', ')}`,
    )
  }
  const needed = hostModule ? [decisionPath, decisionsPath] : [decisionPath]
  for (const path of needed) {
    if (!entryPoints.has(path)) problems.push(`entry point ${path} is missing`)
  }
  return problems
}

/** Large data are parsed only where a look at their text leaves a doubt. */
function dataProblems(data: Uint8Array): string[] {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const escapes = text.includes('\\u')
  if (escapes && hasLoneSurrogate(text.toString())) {
    return ['data hold a lone surrogate']
  }
  if (!escapes && !text.includes('mcpguard')) return []
  return reservedDataProblems(JSON.parse(text.toString()) as Json)
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
