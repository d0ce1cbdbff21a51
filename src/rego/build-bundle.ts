/**
 * Packs a policy as an OPA bundle and takes it through the gateway's own steps before anybody gets
 * it: what is handed out was compiled, or verified and loaded, a moment ago. The same policy and the
 * same compiler give the same bytes.
 */
import { createPublicKey } from 'node:crypto'
import type { CompiledBundle } from '../domain.js'
import { GuardError } from '../errors.js'
import { readArtefactInfo } from './artefact.js'
import { type AskOptions, askCompiler } from './ask-compiler.js'
import { capabilities, compileSource, factsSchema } from './compile-policy.js'
import { type CompilerOptions, callCompiler } from './compiler.js'
import { entryPoint, hostEntryPoint, hostModule } from './host-module.js'
import type { PolicyProblem } from './problem.js'
import type { PolicySource } from './sources.js'
import type { BundleVerification } from './verify.js'

export interface BuildOptions extends AskOptions {
  /** Of the manifest; absent: the content digest of the sources. */
  readonly revision?: string
  readonly serial?: number
  /** Whether the .rego files travel along; policy.wasm decides all the same. */
  readonly withSources?: boolean
  readonly sign?: BundleSigning
}

export interface BundleSigning {
  /** A private key as PEM, of the kind that the algorithm takes. */
  readonly key: string
  readonly algorithm: string
  readonly keyId: string | null
  readonly scope: string
}

export type BuiltBundle =
  | {
      readonly ok: true
      readonly packed: Uint8Array
      /** The manifest's. */
      readonly revision: string
      /** As the gateway has it. */
      readonly bundle: CompiledBundle
      readonly serial: number | null
      readonly warnings: readonly PolicyProblem[]
    }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

export async function buildBundle(
  source: PolicySource,
  options: BuildOptions = {},
): Promise<BuiltBundle> {
  const { revision = '', serial = null, withSources = false, sign, ...askOptions } = options
  const request = {
    source,
    capabilities: capabilities(),
    schema: factsSchema(),
    entryPoint,
    hostModule,
    hostEntryPoint,
    revision,
    compiler: `sha256:${readArtefactInfo().sha256}`,
    serial,
    withSources,
    sign: sign === undefined ? null : { ...sign, keyId: sign.keyId ?? '' },
  }
  const reply = await askCompiler('pack', request, askOptions)
  if (!reply.ok) return reply
  const { bundle, revision: made } = reply.result
  if (typeof bundle !== 'string' || typeof made !== 'string') {
    throw new GuardError('GUARD_INTERNAL', 'the Rego compiler answered with something else')
  }
  const verify = sign === undefined ? null : ownersCheck(sign)
  const loaded = await compileSource({ bundle }, { ...askOptions, cacheDir: null, verify })
  if (!loaded.ok) return loaded
  return { ...loaded, packed: Buffer.from(bundle, 'base64'), revision: made }
}

/** What whoever has the public half of the key will ask for. */
function ownersCheck({ key, ...rest }: BundleSigning): BundleVerification {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
  return { ...rest, key: publicKey }
}

export type VerifiedBundle =
  | { readonly ok: true }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

/** By our rules and by OPA's own reader: what passes is a bundle for both. */
export async function verifyBundle(
  packed: Uint8Array,
  verify: BundleVerification,
  options: CompilerOptions = {},
): Promise<VerifiedBundle> {
  const bundle = Buffer.from(packed).toString('base64')
  const reply = await callCompiler('verify', { bundle, verify: { ...verify } }, options)
  return reply.ok ? { ok: true } : reply
}
