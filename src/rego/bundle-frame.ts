/**
 * A compiled bundle as bytes, between the compiler's process and ours and in the cache: one line of
 * JSON, then the module, then the data. So nobody has to parse the data but who decides by them.
 */
import type { CompiledBundle, Json, JsonObject } from '../domain.js'
import { type PolicyProblem, readProblem } from './problem.js'

const newline = 0x0a

/** From the compiler's own answer, with the module in base64; null: that is not what it is. */
export function frameBundle(result: JsonObject): Uint8Array | null {
  const { wasm, data, ...rest } = result
  if (typeof wasm !== 'string' || !isObject(data)) return null
  const module = Buffer.from(wasm, 'base64')
  const text = Buffer.from(JSON.stringify(data))
  const header = { ...rest, wasmBytes: module.byteLength, dataBytes: text.byteLength }
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), module, text])
}

export interface FramedBundle {
  readonly bundle: CompiledBundle
  /** `mcpguard.serial` of the manifest's metadata, the order of signed bundles; null: it has none. */
  readonly serial: number | null
  /** What a signed bundle is known by, whatever white space is in it; null: it was not verified. */
  readonly signedDigest: string | null
  /** What compiles and decides right, but costs more than its author may think. */
  readonly warnings: readonly PolicyProblem[]
}

/** null unless every member is what it must be. The bundle's bytes are those of the frame. */
export function readBundleFrame(frame: Uint8Array): FramedBundle | null {
  const end = frame.indexOf(newline)
  const header = end < 0 ? null : parse(frame.subarray(0, end))
  if (!isObject(header)) return null
  const { wasmBytes, dataBytes, revision, contract, paths, hostModule, warnings } = header
  const { serial, signedDigest } = header
  if (!isCount(wasmBytes) || !isCount(dataBytes)) return null
  if (typeof revision !== 'string' || typeof contract !== 'number') return null
  if (typeof hostModule !== 'boolean' || (paths !== null && !isPaths(paths))) return null
  if (!Array.isArray(warnings) || (serial !== null && !isCount(serial))) return null
  if (signedDigest !== null && typeof signedDigest !== 'string') return null
  const wasmAt = end + 1
  const dataAt = wasmAt + wasmBytes
  if (dataAt + dataBytes !== frame.byteLength) return null
  const bundle: CompiledBundle = {
    wasm: frame.subarray(wasmAt, dataAt),
    data: frame.subarray(dataAt),
    revision,
    contract,
    paths,
    hostModule,
  }
  return { bundle, serial, signedDigest, warnings: warnings.map(readProblem) }
}

function parse(line: Uint8Array): Json | null {
  try {
    return JSON.parse(new TextDecoder().decode(line)) as Json
  } catch {
    return null
  }
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPaths(value: Json | undefined): value is string[][] {
  return (
    Array.isArray(value) &&
    value.every((path) => Array.isArray(path) && path.every((name) => typeof name === 'string'))
  )
}
