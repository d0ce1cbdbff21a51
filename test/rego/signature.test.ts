/** A signed bundle verifies with its key and with nothing else changed. */
import { generateKeyPairSync } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { call, compileSource, must, type RawReply } from './reactor-fixture.js'
import { bundleOf, tarGz } from './tar.js'

const files = {
  'main.rego': 'package mcpguard.main\n\ndecision := {"allow": true}\n',
  'data.json': '{"a": 1}',
  '.manifest': '{"revision": "7"}',
}

function pair(kind: 'ec' | 'rsa'): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

const keys = pair('ec')

function sign(packed: Buffer, key = keys.privateKey, algorithm = 'ES256'): Buffer {
  const request = { bundle: packed.toString('base64'), key, keyId: 'k1', algorithm }
  return Buffer.from(String(must(call('sign', request))['bundle']), 'base64')
}

function verify(packed: Buffer, change: Record<string, string> = {}): RawReply {
  const request = { key: keys.publicKey, algorithm: 'ES256', scope: '', ...change }
  return call('verify', { bundle: packed.toString('base64'), ...request })
}

const signed = sign(bundleOf(files))

test('what was signed verifies, and is the same policy', () => {
  assert.ok(verify(signed).ok)
  const before = must(compileSource({ bundle: bundleOf(files).toString('base64') }))
  const after = must(compileSource({ bundle: signed.toString('base64') }))
  assert.equal(after['data'], before['data'])
  assert.is(after['wasm'], before['wasm'])
})

test('RSA keys work too', () => {
  const rsa = pair('rsa')
  const packed = sign(bundleOf(files), rsa.privateKey, 'RS256')
  assert.ok(verify(packed, { key: rsa.publicKey, algorithm: 'RS256' }).ok)
})

const withoutSignature = repack(signed, (name) => (name === '/.signatures.json' ? null : name))

const refused: [string, () => RawReply, RegExp][] = [
  ['never signed', () => verify(bundleOf(files)), /missing .signatures.json/],
  ['signature stripped', () => verify(withoutSignature), /missing .signatures.json/],
  ['another key', () => verify(signed, { key: pair('ec').publicKey }), /signature/],
  ['another algorithm', () => verify(signed, { algorithm: 'ES384' }), /./],
  ['a scope that was not signed', () => verify(signed, { scope: 'write' }), /scope/],
  [
    'a changed byte',
    () => verify(Buffer.from(gzipSync(swap(gunzipSync(signed), '"allow": true', '"allow": null')))),
    /digest mismatch/,
  ],
  [
    'a file renamed',
    () => verify(repack(signed, (name) => name.replace('main', 'mein'))),
    /main|mein/,
  ],
]

for (const [what, run, text] of refused) {
  test(`refused: ${what}`, () => {
    const reply = run()
    assert.is(reply.ok, false)
    assert.is(reply.problems?.[0]?.['code'], 'signature_error')
    assert.match(String(reply.problems?.[0]?.['message']), text)
  })
}

test('refused: a file more than was signed', () => {
  const more = { ...contents(signed), '/more.rego': 'package more\n' }
  const reply = verify(tarGz(Object.entries(more).map(([name, content]) => ({ name, content }))))
  assert.is(reply.problems?.[0]?.['code'], 'signature_error')
})

test('shared secrets and unknown algorithms are not offered', () => {
  for (const algorithm of ['HS256', 'none', '', 'ES1']) {
    assert.match(verify(signed, { algorithm }).fault ?? '', /must be one of RS, PS or ES/)
  }
  const request = { bundle: '', key: 'secret', keyId: 'k', algorithm: 'ES256' }
  assert.is(call('sign', request).fault, 'the key is not PEM')
})

/** The files of a gzip tar, by name. */
function contents(packed: Buffer): Record<string, Buffer> {
  const found: Record<string, Buffer> = {}
  const tar = gunzipSync(packed)
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const name = tar.toString('utf8', at, tar.indexOf(0, at))
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8)
    found[name] = tar.subarray(at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
  }
  return found
}

function repack(packed: Buffer, rename: (name: string) => string | null): Buffer {
  return tarGz(
    Object.entries(contents(packed)).flatMap(([name, content]) => {
      const to = rename(name)
      return to === null ? [] : [{ name: to, content }]
    }),
  )
}

function swap(tar: Buffer, from: string, to: string): Buffer {
  const at = tar.indexOf(from)
  assert.ok(at >= 0 && from.length === to.length)
  tar.write(to, at)
  return tar
}

test.run()
