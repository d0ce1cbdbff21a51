/**
 * Who must have signed a policy, and which of two signed ones is the older. The signature itself is
 * the compiler's to check, of the very bytes that it compiles; this is the rest: a bundle that was
 * right once and is given out again.
 */
import { type PolicyProblem, problem } from './problem.js'

/** As `policy.verify` of the configuration. */
export interface BundleVerification {
  /** A public key as PEM, of the kind that the algorithm takes. */
  readonly key: string
  /** JWS name of a signature algorithm, such as ES256. */
  readonly algorithm: string
  /** null: whatever id the signature names. */
  readonly keyId: string | null
  /** The signature's own scope has to be this; empty: it has none. */
  readonly scope: string
}

/** What an older signed bundle is told by: `metadata.mcpguard.serial` of its manifest. */
export interface NewestSigned {
  readonly serial: number
  /** Digest of what was signed: other bytes of the same meaning are the same bundle. */
  readonly content: string
}

const manifest = '.manifest'

/** `newest` was active before; null: the candidate may follow it. */
export function orderProblem(
  newest: NewestSigned,
  candidate: { readonly serial: number | null; readonly content: string },
): PolicyProblem | null {
  const { serial, content } = candidate
  if (serial === null) {
    const text = `the bundle has no serial, and one with serial ${newest.serial} was active before`
    const hint = 'build it with `mcp-guard build --serial NUMBER`'
    return problem('bundle_serial_missing', text, manifest, hint)
  }
  if (serial < newest.serial) {
    const text = `the bundle is older than one that was active before: serial ${serial} is below ${newest.serial}`
    const hint = 'publish the newest one; to go back on purpose, use `mcp-guard rollback`'
    return problem('bundle_older', text, manifest, hint)
  }
  if (serial === newest.serial && content !== newest.content) {
    const text = `the bundle has the serial ${serial}, and so had another one that was active before`
    const hint = 'build it with a higher --serial'
    return problem('bundle_serial_reused', text, manifest, hint)
  }
  return null
}
