/**
 * Who shares what is known of a server. A legacy session has its own lists. Without a session
 * (legacy servers that keep none, and 2026-07-28) lists are kept per principal and protocol
 * version, as a server may answer each differently; only what a modern server calls `public` is
 * everybody's.
 */
import type { Era } from '../domain.js'

export interface Scope {
  /** The upstream's name. */
  readonly server: string
  /** What the gateway shows the upstream to be let in; null: nothing, the same for everybody. */
  readonly credential: string | null
  readonly era: Era
  /** The upstream's own session id; null: there is no session. */
  readonly sessionId: string | null
  /** `binding` of the caller's identity. */
  readonly principal: string
  readonly protocolVersion: string | null
}

/** What is known for this scope alone. */
export function ownKey(scope: Scope): string {
  const { server, credential, era, sessionId, principal, protocolVersion } = scope
  return era === 'legacy' && sessionId !== null
    ? joined(['session', server, credential, sessionId])
    : joined(['principal', server, credential, era, protocolVersion, principal])
}

/** What is known for all principals; null: nothing is shared in this era. */
export function sharedKey(scope: Scope): string | null {
  const { server, credential, era, protocolVersion } = scope
  return era === 'legacy' ? null : joined(['public', server, credential, protocolVersion])
}

/** Who makes the gateway ask whom, in however many sessions. */
export function askerKey({ server, principal }: Scope): string {
  return joined([server, principal])
}

/** Two lists of parts never give one text: each part is there with its length. */
function joined(parts: readonly (string | null)[]): string {
  return parts.map((part) => (part === null ? '-' : `${part.length}:${part}`)).join('')
}
