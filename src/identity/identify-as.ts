/**
 * Who is calling where there are no headers: over stdio whoever starts the gateway says so once, by
 * the name of a key entry or by a key text of the environment. What the entry says (expired, not yet
 * valid, disabled) is looked at for each message, as everywhere.
 */
import type { Identification, Identify } from '../domain.js'
import { GuardError } from '../errors.js'
import type { KeyRing } from './api-key.js'
import { anonymousIdentity } from './subject.js'

/** `entry`: the id of a configured key. `key`: a key text. `nobody`: no credential at all. */
export type Claim =
  | { readonly by: 'entry'; readonly id: string }
  | { readonly by: 'key'; readonly text: string }
  | { readonly by: 'nobody' }

export interface IdentifyAsOptions {
  readonly keys: Pick<KeyRing, 'verify' | 'verifyId'>
  readonly anonymous: boolean
}

/** Throws GuardError GUARD_CONFIG_INVALID where the claim can never identify anybody. */
export function identifyAs({ keys, anonymous }: IdentifyAsOptions, claim: Claim): Identify {
  switch (claim.by) {
    case 'nobody': {
      if (!anonymous) throw invalid('nobody is let in without a credential')
      const identification: Identification = { ok: true, identity: anonymousIdentity() }
      return () => identification
    }
    case 'entry': {
      if (keys.verifyId(claim.id, Date.now()) === null) {
        throw invalid(`no entry of identity.apiKeys has the id \`${claim.id}\``)
      }
      return (_, nowMs) => keys.verifyId(claim.id, nowMs) ?? unknown
    }
    case 'key': {
      const { text } = claim
      const first = keys.verify(text, Date.now())
      if (!first.ok && first.reason === 'credential-unknown') {
        throw invalid('the key is none of identity.apiKeys')
      }
      return (_, nowMs) => keys.verify(text, nowMs)
    }
    default:
      return claim satisfies never
  }
}

const unknown: Identification = { ok: false, reason: 'credential-unknown' }

function invalid(problem: string): GuardError {
  return new GuardError('GUARD_CONFIG_INVALID', problem)
}
