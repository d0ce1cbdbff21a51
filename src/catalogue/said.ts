/**
 * From the bytes of a page's items to what they say. Work is done in slices, so that a long list
 * does not hold up everybody else; a page that many clients are sent is worked out once.
 */
import { createHash } from 'node:crypto'
import type { ListKind } from '../domain.js'
import { systemClock } from '../lib/clock.js'
import { createRecent } from '../lib/recent.js'
import { readDefinition } from './definition.js'
import type { Said } from './list.js'

/** One item of a list answer: its bytes as the server sent them. */
export interface Item {
  readonly name: string
  readonly bytes: Uint8Array
}

export type ReadItems = (kind: ListKind, items: readonly Item[]) => Promise<readonly Said[]>

const sliceMs = 5
const overhead = 200
const maxRemembered = 32
/** Larger pages are worked out each time. */
const maxRememberedBytes = 1024 * 1024

export function createItemReader(): ReadItems {
  const recent = createRecent<readonly Said[]>(maxRemembered)

  return async function readItems(kind, items) {
    const bytes = items.reduce((sum, item) => sum + item.bytes.length, 0)
    if (bytes > maxRememberedBytes) return readSlowly(items)
    // Objects one after the other fall apart in one way only, and the kind says which is the name.
    const hash = createHash('sha256').update(`${kind}\n`)
    for (const item of items) hash.update(item.bytes)
    const key = hash.digest('base64')
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
  for (const { name, bytes } of items) {
    if (systemClock.monotonicMs() >= pauseMs) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
      pauseMs = systemClock.monotonicMs() + sliceMs
    }
    const definition = readDefinition(bytes)
    const annotations = definition === null ? '' : JSON.stringify(definition.annotations)
    said.push({ name, definition, size: overhead + 2 * name.length + annotations.length })
  }
  return said
}
