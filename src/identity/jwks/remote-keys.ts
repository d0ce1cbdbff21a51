/**
 * Keys of an issuer that a service hands out, at a known address or by discovery. While it is down
 * from the start, the tokens of this issuer cannot be judged, and nobody else's are touched by it.
 */
import type { Observer } from '../../domain.js'
import { GuardError } from '../../errors.js'
import type { Fetcher, FetchRules } from '../../fetcher/fetcher.js'
import { type Clock, systemClock } from '../../lib/clock.js'
import type { KeySet } from '../jwt/keys.js'
import { vetKeySet } from '../jwt/vet-keys.js'
import { type CachedKeys, createCachedKeys } from './cached-keys.js'
import { discoverKeys } from './discovery.js'
import { tellKeys } from './tell-keys.js'

export interface RemoteKeysOptions {
  readonly issuer: string
  /** Address of the JWK set; null: the issuer's metadata names it. */
  readonly url: string | null
  readonly privateAddresses: boolean
  readonly maxAgeMs: number
  /** Less than `maxAgeMs` counts as that. */
  readonly maxStaleMs: number
}

export interface KeysMeans {
  readonly fetcher: Pick<Fetcher, 'getJson'>
  readonly observer: Pick<Observer, 'keys' | 'log'>
  readonly clock?: Clock
}

/** `refresh` need not be called; it saves the first caller the wait. */
export function createRemoteKeys(
  { issuer, url, privateAddresses, maxAgeMs, maxStaleMs }: RemoteKeysOptions,
  { fetcher, observer, clock = systemClock }: KeysMeans,
): CachedKeys {
  const rules: FetchRules = { privateAddresses }

  async function load(): Promise<KeySet> {
    const address = url ?? (await discoverKeys(issuer, fetcher, rules))
    const vetted = vetKeySet(await fetcher.getJson(address, rules))
    if (vetted.ok) return vetted.set
    throw new GuardError(
      'GUARD_IDENTITY_UNAVAILABLE',
      `the key set of ${new URL(address).origin} ${vetted.problem}; see what is at its address`,
    )
  }

  const loaded = tellKeys(issuer, observer)
  return createCachedKeys({
    load,
    maxAgeMs,
    maxStaleMs: Math.max(maxAgeMs, maxStaleMs),
    clock,
    loaded,
  })
}
