/**
 * How long a wrong key takes tells nothing of the keys there are: one that is right but for its last
 * character takes as long as one made up, however many keys there are. Whether the comparison would
 * notice is seen with look-ups that do tell.
 */
import { randomBytes } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ApiKeyEntry, createKeyRing } from '../../src/identity/api-key.js'
import { createFailures } from '../../src/identity/failures.js'
import { createIdentify } from '../../src/identity/identify.js'
import { equalDigests, randomKeyText, sha256, sha256Hex } from '../../src/lib/secrets.js'
import { compareTimes, describe, differ } from '../support/paired-times.js'
import { presented } from '../support/presented.js'

function entryOf(keyText: string, index: number): ApiKeyEntry {
  return {
    id: `caller-${index}`,
    sha256: sha256Hex(keyText),
    roles: [],
    groups: [],
    scopes: [],
    tenant: null,
    claims: {},
    kind: 'user',
    expiresAtMs: null,
    notBeforeMs: null,
    disabled: false,
  }
}

const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** All but the last character are those of a key that there is. */
function almost(keyTexts: readonly string[]): () => string {
  return () => {
    const text = keyTexts[randomBytes(1).readUInt8() % keyTexts.length] ?? ''
    const others = characters.replace(text.slice(-1), '')
    return text.slice(0, -1) + (others[randomBytes(1).readUInt8() % others.length] ?? '')
  }
}

const keyTexts = Array.from({ length: 10_000 }, randomKeyText)
const now = Date.now()

for (const count of [1, 10, 10_000]) {
  const some = keyTexts.slice(0, count)
  const ring = createKeyRing(some.map(entryOf))
  const verify = (text: string) => ring.verify(text, now)

  test(`${count} keys: an almost right key takes as long as an unknown one`, () => {
    assert.is(verify(almost(some)()).ok, false)
    const compared = compareTimes(verify, almost(some), randomKeyText)
    assert.not.ok(differ(compared), describe(compared))
  })
}

for (const header of ['authorization', 'x-api-key']) {
  test(`in ${header}: the whole way takes as long for either`, () => {
    const some = keyTexts.slice(0, 10)
    const identify = createIdentify({
      keys: createKeyRing(some.map(entryOf)),
      failures: createFailures({ max: 1_000_000_000, perMs: 60_000 }),
      anonymous: false,
    })
    const prefix = header === 'authorization' ? 'Bearer ' : ''
    const run = (text: string) => identify(presented([header, prefix + text]), now)
    const compared = compareTimes(run, almost(some), randomKeyText)
    assert.not.ok(differ(compared), describe(compared))
  })
}

// ── What must be noticed ────────────────────────────────────────────────────────────────────────

/** Ends at the first character that differs. */
function equalEarly(left: string, right: string): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) {
    if (left.charCodeAt(index) !== right.charCodeAt(index)) return false
  }
  return true
}

const planted: Readonly<Record<string, (keys: readonly string[]) => (text: string) => boolean>> = {
  'keys compared character by character': (keys) => (text) =>
    keys.some((key) => equalEarly(key, text)),
  'the same after the digest, which takes most of the time': (keys) => (text) =>
    sha256(text).length === 32 && keys.some((key) => equalEarly(key, text)),
  'no digest for what begins like no key': (keys) => {
    const begins = new Set(keys.map((key) => key.slice(0, 12)))
    const digests = keys.map((key) => sha256(key))
    return (text) =>
      begins.has(text.slice(0, 12)) && digests.some((digest) => equalDigests(digest, sha256(text)))
  },
}

for (const [what, plant] of Object.entries(planted)) {
  test(`noticed: ${what}`, () => {
    const some = keyTexts.slice(0, 10)
    const compared = compareTimes(plant(some), almost(some), randomKeyText)
    assert.ok(differ(compared), describe(compared))
  })
}

test.run()
