/**
 * Verification keys that were vetted before use. Types only: keys come into being in vet-keys.ts.
 */
import type { KeyObject } from 'node:crypto'

export interface VerificationKey {
  /** null: the key has none (a secret, or a key of a set that does not say). */
  readonly kid: string | null
  /** JWS algorithms it may be used with: by its kind, its curve, its size and what it says itself. */
  readonly algorithms: readonly string[]
  readonly key: KeyObject
  /** Names the key material (and its kid and use): equal thumbprints, equal keys. */
  readonly thumbprint: string
}

/** At least one key. */
export interface KeySet {
  readonly keys: readonly VerificationKey[]
  /** Members of the document that are of no use here (other purposes, weak, unknown kinds), told once. */
  readonly ignored: readonly { readonly index: number; readonly problem: string }[]
}

export type VettedKeys =
  | { readonly ok: true; readonly set: KeySet }
  /** Nothing of the document is used. */
  | { readonly ok: false; readonly problem: string }
