/**
 * API keys: finds the key a caller presents and says whose it is. Entries hold the SHA-256 of the
 * whole key text, so neither this process' memory nor the configuration holds a usable key; keys are
 * long random texts, which is why a fast digest is enough here and a password hash is not needed.
 *
 * Where a key stands in a request is known to credentials.ts, what happens without one to identify.ts.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Identification, Identity, JsonObject, UnidentifiedReason } from '../domain.js'
import { GuardError } from '../errors.js'
import { equalDigests, sha256 } from '../lib/secrets.js'
import { identityOf } from './subject.js'

/** One key. Several may share an id: the old and the new one, while a key is being replaced. */
export interface ApiKeyEntry {
  readonly id: string
  /** 64 hex digits over the whole key text, prefix included. */
  readonly sha256: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly scopes: readonly string[]
  readonly tenant: string | null
  /** Further facts of the principal: `subject.claims`. */
  readonly claims: JsonObject
  readonly kind: 'user' | 'service'
  readonly expiresAtMs: number | null
  readonly notBeforeMs: number | null
  readonly disabled: boolean
}

interface KnownKey {
  readonly entry: ApiKeyEntry
  readonly digest: Buffer
  readonly identity: Identity
}

/** The keys that let somebody in now. */
export interface KeyRing {
  verify(keyText: string, nowMs: number): Identification
  /**
   * For whoever is let in by the name of an entry: the first of that name that can be used now,
   * since keys are rotated. Null: there is no such entry.
   */
  verifyId(id: string, nowMs: number): Identification | null
  /**
   * Why somebody whom a key let in would not be let in by it now, or not as the same: what is open
   * has to end. Null: it would, or it was no key of this ring.
   */
  withdrawn(identity: Identity, nowMs: number): UnidentifiedReason | null
  /** All of it or, where an entry cannot work, nothing: GuardError GUARD_CONFIG_INVALID. */
  replace(entries: readonly ApiKeyEntry[]): void
}

const issuer = 'mcp-guard'

/** Throws GuardError GUARD_CONFIG_INVALID for an entry that cannot work. */
export function createKeyRing(entries: readonly ApiKeyEntry[]): KeyRing {
  const given = new WeakMap<Identity, string>()
  let known = ringOf(entries, given)
  return {
    verify(keyText, nowMs) {
      // The look-up is by digest, of which nobody can choose a part; the comparison says it again in
      // a time that tells nothing.
      const digest = sha256(keyText)
      const candidate = known.get(digest.toString('hex'))
      if (candidate === undefined || !equalDigests(candidate.digest, digest)) {
        return { ok: false, reason: 'credential-unknown' }
      }
      return usable(candidate, nowMs)
    },
    verifyId(id, nowMs) {
      let refused: Identification | null = null
      for (const key of known.values()) {
        if (key.entry.id !== id) continue
        const identified = usable(key, nowMs)
        if (identified.ok) return identified
        refused = identified
      }
      return refused
    },
    withdrawn(identity, nowMs) {
      const digest = given.get(identity)
      if (digest === undefined) return null
      const key = known.get(digest)
      if (key === undefined) return 'credential-unknown'
      const reason = unusableBecause(key.entry, nowMs)
      if (reason !== null) return reason
      return isDeepStrictEqual(key.identity, identity) ? null : 'credential-changed'
    },
    replace(next) {
      known = ringOf(next, given)
    },
  }
}

/** `given`: whose key each identity was made of, as long as somebody has it. */
function ringOf(
  entries: readonly ApiKeyEntry[],
  given: WeakMap<Identity, string>,
): ReadonlyMap<string, KnownKey> {
  const known = new Map<string, KnownKey>()
  for (const entry of entries) {
    const key = knownKey(entry)
    const digest = entry.sha256.toLowerCase()
    if (known.has(digest)) throw invalid(entry, 'has the same sha256 as another key')
    known.set(digest, key)
    given.set(key.identity, digest)
  }
  return known
}

function usable({ entry, identity }: KnownKey, nowMs: number): Identification {
  const reason = unusableBecause(entry, nowMs)
  return reason === null ? { ok: true, identity } : { ok: false, reason }
}

// Written so that a NaN clock makes a dated key unusable.
function unusableBecause(entry: ApiKeyEntry, nowMs: number): UnidentifiedReason | null {
  if (entry.disabled) return 'credential-disabled'
  if (entry.notBeforeMs !== null && !(nowMs >= entry.notBeforeMs)) return 'credential-not-yet-valid'
  if (entry.expiresAtMs !== null && !(nowMs < entry.expiresAtMs)) return 'credential-expired'
  return null
}

function knownKey(entry: ApiKeyEntry): KnownKey {
  if (entry.id === '') throw invalid(entry, 'has an empty id')
  if (!/^[0-9a-f]{64}$/i.test(entry.sha256)) throw invalid(entry, 'has no sha256 of 64 hex digits')
  for (const time of [entry.expiresAtMs, entry.notBeforeMs]) {
    if (time !== null && Number.isNaN(new Date(time).getTime())) {
      throw invalid(entry, 'has a date that is none')
    }
  }
  const identity = identityOf(
    {
      id: entry.id,
      kind: entry.kind,
      issuer,
      method: 'api-key',
      client_id: null,
      actors: [],
      roles: [...entry.roles],
      groups: [...entry.groups],
      scopes: [...entry.scopes],
      tenant: entry.tenant,
      expires_at: entry.expiresAtMs === null ? null : new Date(entry.expiresAtMs).toISOString(),
      claims: structuredClone(entry.claims),
    },
    entry.expiresAtMs,
    // The start of the configured digest: an operator finds the entry by it, nobody gets in by it.
    `sha256:${entry.sha256.slice(0, 12).toLowerCase()}`,
  )
  return { entry, digest: Buffer.from(entry.sha256, 'hex'), identity }
}

function invalid(entry: ApiKeyEntry, problem: string): GuardError {
  return new GuardError('GUARD_CONFIG_INVALID', `api key \`${entry.id}\` ${problem}`)
}
