/**
 * From the bytes of a page's items to what they say. Work is done in slices, so that a long list
 * does not hold up everybody else; a page that many clients are sent is worked out once.
 */
import { hash } from 'node:crypto'
import type { ListKind } from '../domain.js'
import { systemClock } from '../lib/clock.js'
import { createRecent } from '../lib/recent.js'
import { readMeasured } from './definition.js'
import type { Said } from './page.js'

/** One item of a list answer: its bytes as the server sent them. */
export interface Item {
  readonly name: string
  readonly bytes: Uint8Array
}

/** A list, or a page of one. */
export interface Items {
  /** Without those that have no unambiguous name. */
  readonly items: readonly Item[]
  /** The list as the server sent it: the same bytes hold the same items. */
  readonly bytes: Uint8Array
}

export type ReadItems = (kind: ListKind, list: Items) => Promise<readonly Said[]>

const sliceMs = 5
const overhead = 200
const maxRemembered = 32
/** Larger pages are worked out each time. */
const maxRememberedBytes = 1024 * 1024

export function createItemReader(): ReadItems {
  const recent = createRecent<readonly Said[]>(maxRemembered)

  return async function readItems(kind, { items, bytes }) {
    if (bytes.length > maxRememberedBytes) return readSlowly(items)
    // Which member is the name depends on the kind.
    const key = kind + hash('sha256', bytes, 'base64')
    const known = recent.get(key)
    if (known !== undefined) return known
    const said = await readSlowly(items)
    recent.set(key, said)
    return said
  }
}

async function readSlowly(items: readonly Item[]): Promise<readonly Said[]> {
  const said: Said[] = []
  let pauseMs = systemClock.monotonicMs() + sliceMs
  for (const [index, { name, bytes }] of items.entries()) {
    if (index % 8 === 0 && systemClock.monotonicMs() >= pauseMs) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
      pauseMs = systemClock.monotonicMs() + sliceMs
    }
    const read = readMeasured(bytes)
    const size = overhead + 2 * name.length + (read?.size ?? 0)
    said.push({ name, definition: read?.definition ?? null, size })
  }
  return said
}
