/**
 * Who is calling where there are no headers: over stdio whoever starts the gateway says so once, by
 * the name of a key entry or by a key text of the environment. What the entry says (expired, not yet
 * valid, disabled) is looked at for each message, as everywhere.
 */
import type { Identification, Identify } from '../domain.js'
import { GuardError } from '../errors.js'
import { createApiKeyVerifier, createEntryVerifier } from './api-key.js'
import { readCredential } from './credentials.js'
import { createIdentify, type IdentifyOptions } from './identify.js'

/** `entry`: the id of a configured key. `key`: a key text. `nobody`: no credential at all. */
export type Claim =
  | { readonly by: 'entry'; readonly id: string }
  | { readonly by: 'key'; readonly text: string }
  | { readonly by: 'nobody' }

/** Throws GuardError GUARD_CONFIG_INVALID where the claim can never identify anybody. */
export function identifyAs(options: IdentifyOptions, claim: Claim): Identify {
  if (claim.by === 'nobody') {
    if (!options.anonymous) throw invalid('nobody is let in without a credential')
    const identify = createIdentify(options)
    return ({ server }, nowMs) => {
      const connection = { address: '', certificate: null }
      return identify({ headers: [], connection, server }, nowMs)
    }
  }
  const verify =
    claim.by === 'entry'
      ? createEntryVerifier(options.apiKeys, claim.id)
      : keyVerifier(options, claim.text)
  if (verify === null) {
    throw invalid(
      claim.by === 'entry'
        ? `no entry of identity.apiKeys has the id \`${claim.id}\``
        : 'the key is none of identity.apiKeys',
    )
  }
  return function identify(_, nowMs) {
    try {
      return verify(nowMs)
    } catch {
      return { ok: false, reason: 'credential-malformed' }
    }
  }
}

function keyVerifier(
  { apiKeys }: IdentifyOptions,
  text: string,
): ((nowMs: number) => Identification) | null {
  const claimed = readCredential(['x-api-key', text])
  if (claimed.found !== 'api-key') return null
  const verify = createApiKeyVerifier(apiKeys)
  const first = verify(claimed.text, Date.now())
  if (!first.ok && first.reason === 'credential-unknown') return null
  return (nowMs) => verify(claimed.text, nowMs)
}

function invalid(problem: string): GuardError {
  return new GuardError('GUARD_CONFIG_INVALID', problem)
}
