/** Where the keys of an issuer of tokens come from, by its configuration. */
import { readFile } from 'node:fs/promises'
import type { TokenIssuerConfig } from '../config/config.js'
import { describeThrown, GuardError } from '../errors.js'
import { createFixedKeys } from '../identity/jwt/fixed-keys.js'
import type { KeySource } from '../identity/jwt/key-source.js'
import type { VettedKeys } from '../identity/jwt/keys.js'
import { vetKeySet, vetSecret } from '../identity/jwt/vet-keys.js'
import { parseJson } from './parse-json.js'

const documentLimits = { maxDepth: 8, maxMembers: 10_000 }

/** Rejects with GuardError GUARD_CONFIG_INVALID for keys that can never verify anything. */
export async function keySourceOf({ issuer, keys }: TokenIssuerConfig): Promise<KeySource> {
  switch (keys.from) {
    case 'secret':
      return fixed(vetSecret(keys.secret), `the secret of ${issuer}`)
    case 'file':
      return fixed(vetKeySet(await readDocument(keys.path)), keys.path)
    default:
      throw new GuardError('GUARD_CONFIG_INVALID', `the keys of ${issuer} cannot be fetched`)
  }
}

async function readDocument(path: string): Promise<unknown> {
  try {
    return parseJson(await readFile(path), documentLimits)
  } catch (thrown) {
    throw new GuardError('GUARD_CONFIG_INVALID', `keys: ${describeThrown(thrown)}`)
  }
}

function fixed(vetted: VettedKeys, name: string): KeySource {
  if (vetted.ok) return createFixedKeys(vetted.set)
  throw new GuardError('GUARD_CONFIG_INVALID', `${name} ${vetted.problem}`)
}
