/**
 * The ids in a server's message that its client gets as sealed texts: of the server's own requests
 * (and in a cancellation of one), of tasks. Everything else of the message stays byte for byte. A
 * task's id that stands elsewhere, in prose or in a member of another name, stays as well: nobody
 * can use it, since only sealed ones are taken back.
 * Does not decide whether the message may pass.
 */
import type { Era, Message } from '../../domain.js'
import { concat } from '../../lib/bytes.js'
import type { EnvelopeReader } from '../../mcp/envelope.js'
import type { IdPlace, WrittenId } from '../../mcp/id-places.js'
import { methodInfo } from '../../mcp/methods.js'
import { cacheEdits } from './cache-hints.js'
import { type Edit, splice } from './splice.js'

export interface ExchangeIds {
  readonly era: Era
  /** The result of the request may be about tasks; what others mean by `taskId` is their own. */
  readonly tasksInResult: boolean
  /** null: the id is too long. */
  sealRequest(id: WrittenId): string | null
  sealTask(id: WrittenId): string | null
}

/** For a result. null: an id cannot be sealed. */
export function resultEdits(places: readonly IdPlace[], ids: ExchangeIds): Edit[] | null {
  const meant = places.filter(
    ({ use }) => use === 'related' || (use === 'task' && ids.tasksInResult),
  )
  return taskEdits(meant, ids)
}

/** For a server's request or notification. null: an id cannot be sealed. */
export function messageEdits(
  { id, idRange }: Pick<EnvelopeReader, 'id' | 'idRange'>,
  places: readonly IdPlace[],
  { method, kind }: Message,
  ids: ExchangeIds,
): Edit[] | null {
  const { resourceType, class: methodClass } = methodInfo(method)
  // A server asks its client for a task that is the client's own.
  const asksForTask = methodClass === 'use' && resourceType === 'task'
  const tasks = places.filter(({ use }) =>
    use === 'related' ? !asksForTask : use === 'task' && methodClass === 'notify',
  )
  const edits = taskEdits(tasks, ids)
  if (edits === null) return null
  if (kind === 'request' && id !== null) {
    const sealed = ids.sealRequest(id)
    if (sealed === null) return null
    edits.push(edit(idRange, sealed))
  }
  // 2026-07-28: there it is the client's own request whose end is told.
  if (method !== 'notifications/cancelled' || ids.era === 'modern') return edits
  for (const place of places) {
    if (place.use !== 'request') continue
    const sealed = place.id === null ? null : ids.sealRequest(place.id)
    if (sealed === null) return null
    edits.push(edit(place, sealed))
  }
  return edits
}

/** A result that streams: an id that is not whole yet waits for its rest. */
export class IdStream {
  readonly #ids: ExchangeIds
  /** What waits, and where in the message it begins. */
  #waiting: Uint8Array = none
  #at = 0

  constructor(ids: ExchangeIds) {
    this.#ids = ids
  }

  /** What may leave after `bytes` have come; null: an id is too long. */
  pass(bytes: Uint8Array, reader: EnvelopeReader): Uint8Array | null {
    const places = reader.takeIds()
    const openAt = reader.idOpenAt
    if (places.length === 0 && openAt === null && this.#waiting.length === 0) {
      this.#at += bytes.length
      return bytes
    }
    const sealed = resultEdits(places, this.#ids)
    if (sealed === null) return null
    const edits = [...sealed, ...cacheEdits(places, false)]
    const from = this.#at
    const whole = this.#waiting.length === 0 ? bytes : concat([this.#waiting, bytes])
    const end = openAt === null ? whole.length : openAt - from
    if (whole.length - end > maxWaitingBytes) return null
    this.#waiting = end === whole.length ? none : whole.slice(end)
    this.#at = from + end
    const moved = edits.map(({ range: { start, end: to }, pieces }) => ({
      range: { start: start - from, end: to - from },
      pieces,
    }))
    return splice(whole.subarray(0, end), moved)
  }
}

const none = new Uint8Array()
const encoder = new TextEncoder()
/** An id of the greatest length, all of it escapes. */
const maxWaitingBytes = 8 * 1024

function taskEdits(places: readonly IdPlace[], ids: ExchangeIds): Edit[] | null {
  const edits: Edit[] = []
  for (const place of places) {
    const sealed = place.id === null ? null : ids.sealTask(place.id)
    if (sealed === null) return null
    edits.push(edit(place, sealed))
  }
  return edits
}

/** A sealed text needs no escapes. */
function edit(range: Edit['range'], sealed: string): Edit {
  return { range, pieces: [encoder.encode(`"${sealed}"`)] }
}
