/** Where the keys of each issuer of tokens come from, by the configuration. */
import type { TokenIssuerConfig } from '../config/config.js'
import type { Observer } from '../domain.js'
import { GuardError } from '../errors.js'
import type { Fetcher } from '../fetcher/fetcher.js'
import type { CachedKeys } from '../identity/jwks/cached-keys.js'
import { createFileKeys } from '../identity/jwks/file-keys.js'
import { createRemoteKeys } from '../identity/jwks/remote-keys.js'
import { createFixedKeys } from '../identity/jwt/fixed-keys.js'
import type { KeySource } from '../identity/jwt/key-source.js'
import { vetSecret } from '../identity/jwt/vet-keys.js'
import { parseJson } from './parse-json.js'
import type { KeysOf } from './tokens.js'

export interface KeySources {
  /** Rejects with GuardError GUARD_CONFIG_INVALID for keys that can never verify anything. */
  readonly keysOf: KeysOf
  /** Asks for the keys of all issuers that are reached over the network; waits for none. */
  start(): void
}

export function createKeySources(
  fetcher: Fetcher,
  observer: Pick<Observer, 'keys' | 'log'>,
): KeySources {
  const remote: CachedKeys[] = []

  async function keysOf(config: TokenIssuerConfig): Promise<KeySource> {
    const { issuer, keys } = config
    switch (keys.from) {
      case 'secret':
        return secretKeys(keys.secret, issuer)
      case 'file':
        return await createFileKeys({ issuer, path: keys.path }, { parseJson, observer })
      case 'url':
      case 'discovery': {
        const { privateAddresses, jwksMaxAgeMs: maxAgeMs, jwksMaxStaleMs: maxStaleMs } = config
        const url = keys.from === 'url' ? keys.url : null
        const options = { issuer, url, privateAddresses, maxAgeMs, maxStaleMs }
        const source = createRemoteKeys(options, { fetcher, observer })
        remote.push(source)
        return source
      }
      default:
        return keys satisfies never
    }
  }

  return {
    keysOf,
    start() {
      for (const source of remote) void source.refresh()
    },
  }
}

function secretKeys(secret: string, issuer: string): KeySource {
  const vetted = vetSecret(secret)
  if (vetted.ok) return createFixedKeys(vetted.set)
  throw new GuardError('GUARD_CONFIG_INVALID', `the secret of ${issuer} ${vetted.problem}`)
}
