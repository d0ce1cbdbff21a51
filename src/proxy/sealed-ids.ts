/** Whose ids an exchange's are, and the sealing of those that its answer gives away. */
import type { Era, Identity, Server } from '../domain.js'
import type { WrittenId } from '../mcp/id-places.js'
import { isKnownMethod } from '../mcp/methods.js'
import type { ExchangeIds } from './answer/sealed-ids.js'
import type { IdOwner, Ids } from './ids.js'
import type { Trail } from './trail.js'

export function ownerOf({ session }: Trail, { name }: Server, { binding }: Identity): IdOwner {
  return { upstream: name, principal: binding, session: session?.fingerprint ?? null }
}

export class SealedIds implements ExchangeIds {
  readonly era: Era
  readonly tasksInResult: boolean
  readonly #ids: Ids
  #owner: IdOwner

  constructor(ids: Ids, { asked }: Trail, owner: IdOwner) {
    this.era = asked.era ?? 'legacy'
    this.tasksInResult = isKnownMethod(asked.method ?? '')
    this.#ids = ids
    this.#owner = owner
  }

  /** The answer has begun a session: what it gives away belongs to that one. */
  inSession(session: string): void {
    this.#owner = { ...this.#owner, session }
  }

  sealRequest(id: WrittenId): string | null {
    return this.#ids.requests.seal(id, this.#owner)
  }

  sealTask(id: WrittenId): string | null {
    return this.#ids.tasks.seal(id, this.#owner)
  }
}
