/**
 * Makes an Identity of a verified subject: the binding that sessions are tied to, and everything
 * frozen, because one Identity serves every request of its caller.
 */
import type { Identity, Json, Subject } from '../domain.js'
import { sha256 } from '../lib/secrets.js'

export function identityOf(
  subject: Subject,
  expiresAtMs: number | null,
  credentialId: string,
): Identity {
  const binding = bindingOf(subject)
  return Object.freeze({ subject: freezeDeeply(subject), binding, expiresAtMs, credentialId })
}

/** Nobody in particular. Its issuer is not that of API keys: a key `anonymous` is another principal. */
export function anonymousIdentity(): Identity {
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

/**
 * Who it is, without what a refreshed credential may change (roles, scopes, expiry). Every part is
 * length-prefixed, so that no choice of ids makes two principals one; null is not the empty text.
 */
export function bindingOf(subject: Subject): string {
  const { issuer, id, tenant, client_id: clientId, actors } = subject
  const parts = [issuer, id, tenant, clientId, ...actors].map((part) =>
    part === null ? '-' : `${part.length}:${part}`,
  )
  return sha256(parts.join(',')).toString('base64url')
}

function freezeDeeply<T extends Subject | Json>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freezeDeeply<Json>(member)
    Object.freeze(value)
  }
  return value
}
