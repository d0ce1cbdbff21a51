/** WHO of `can`: a key of the configuration, nobody in particular, or facts that describe somebody. */
import type { IdentityConfig } from '../config/config.js'
import { loadKeyFile } from '../config/key-file.js'
import type { Identity, UnidentifiedReason } from '../domain.js'
import { describedIdentity, type KeyStanding, nobodyOf, standingOf } from '../guard/principal.js'
import { describesSubject, readSubject, type SubjectOptions, subjectOf } from './subject.js'
import { UsageError } from './terminal.js'

export interface WhoOptions extends SubjectOptions {
  readonly subject?: string | undefined
}

export interface Who {
  readonly id: string
  /** null: this caller is not let in. */
  readonly identity: Identity | null
  /** What to know of the keys; empty where it was no key. */
  readonly notes: readonly string[]
}

const refusals: Partial<Record<UnidentifiedReason, string>> = {
  'credential-disabled': 'is disabled',
  'credential-expired': 'has expired',
  'credential-not-yet-valid': 'is not valid yet',
}
const maxListed = 20

/**
 * Throws UsageError. `identity` null: there is no configuration. `fileOption` is what the command
 * calls a file that describes somebody.
 */
export function findWho(
  id: string | undefined,
  options: WhoOptions,
  identity: IdentityConfig | null,
  nowMs: number,
  fileOption = '--subject',
): Who {
  if (options.subject !== undefined) {
    if (describesSubject(options)) {
      throw new UsageError('--subject says everything of a caller: leave --role and the like out')
    }
    const subject = readSubject(options.subject)
    return { id: subject.id, identity: describedIdentity(subject), notes: [] }
  }
  if (id === undefined || id === '') {
    throw new UsageError('say who: the id of a key, or somebody described by --role, --scope, ...')
  }
  if (describesSubject(options)) {
    return { id, identity: describedIdentity(subjectOf(id, options)), notes: [] }
  }
  if (identity === null) {
    throw new UsageError(
      'without --config nobody is known: describe the caller with --role, --scope, ...',
    )
  }
  return keyOwner(id, identity, nowMs, fileOption)
}

function keyOwner(id: string, config: IdentityConfig, nowMs: number, fileOption: string): Who {
  const keys = keysOf(config)
  const standing = standingOf(keys, id, nowMs)
  if (standing.found === 'keys') {
    return { id, identity: standing.identity, notes: keyNotes(id, standing.keys) }
  }
  if (id === 'anonymous') {
    const notes = config.anonymous ? [] : ['nobody is let in without a credential']
    return { id, identity: nobodyOf(config), notes }
  }
  const ids = [...new Set(keys.map((key) => key.id))]
  const more = ids.length > maxListed ? ` and ${ids.length - maxListed} more` : ''
  const known =
    ids.length === 0 ? 'there is none' : `there are ${ids.slice(0, maxListed).join(', ')}${more}`
  throw new UsageError(
    `no API key has the id ${id}: ${known}\na caller with a token or certificate is described: ${fileOption} FILE, or --role, --scope, --tenant, --issuer`,
  )
}

function keysOf({ apiKeys, apiKeyFile }: IdentityConfig): IdentityConfig['apiKeys'] {
  const loaded = apiKeyFile === null ? null : loadKeyFile(apiKeyFile, apiKeys)
  // A file that has become wrong since the configuration was read is told of by whoever loads it.
  return loaded?.ok ? [...apiKeys, ...loaded.keys] : apiKeys
}

function keyNotes(id: string, keys: readonly KeyStanding[]): string[] {
  const several =
    keys.length > 1 ? [`${id} has ${keys.length} keys, which give the same rights`] : []
  const refused = keys.flatMap(({ credential, refused: why }) =>
    why === null ? [] : [`the key ${credential}… of ${id} ${refusals[why] ?? why}`],
  )
  return [...several, ...refused]
}
