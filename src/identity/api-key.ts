/**
 * API keys: finds the key a caller presents and says whose it is. Entries hold the SHA-256 of the
 * whole key text, so neither this process' memory nor the configuration holds a usable key; keys are
 * long random texts, which is why a fast digest is enough here and a password hash is not needed.
 *
 * Where a key stands in a request is known to credentials.ts, what happens without one to identify.ts.
 */
import type { Identification, Identity, UnidentifiedReason } from '../domain.js'
import { GuardError } from '../errors.js'
import { sha256Hex } from '../lib/secrets.js'
import { identityOf } from './subject.js'

/** One key of the configuration. Several entries may share an id, so that keys can be rotated. */
export interface ApiKeyEntry {
  readonly id: string
  /** 64 hex digits over the whole key text, prefix included. */
  readonly sha256: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly scopes: readonly string[]
  readonly tenant: string | null
  readonly kind: 'user' | 'service'
  readonly expiresAtMs: number | null
  readonly notBeforeMs: number | null
  readonly disabled: boolean
}

interface KnownKey {
  readonly entry: ApiKeyEntry
  readonly identity: Identity
}

export type ApiKeyVerifier = (keyText: string, nowMs: number) => Identification

const issuer = 'mcp-guard'
/** Checks the entries (GuardError GUARD_CONFIG_INVALID) and returns what verifies a key text. */
export function createApiKeyVerifier(entries: readonly ApiKeyEntry[]): ApiKeyVerifier {
  const known = new Map<string, KnownKey>()
  for (const entry of entries) {
    const key = knownKey(entry)
    const digest = entry.sha256.toLowerCase()
    if (known.has(digest)) throw invalid(entry, 'has the same sha256 as another key')
    known.set(digest, key)
  }
  return function verifyApiKey(keyText, nowMs) {
    // What the time of a look-up tells is about digests, of which nobody can choose a part.
    const candidate = known.get(sha256Hex(keyText))
    if (candidate === undefined) return { ok: false, reason: 'credential-unknown' }
    const reason = unusableBecause(candidate.entry, nowMs)
    return reason === null ? { ok: true, identity: candidate.identity } : { ok: false, reason }
  }
}

/**
 * For whoever is let in by the name of an entry: the first of that name that can be used now, since
 * keys are rotated. Null: there is no such entry.
 */
export function createEntryVerifier(
  entries: readonly ApiKeyEntry[],
  id: string,
): ((nowMs: number) => Identification) | null {
  const known = entries.filter((entry) => entry.id === id).map(knownKey)
  if (known.length === 0) return null
  return function verifyEntry(nowMs) {
    let reason: UnidentifiedReason = 'credential-unknown'
    for (const { entry, identity } of known) {
      const unusable = unusableBecause(entry, nowMs)
      if (unusable === null) return { ok: true, identity }
      reason = unusable
    }
    return { ok: false, reason }
  }
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
      claims: {},
    },
    entry.expiresAtMs,
    // The start of the configured digest: an operator finds the entry by it, nobody gets in by it.
    `sha256:${entry.sha256.slice(0, 12).toLowerCase()}`,
  )
  return { entry, identity }
}

function invalid(entry: ApiKeyEntry, problem: string): GuardError {
  return new GuardError('GUARD_CONFIG_INVALID', `api key \`${entry.id}\` ${problem}`)
}
