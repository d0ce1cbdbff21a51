/**
 * Keys of an issuer from a file, which is read again while it is in use: what was saved counts within
 * five seconds. A file without usable keys at the start is a fault of the configuration; later the
 * last good ones stay in use.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Observer } from '../../domain.js'
import { describeThrown, GuardError } from '../../errors.js'
import { type Clock, systemClock } from '../../lib/clock.js'
import type { KeySource } from '../jwt/key-source.js'
import type { KeySet } from '../jwt/keys.js'
import type { ParseJson } from '../jwt/token.js'
import { vetKeySet } from '../jwt/vet-keys.js'
import { createCachedKeys, type LoadResult } from './cached-keys.js'
import { tellKeys } from './tell-keys.js'

const maxAgeMs = 5000
const maxBytes = 1024 * 1024
const jsonLimits = { maxDepth: 16, maxMembers: 10_000 }

/** Rejects with GuardError GUARD_CONFIG_INVALID. */
export async function createFileKeys(
  { issuer, path }: { readonly issuer: string; readonly path: string },
  {
    parseJson,
    observer,
    clock = systemClock,
  }: {
    readonly parseJson: ParseJson
    readonly observer: Pick<Observer, 'keys' | 'log'>
    readonly clock?: Clock
  },
): Promise<KeySource> {
  let known: { readonly bytes: Uint8Array; readonly set: KeySet } | null = null

  async function load(): Promise<KeySet> {
    const bytes = await readBytes(path)
    if (known !== null && Buffer.compare(known.bytes, bytes) === 0) return known.set
    const document = parseJson(bytes, jsonLimits)
    const vetted = document === undefined ? notJson : vetKeySet(document)
    if (!vetted.ok) throw invalid(path, vetted.problem)
    known = { bytes, set: vetted.set }
    return vetted.set
  }

  const tell = tellKeys(issuer, observer)
  let first: LoadResult | null = null
  const keys = createCachedKeys({
    load,
    maxAgeMs,
    maxStaleMs: Number.POSITIVE_INFINITY,
    clock,
    loaded(result) {
      first ??= result
      tell(result)
    },
  })
  await keys.refresh()
  const started = first as LoadResult | null
  if (started?.ok === false) throw started.error
  return keys
}

const notJson = { ok: false, problem: 'is not JSON that can be read in one way only' } as const

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    // Without O_NONBLOCK (absent on Windows) a named pipe would be waited for.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const stats = await file.stat()
      if (!stats.isFile()) throw new Error('it is not a regular file')
      if (stats.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (thrown) {
    throw invalid(path, `cannot be read: ${describeThrown(thrown)}`)
  }
}

function invalid(path: string, problem: string): GuardError {
  return new GuardError('GUARD_CONFIG_INVALID', `the key set ${path} ${problem}`)
}
