/**
 * Legacy sessions without a session store: the id a client gets is a sealed envelope around the
 * upstream's own id, bound to its principal, so that any replica with the key serves it. Another
 * principal's, an expired, a closed or a forged id is answered alike; the audit tells them apart.
 * Holds no right: every message on a session is identified and judged by itself.
 */
import type { ClientInfo, Identity, JsonObject } from '../domain.js'
import { createRecent } from '../lib/recent.js'
import type { Sealer } from '../lib/seal.js'
import { sha256 } from '../lib/secrets.js'

export interface Session {
  /** The id that the upstream knows. */
  readonly upstreamId: string
  /** What the client asked for in `initialize`; later requests may name another by header. */
  readonly protocolVersion: string | null
  readonly client: ClientInfo | null
  /** Of which lists the server said that it announces changes (`listen.ts`). */
  readonly announced: number
  /** Names the session in facts and audit without being a session id. */
  readonly fingerprint: string
}

export type OpenedSession =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly reason: SessionProblem }

export type SessionProblem =
  | 'session-unknown'
  | 'session-foreign'
  | 'session-expired'
  | 'session-closed'

export interface Sessions {
  /** Text for the client, or null when the upstream's id is not one (RFC: visible ASCII, ≤ 1 KiB). */
  seal(upstream: string, session: Omit<Session, 'fingerprint'>, identity: Identity): string | null
  open(text: string, upstream: string, identity: Identity): OpenedSession
  /** After a DELETE: this process answers for the session no more. */
  close(session: Session): void
}

/** What an id holds, before anybody has asked whether it is good for this request. */
interface Sealed {
  readonly upstream: string
  readonly owner: string
  readonly expiresMs: number
  readonly session: Session
}

/** Opened ids remembered; about 2 KiB each. */
const maxOpened = 2000
const lifetimeMs = 24 * 60 * 60 * 1000
/** Closed sessions remembered here; the oldest go first, and then the upstream answers 404. */
const maxClosed = 100_000
const upstreamIdPattern = /^[\x21-\x7e]{1,1024}$/

export function createSessions(sealer: Sealer, nowMs: () => number): Sessions {
  const closed = new Set<string>()
  const opened = createRecent<Sealed>(maxOpened)

  function seal(
    upstream: string,
    session: Omit<Session, 'fingerprint'>,
    identity: Identity,
  ): string | null {
    if (!upstreamIdPattern.test(session.upstreamId)) return null
    const now = nowMs()
    const payload = {
      up: upstream,
      id: session.upstreamId,
      version: session.protocolVersion,
      client: session.client === null ? null : { ...session.client },
      announced: session.announced,
      issued: now,
      expires: now + lifetimeMs,
      owner: identity.binding,
    }
    try {
      return sealer.seal(payload)
    } catch {
      // Longer than a sealed text may be: the client's name or the upstream's id is.
      return null
    }
  }

  function open(text: string, upstream: string, identity: Identity): OpenedSession {
    const sealed = unseal(text)
    if (sealed === null || sealed.upstream !== upstream) {
      return { ok: false, reason: 'session-unknown' }
    }
    const { owner, expiresMs, session } = sealed
    if (owner !== identity.binding) return { ok: false, reason: 'session-foreign' }
    if (expiresMs <= nowMs()) return { ok: false, reason: 'session-expired' }
    if (closed.has(session.fingerprint)) return { ok: false, reason: 'session-closed' }
    return { ok: true, session }
  }

  /** A session's id comes with each of its requests; what is in it does not change. */
  function unseal(text: string): Sealed | null {
    const known = opened.get(text)
    if (known !== undefined) return known
    const sealed = readSealed(sealer.open(text))
    if (sealed !== null) opened.set(text, sealed)
    return sealed
  }

  function close(session: Session): void {
    if (closed.size === maxClosed) {
      for (const oldest of closed) {
        closed.delete(oldest)
        break
      }
    }
    closed.add(session.fingerprint)
  }

  return { seal, open, close }
}

function readSealed(payload: JsonObject | null): Sealed | null {
  const { up, id, expires, owner, version, announced } = payload ?? {}
  const whole =
    payload !== null &&
    typeof up === 'string' &&
    typeof id === 'string' &&
    typeof expires === 'number' &&
    typeof owner === 'string'
  if (!whole) return null
  const session: Session = {
    upstreamId: id,
    protocolVersion: typeof version === 'string' ? version : null,
    client: readClient(payload),
    announced: typeof announced === 'number' ? announced : 0,
    fingerprint: fingerprintOf(up, id),
  }
  return { upstream: up, owner, expiresMs: expires, session }
}

function readClient(payload: JsonObject): ClientInfo | null {
  const client = payload['client']
  if (typeof client !== 'object' || client === null || Array.isArray(client)) return null
  const { name, version } = client
  return typeof name === 'string' && typeof version === 'string' ? { name, version } : null
}

/** Names a session without being its id; the same on every replica. */
export function fingerprintOf(upstream: string, id: string): string {
  return sha256(`${upstream.length}:${upstream}${id}`).toString('base64url').slice(0, 22)
}
