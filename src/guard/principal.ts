/**
 * Who somebody is by the configuration, without a credential in hand: for a command that says what a
 * caller may do. Makes the very identity that the gateway would make of the key; lets nobody in.
 */
import type { ApiKeyConfig, IdentityConfig } from '../config/config.js'
import type { Identity, Subject, UnidentifiedReason } from '../domain.js'
import { createKeyRing } from '../identity/api-key.js'
import { anonymousIdentity, identityOf } from '../identity/subject.js'

export interface KeyStanding {
  /** As the audit has it: `sha256:` and the first digits. */
  readonly credential: string
  /** null: it lets its owner in. */
  readonly refused: UnidentifiedReason | null
  readonly expiresAtMs: number | null
}

export type Standing =
  /** No key has this id. */
  | { readonly found: 'nobody' }
  | {
      readonly found: 'keys'
      /** null: none of the keys lets anybody in. */
      readonly identity: Identity | null
      readonly keys: readonly KeyStanding[]
    }

/** `keys`: those of the configuration and of its file. Keys of one id have the same rights. */
export function standingOf(keys: readonly ApiKeyConfig[], id: string, nowMs: number): Standing {
  const own = keys.filter((key) => key.id === id)
  if (own.length === 0) return { found: 'nobody' }
  const standings = own.map((key): KeyStanding => {
    const identified = createKeyRing([key]).verifyId(id, nowMs)
    const refused = identified?.ok === false ? identified.reason : null
    const credential = `sha256:${key.sha256.slice(0, 12)}`
    return { credential, refused, expiresAtMs: key.expiresAtMs }
  })
  const identified = createKeyRing(own).verifyId(id, nowMs)
  return { found: 'keys', identity: identified?.ok ? identified.identity : null, keys: standings }
}

/** null: nobody is let in without a credential. */
export function nobodyOf({ anonymous }: Pick<IdentityConfig, 'anonymous'>): Identity | null {
  return anonymous ? anonymousIdentity() : null
}

/** Of whoever another credential than a key may speak for. */
export function describedIdentity(subject: Subject): Identity {
  return identityOf(subject, null, 'described')
}
