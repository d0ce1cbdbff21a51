/**
 * Ids that servers give away (of their own requests, of tasks) as sealed texts: bound to the
 * upstream and the principal, a request's also to its session, so that what comes back was handed
 * to that very client, on any replica with the key. The same id is always the same text, because a
 * cancellation names a request by it and clients compare those of tasks. No time is in them: a
 * request's id is good as long as its session, a task's as long as its server knows the task.
 * Gives no right: whoever names a task is judged by its own id.
 */
import type { JsonObject } from '../domain.js'
import type { Sealer } from '../lib/seal.js'
import type { WrittenId } from '../mcp/id-places.js'

export interface IdOwner {
  readonly upstream: string
  /** `Identity.binding`. */
  readonly principal: string
  /** Fingerprint of the legacy session; null where there is none. */
  readonly session: string | null
}

export type IdProblem = 'response-unknown' | 'response-foreign' | 'task-unknown' | 'task-foreign'

export type OpenedId =
  | { readonly ok: true; readonly id: WrittenId }
  | { readonly ok: false; readonly reason: 'unknown' | 'foreign' }

/** Seals and opens ids of one kind; `seal` is null for an id that is too long. */
export interface IdSealer {
  seal(id: WrittenId, owner: IdOwner): string | null
  open(text: string, owner: IdOwner): OpenedId
}

export interface Ids {
  readonly requests: IdSealer
  readonly tasks: IdSealer
}

/** Bytes of an id, as UTF-8. */
const maxIdBytes = 1024

export function createIds(sealers: { readonly requests: Sealer; readonly tasks: Sealer }): Ids {
  return {
    requests: createIdSealer(sealers.requests, (owner) => owner),
    // A task outlives its session: a client that connects anew asks for it again (2025-11-25).
    tasks: createIdSealer(sealers.tasks, (owner) => ({ ...owner, session: null })),
  }
}

function createIdSealer(sealer: Sealer, bound: (owner: IdOwner) => IdOwner): IdSealer {
  return {
    seal({ type, text }, owner) {
      if (Buffer.byteLength(text) > maxIdBytes) return null
      const { upstream, principal, session } = bound(owner)
      try {
        // Always in this order: it is part of the text.
        return sealer.sealSame({ up: upstream, owner: principal, session, type, id: text })
      } catch {
        // Escapes may make more of it than a sealed text can hold.
        return null
      }
    },
    open(text, owner) {
      const sealed = readSealed(sealer.open(text))
      const { upstream, principal, session } = bound(owner)
      if (sealed === null || sealed.upstream !== upstream) return { ok: false, reason: 'unknown' }
      const isOwn = sealed.principal === principal && sealed.session === session
      return isOwn ? { ok: true, id: sealed.id } : { ok: false, reason: 'foreign' }
    },
  }
}

function readSealed(payload: JsonObject | null): (IdOwner & { readonly id: WrittenId }) | null {
  const { up, owner, session, type, id } = payload ?? {}
  const whole =
    typeof up === 'string' &&
    typeof owner === 'string' &&
    (session === null || typeof session === 'string') &&
    (type === 'string' || type === 'number') &&
    typeof id === 'string'
  return whole ? { upstream: up, principal: owner, session, id: { type, text: id } } : null
}
