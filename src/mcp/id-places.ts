/**
 * Where a server's message names tasks and its own requests, found while its bytes pass: the ids
 * that a gateway hands on under other texts. And what a result says to caches (2026-07-28). Exact names at exact places, every occurrence; what is
 * named otherwise, or deeper, stays as it is. Spec: 2025-11-25 tasks and cancellation; the Tasks
 * extension of 2026-07-28. Does not decide which of them are replaced.
 */
import type { ValueType } from './scan.js'

/** An id as it is written: the text of a string, decoded, or a number's own text. */
export interface WrittenId {
  readonly type: 'string' | 'number'
  readonly text: string
}

/**
 * `task`: what the message is about. `related`: the task that it belongs to, in `_meta`. `request`:
 * what a `notifications/cancelled` cancels. `scope` and `ttl`: who may be given a result again, and
 * for how long.
 */
export type IdUse = 'task' | 'related' | 'request' | 'scope' | 'ttl'

/** Bytes from `start` up to, not including, `end`, quotes included. */
export interface IdPlace {
  readonly use: IdUse
  readonly start: number
  readonly end: number
  /** Null: too long to be read, or no text. */
  readonly id: WrittenId | null
}

export const relatedTask = 'io.modelcontextprotocol/related-task'

interface Place {
  readonly use?: IdUse
  readonly members?: ReadonlyMap<string, Place>
  readonly element?: Place
}

const task = members({ taskId: { use: 'task' } })
const meta = members({ [relatedTask]: members({ taskId: { use: 'related' } }) })
const places = members({
  result: members({
    taskId: { use: 'task' },
    task,
    tasks: { element: task },
    _meta: meta,
    cacheScope: { use: 'scope' },
    ttlMs: { use: 'ttl' },
  }),
  params: members({
    taskId: { use: 'task' },
    requestId: { use: 'request' },
    notifications: members({ taskIds: { element: { use: 'task' } } }),
    _meta: meta,
  }),
})

const none: readonly IdPlace[] = []

/** Told of every member and value of one message, as a scan visitor is. */
export class IdPlaces {
  /** What may stand inside each open container, as far as it is of interest. */
  readonly #path: Place[] = [places]
  /** Depth of the innermost value of interest; what is deeper inside another value is of none. */
  #matched = 0
  #found: IdPlace[] | null = null
  /** Where the id begins that is being read. */
  openAt: number | null = null

  key(depth: number, name: string | null): void {
    if (depth - 1 > this.#matched) return
    const place = name === null ? undefined : this.#path[depth - 1]?.members?.get(name)
    this.#matched = place === undefined ? depth - 1 : depth
    if (place !== undefined) this.#path[depth] = place
  }

  /** True: the value is an id, whose text is wanted. */
  start(depth: number, type: ValueType, offset: number): boolean {
    if (depth !== this.#matched) return false
    const { use, element } = this.#path[depth] ?? {}
    if (type === 'array' && element !== undefined) {
      this.#matched = depth + 1
      this.#path[depth + 1] = element
    }
    const isNumber = type === 'number' && (use === 'request' || use === 'ttl')
    if (use === undefined || (type !== 'string' && !isNumber)) return false
    this.openAt = offset
    return true
  }

  end(depth: number, type: ValueType, offset: number, text: string | null): void {
    if (depth > this.#matched) return
    const use = this.#path[depth]?.use
    if (this.openAt !== null && use !== undefined && depth === this.#matched) {
      const id = text !== null && (type === 'string' || type === 'number') ? { type, text } : null
      this.#found ??= []
      this.#found.push({ use, start: this.openAt, end: offset, id })
      this.openAt = null
    }
    this.#matched = depth
  }

  /** Found since the last call of `take`. */
  get found(): number {
    return this.#found?.length ?? 0
  }

  /** What was found since the last call, in the order of the bytes. */
  take(): readonly IdPlace[] {
    const found = this.#found ?? none
    this.#found = null
    return found
  }
}

function members(named: Readonly<Record<string, Place>>): Place {
  return { members: new Map(Object.entries(named)) }
}
