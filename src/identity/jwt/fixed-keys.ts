/** Keys that are what they are for the life of the process: a secret of the configuration. */
import type { KeySource } from './key-source.js'
import type { KeySet } from './keys.js'

export function createFixedKeys({ keys }: KeySet): KeySource {
  const thumbprints = new Set(keys.map((key) => key.thumbprint))
  return {
    keysFor(kid) {
      if (kid === null) return keys
      return keys.filter((key) => key.kid === kid || key.key.type === 'secret')
    },
    holds: (thumbprint) => thumbprints.has(thumbprint),
  }
}
