/**
 * The compiler as it is shipped, with its digest in rego.json. Bytes that do not have that digest are
 * never compiled, whatever the reason they differ.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { asGuardError, GuardError } from '../errors.js'
import { packageFile } from '../lib/package-root.js'

export interface ArtefactInfo {
  readonly sha256: string
  readonly bytes: number
  readonly opa: string
  readonly go: string
}

const folder = 'compiler'

export function readArtefactInfo(at = packageFile(folder)): ArtefactInfo {
  const text = read(`${at}/rego.json`).toString('utf8')
  const info = JSON.parse(text) as Partial<ArtefactInfo>
  if (!/^[0-9a-f]{64}$/.test(info.sha256 ?? '') || !Number.isSafeInteger(info.bytes)) {
    throw new GuardError('GUARD_INTERNAL', 'compiler/rego.json does not name a digest')
  }
  return info as ArtefactInfo
}

/** The raw module, verified. */
export function readArtefact(at = packageFile(folder)): Uint8Array<ArrayBuffer> {
  const info = readArtefactInfo(at)
  const raw = read(`${at}/rego.wasm`)
  const digest = createHash('sha256').update(raw).digest('hex')
  if (digest !== info.sha256) {
    throw new GuardError(
      'GUARD_INTERNAL',
      `compiler/rego.wasm does not have the digest that rego.json names: ${digest}`,
    )
  }
  // Its memory is never shared; the type cannot say so.
  return new Uint8Array(raw.buffer as ArrayBuffer, raw.byteOffset, raw.byteLength)
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (thrown) {
    const fix = 'install the package again, or run `npm run build` in a clone'
    throw asGuardError(thrown, 'GUARD_INTERNAL', `the Rego compiler cannot be read (${fix})`)
  }
}
