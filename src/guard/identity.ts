/**
 * The identity room put together from the configuration: every way to be identified, and what keeps
 * it current while the gateway runs.
 */
import type { IdentityConfig } from '../config/config.js'
import { loadKeyFile } from '../config/key-file.js'
import { formatConfigProblem } from '../config/problem.js'
import type { Identify, Observer } from '../domain.js'
import { GuardError } from '../errors.js'
import { type ApiKeyEntry, createKeyRing, type KeyRing } from '../identity/api-key.js'
import { createFailures } from '../identity/failures.js'
import { createIdentify, type IdentifyOptions } from '../identity/identify.js'
import type { TokenVerifier } from '../identity/verifiers.js'
import { watchPath } from '../lib/watch.js'

export interface Ways extends Pick<IdentifyOptions, 'tokens' | 'certificates'> {
  /** Null: no authorization server is asked about tokens. `keys`: what is one of them is not. */
  readonly introspection?: (keys: KeyRing) => TokenVerifier | null
}

export interface GuardIdentity {
  readonly identify: Identify
  readonly keys: KeyRing
  /** Begins to notice what is saved; `replaced` is called whenever other keys count. */
  start(replaced: () => void): void
  /** Reads the file of keys again now. */
  reload(): void
  stop(): void
}

/** Throws GuardError GUARD_CONFIG_INVALID. */
export async function openIdentity(
  config: IdentityConfig,
  observer: Observer,
  { tokens = [], certificates = null, introspection = () => null }: Ways = {},
): Promise<GuardIdentity> {
  const { apiKeyFile: file } = config
  // Watched from before the first reading, so that nothing saved meanwhile is missed.
  const watch = file === null ? null : await watchPath(file, async () => replaceKeys(file))
  let onReplaced: () => void = () => undefined
  const keys = createKeyRing(entriesNow())

  /** Those of the configuration and of the file as it is now. */
  function entriesNow(): readonly ApiKeyEntry[] {
    if (file === null) return config.apiKeys
    const loaded = loadKeyFile(file, config.apiKeys)
    if (loaded.ok) return [...config.apiKeys, ...loaded.keys]
    const text = loaded.problems.map(formatConfigProblem).join('\n')
    throw new GuardError('GUARD_CONFIG_INVALID', text)
  }

  function replaceKeys(path: string): void {
    try {
      const entries = entriesNow()
      keys.replace(entries)
      observer.log?.('info', 'the API keys were read again', { path, keys: entries.length })
      onReplaced()
    } catch (thrown) {
      const problem = thrown instanceof GuardError ? thrown.message : 'it cannot be read'
      observer.log?.('error', `the API keys before stay: ${problem}`, { path })
    }
  }

  const introspecting = introspection(keys)
  return {
    identify: createIdentify({
      keys,
      // What looks like a JWT is one, unless its issuer has no keys and is asked.
      tokens: introspecting === null ? tokens : [introspecting, ...tokens],
      certificates,
      failures: createFailures(config.failures),
      anonymous: config.anonymous,
    }),
    keys,
    start(replaced) {
      onReplaced = replaced
      watch?.start()
    },
    reload() {
      if (file !== null) replaceKeys(file)
    },
    stop: () => watch?.stop(),
  }
}
