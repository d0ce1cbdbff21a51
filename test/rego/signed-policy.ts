/** A small policy that its owner signed, what becomes of it in the compiler, and changes of it. */
import type { BundleVerification } from '../../src/rego/verify.js'
import { call, compileRequest, type RawReply } from './reactor-fixture.js'
import { type Files, keyPair, packed, type Saying, signatures, tokenOf } from './signed.js'

export const files = {
  'main.rego': 'package mcpguard.main\n\ndecision := {"allow": true}\n',
  'data.json': '{"grants": {"alice": ["read"]}, "n": 1.0}',
  '.manifest': '{"revision": "7", "metadata": {"mcpguard": {"serial": 7}}}',
  'lib/lib.rego': 'package lib\n\nx := 1\n',
}
export const owner = keyPair()
export const other = keyPair()
export const verify: BundleVerification = {
  key: owner.publicKey,
  algorithm: 'ES256',
  keyId: null,
  scope: '',
}

export function reply(bundle: Uint8Array, change: Partial<BundleVerification> = {}): RawReply {
  const source = { bundle: Buffer.from(bundle).toString('base64') }
  return call('compile', { ...compileRequest(source), verify: { ...verify, ...change } })
}

export const token = (saying: Saying = {}, of: Files = files) =>
  tokenOf(of, owner.privateKey, saying)
export const sealed = (saying: Saying = {}, of: Files = files) =>
  packed(of, signatures(token(saying, of)))
/** These files with a signature over the right ones. */
export const swapped = (now: Files) => packed(now, signatures(token()))
