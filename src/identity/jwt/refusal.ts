/**
 * What is asked of a token's registered claims for every request, also of a token that is remembered:
 * time, audience, revocation, binding can be other than they were. Of whoever asks for a server of the
 * gateway by its URL (RFC 8707) the audience may be spelt as URLs may be, with capitals in scheme and
 * host; any other audience is compared as it is written.
 */
import type { UnidentifiedReason } from '../../domain.js'
import type { TokenCircumstances } from '../verifiers.js'
import { isMeantFor, type RegisteredClaims, untimely } from './claims.js'
import type { IsRevoked } from './revocation.js'
import type { IssuerRules } from './rules.js'

export interface Terms {
  readonly rules: Pick<IssuerRules, 'method' | 'audiences' | 'leewayMs'>
  readonly isRevoked: IsRevoked
}

export function refusalOf(
  { rules, isRevoked }: Terms,
  registered: RegisteredClaims,
  { server, nowMs, thumbprint }: TokenCircumstances,
): UnidentifiedReason | null {
  const time = untimely(registered, nowMs, rules.leewayMs)
  if (time !== null) return time
  if (!isForServer(registered, rules, server)) return 'token-audience'
  if (isRevoked(registered)) return 'token-revoked'
  const isBoundElsewhere = registered.thumbprint !== null && registered.thumbprint !== thumbprint
  return isBoundElsewhere ? 'token-unbound' : null
}

function isForServer(
  registered: RegisteredClaims,
  { method, audiences }: Terms['rules'],
  server: string,
): boolean {
  const accepted = audiences(server)
  if (isMeantFor(registered, accepted)) return true
  if (method !== 'oauth') return false
  return registered.audiences.some((audience) => accepted.includes(lowerAuthority(audience)))
}

/** RFC 3986 6.2.2.1. */
function lowerAuthority(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, (authority) => authority.toLowerCase())
}
