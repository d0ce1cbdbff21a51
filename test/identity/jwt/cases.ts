/**
 * Tokens that must be refused, each with the reason that the audit is to give, and a twin that
 * differs in nothing but what the case is about and is accepted: a case whose twin is refused as
 * well would say nothing.
 */
import type { UnidentifiedReason } from '../../../src/domain.js'
import { algorithmCases } from './cases/algorithms.js'
import { claimCases } from './cases/claims.js'
import { formCases } from './cases/form.js'
import { signatureCases } from './cases/signatures.js'

export interface TokenCase {
  readonly what: string
  readonly reason: UnidentifiedReason
  readonly token: string
  /** Null: without the fault it would be the plain token. */
  readonly twin: string | null
}

export const cases: readonly TokenCase[] = [
  ...algorithmCases,
  ...signatureCases,
  ...formCases,
  ...claimCases,
].flatMap(([reason, ofReason]) =>
  ofReason.map(([what, token, twin = null]) => ({ what, reason, token, twin })),
)
