/**
 * Headers in, Identity or a reason out: the one place that decides what a missing or wrong
 * credential means. Anonymous access is for callers who present nothing: whoever presents a
 * credential is judged by it, so that a mistyped or revoked key never turns into other rights.
 */
import type { Identify, Identity } from '../domain.js'
import { type ApiKeyEntry, createApiKeyVerifier, readClaimedKey } from './api-key.js'
import { identityOf } from './subject.js'

export interface IdentifyOptions {
  readonly apiKeys: readonly ApiKeyEntry[]
  /** true: a caller without any credential is identified as anonymous. Default is the caller's. */
  readonly anonymous: boolean
}

/** Throws GuardError GUARD_CONFIG_INVALID for an entry that cannot work. The result is total. */
export function createIdentify(options: IdentifyOptions): Identify {
  const verify = createApiKeyVerifier(options.apiKeys)
  const anonymous = options.anonymous ? anonymousIdentity() : null
  return function identify(headers, nowMs) {
    try {
      const claimed = readClaimedKey(headers)
      if (claimed.found === 'key') return verify(claimed.text, nowMs)
      if (claimed.found === 'refused') return { ok: false, reason: claimed.reason }
      return anonymous === null
        ? { ok: false, reason: 'credential-missing' }
        : { ok: true, identity: anonymous }
    } catch {
      // Fails closed: what could not be read is a credential that could not be read.
      return { ok: false, reason: 'credential-malformed' }
    }
  }
}

// Its issuer is not that of API keys: a key with the id `anonymous` is another principal.
function anonymousIdentity(): Identity {
  return identityOf(
    {
      id: 'anonymous',
      kind: 'anonymous',
      issuer: 'anonymous',
      method: 'anonymous',
      client_id: null,
      actors: [],
      roles: [],
      groups: [],
      scopes: [],
      tenant: null,
      expires_at: null,
      claims: {},
    },
    null,
    'anonymous',
  )
}
