/**
 * What a signature has to be for the configuration, where a signed bundle is in time, and that the
 * cache is no way around it. Attacks on the bundle itself are in verify-attacks.test.ts.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../src/domain.js'
import {
  capabilities,
  compilePolicy,
  compileSource,
  formatProblem,
} from '../../src/rego/compile-policy.js'
import { type BundleVerification, orderProblem } from '../../src/rego/verify.js'
import { printedSeed } from '../policy/seed.js'
import { folderOf } from './folder.js'
import { call, compileRequest, must } from './reactor-fixture.js'
import { digests, keyPair, packed, type Saying, signatures } from './signed.js'
import { files, other, reply, sealed, swapped, token, verify } from './signed-policy.js'
import { bundleOf } from './tar.js'

test('refused: what the configuration asks for and the signature does not have', () => {
  const rows: [BundleVerification, Saying, string, string][] = [
    [{ ...verify, key: other.publicKey }, {}, 'signature_wrong', 'not by the owner of the key'],
    [{ ...verify, key: 'no key' }, {}, 'signature_wrong', 'not by the owner of the key'],
    [
      { ...verify, algorithm: 'RS256' },
      {},
      'signature_algorithm',
      'signed with "ES256", and RS256 is asked for',
    ],
    [
      { ...verify, algorithm: 'HS256' },
      { header: { alg: 'HS256' } },
      'signature_algorithm',
      'must be one of RS, PS or ES',
    ],
    [
      { ...verify, keyId: 'k1' },
      {},
      'signature_key_id',
      'signed with the key "", and "k1" is asked for',
    ],
    [
      { ...verify, keyId: 'k1' },
      { header: { kid: 'k2' } },
      'signature_key_id',
      'signed with the key "k2"',
    ],
    [
      { ...verify, keyId: '' },
      { header: { kid: 'k1' } },
      'signature_key_id',
      'signed with the key "k1", and "" is asked for',
    ],
    [
      { ...verify, scope: 'prod' },
      {},
      'signature_scope',
      'signed for the scope "", and "prod" is asked for',
    ],
    [
      { ...verify, scope: 'prod' },
      { payload: { scope: 'Prod' } },
      'signature_scope',
      'the scope "Prod"',
    ],
  ]
  for (const [asked, saying, code, text] of rows) {
    const { problems } = reply(sealed(saying), asked)
    assert.is(problems?.[0]?.['code'], code, text)
    assert.ok(String(problems?.[0]?.['message']).includes(text), String(problems?.[0]?.['message']))
  }
})

test('refused: sources, whoever wrote them', async () => {
  const folder = folderOf({
    'main.rego': files['main.rego'],
    '.signatures.json': signatures(token()),
  })
  for (const path of [folder, join(folder, 'main.rego')]) {
    const compiled = await compilePolicy(path, { cacheDir: null, verify })
    assert.is(compiled.ok, false)
    if (!compiled.ok) {
      assert.equal(compiled.problems.map(formatProblem), [
        'sources cannot have a signature, and one is asked for (build a bundle and sign it with `mcp-guard build --sign`)',
      ])
    }
  }
})

test('accepted: as it was signed, by key, key id and scope; and it is the same policy', () => {
  const plain = must(
    call('compile', { ...compileRequest({ bundle: bundleOf(files).toString('base64') }) }),
  )
  const rows: [Partial<BundleVerification>, Saying][] = [
    [{}, {}],
    [{}, { header: { kid: 'k1' } }],
    [{ keyId: 'k1' }, { header: { kid: 'k1' } }],
    [{ keyId: 'k1' }, { payload: { keyid: 'k1' } }],
    [{ keyId: 'k1' }, { header: { kid: 'k1' }, payload: { keyid: 'k1', iat: 1, iss: 'ci' } }],
    [{ scope: 'prod' }, { payload: { scope: 'prod' } }],
  ]
  for (const [asked, saying] of rows) {
    assert.equal({ ...must(reply(sealed(saying), asked)), signedDigest: null }, plain)
  }
  assert.is(plain['serial'], 7)
})

/** The format signs what data and manifest say, not how; their bytes still make another revision. */
test('JSON in other bytes that says the same passes, as another revision', () => {
  const spaced = { ...files, 'data.json': '{"n":1.0,"grants":{"alice":["read"]}}' }
  const before = must(reply(sealed()))
  const after = must(reply(swapped(spaced)))
  assert.equal(after['data'], before['data'])
  assert.is.not(after['revision'], before['revision'])
  assert.match(String(before['signedDigest']), /^sha256:[0-9a-f]{64}$/)
  assert.is(after['signedDigest'], before['signedDigest'])
})

test('a signed bundle is known by the files that were signed, not by who says how', () => {
  const digestOf = (bundle: Uint8Array) => must(reply(bundle))['signedDigest']
  const digest = digestOf(sealed())
  assert.is(digestOf(sealed({ header: { kid: 'k1' }, payload: { iat: 1 } })), digest)
  const reversed = digests(files).reverse()
  assert.is(digestOf(sealed({ digests: reversed })), digest)
  const capitals = reversed.map((file) => ({ ...file, hash: file.hash.toUpperCase() }))
  assert.is(digestOf(sealed({ digests: capitals })), digest)
  for (const change of [{ 'lib/lib.rego': 'package lib\n' }, { 'x/data.json': '{}' }]) {
    assert.is.not(digestOf(sealed({}, { ...files, ...change })), digest)
  }
  const { 'lib/lib.rego': lib, ...rest } = files
  assert.is.not(digestOf(sealed({}, { ...rest, 'lib/bib.rego': lib })), digest)
  const source = { bundle: sealed().toString('base64') }
  assert.is(must(call('compile', { ...compileRequest(source) }))['signedDigest'], null)
})

test('without a serial there is a warning, where a signature is asked for', () => {
  const unordered = { ...files, '.manifest': '{"revision": "7"}' }
  const codes = (result: JsonObject) =>
    (result['warnings'] as JsonObject[] | null)?.map((one) => one['code']) ?? []
  assert.equal(codes(must(reply(sealed({}, unordered)))), ['bundle_unordered'])
  assert.equal(codes(must(reply(sealed()))), [])
  const source = { bundle: sealed({}, unordered).toString('base64') }
  assert.equal(codes(must(call('compile', { ...compileRequest(source) }))), [])
})

test('nothing of a bundle is read before it is verified', () => {
  const broken = { ...files, 'main.rego': 'package', '.manifest': '{' }
  assert.is(reply(packed(broken, undefined)).problems?.[0]?.['code'], 'signature_missing')
  assert.is(
    reply(packed(broken, signatures(token()))).problems?.[0]?.['code'],
    'signature_file_changed',
  )
})

// ── Time ────────────────────────────────────────────────────────────────────────────────────────

test('older, the same serial again, and none are refused once a serial was seen', () => {
  const newest = { serial: 7, content: 'sha256:a' }
  const rows: [number | null, string, string | null, RegExp][] = [
    [6, 'sha256:a', 'bundle_older', /serial 6 is below 7.*/],
    [0, 'sha256:b', 'bundle_older', /serial 0 is below 7/],
    [7, 'sha256:b', 'bundle_serial_reused', /has the serial 7, and so had another one/],
    [null, 'sha256:a', 'bundle_serial_missing', /no serial, and one with serial 7 was active/],
    [7, 'sha256:a', null, /^$/],
    [8, 'sha256:b', null, /^$/],
  ]
  for (const [serial, content, code, text] of rows) {
    const found = orderProblem(newest, { serial, content })
    assert.is(found?.code ?? null, code)
    assert.match(found?.message ?? '', text)
    assert.is(found?.file ?? null, code === null ? null : '.manifest')
  }
})

test('a serial must be a whole number', () => {
  for (const serial of ['-1', '1.5', '"7"', 'null', '1e3', '9007199254740992', 'true']) {
    const manifest = `{"metadata": {"mcpguard": {"serial": ${serial}}}}`
    const { problems } = reply(sealed({}, { ...files, '.manifest': manifest }))
    assert.is(problems?.[0]?.['code'], 'manifest_error', serial)
  }
})

test('the newest revision is asked for on the way into the gateway', async () => {
  const source = { bundle: sealed().toString('base64') }
  const first = await compileSource(source, { cacheDir: null, verify })
  assert.ok(first.ok && first.serial === 7)
  const asked = { cacheDir: null, verify, newest: { serial: 8, content: 'sha256:a' } }
  const second = await compileSource(source, asked)
  assert.ok(!second.ok && second.problems[0]?.code === 'bundle_older')
})

// ── The cache ───────────────────────────────────────────────────────────────────────────────────

test('the cache neither lets in what is not signed nor is believed for what is', async () => {
  const cacheDir = folderOf({})
  const unsigned = { bundle: packed(files, undefined).toString('base64') }
  const signed = { bundle: sealed().toString('base64') }
  for (const source of [unsigned, signed]) assert.ok((await compileSource(source, { cacheDir })).ok)
  const refused = await compileSource(unsigned, { cacheDir, verify })
  assert.ok(!refused.ok && refused.problems[0]?.code === 'signature_missing')
  // Whatever lies in the cache, also for the very same bytes, is not what is handed out.
  for (const name of readdirSync(cacheDir)) writeFileSync(join(cacheDir, name), 'x')
  const entriesBefore = readdirSync(cacheDir).length
  const accepted = await compileSource(signed, { cacheDir, verify })
  assert.ok(accepted.ok && !accepted.cached)
  const again = await compileSource(signed, { cacheDir, verify })
  assert.ok(again.ok && !again.cached)
  assert.is(readdirSync(cacheDir).length, entriesBefore)
  const otherKey = { cacheDir, verify: { ...verify, key: other.publicKey } }
  assert.is((await compileSource(signed, otherKey)).ok, false)
})

// ── OPA's own verifier ──────────────────────────────────────────────────────────────────────────

const onOpa = (bundle: Uint8Array) =>
  call('verify', { bundle: Buffer.from(bundle).toString('base64'), verify: { ...verify } })

test("what OPA's own code signs verifies", () => {
  for (const [kind, algorithm] of [
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['P-521', 'ES512'],
    ['rsa', 'RS256'],
    ['rsa', 'PS512'],
  ] as const) {
    const keys = keyPair(kind)
    const request = {
      bundle: bundleOf(files).toString('base64'),
      key: keys.privateKey,
      keyId: 'k1',
      algorithm,
    }
    const signed = Buffer.from(String(must(call('sign', request))['bundle']), 'base64')
    const asked = { key: keys.publicKey, algorithm, keyId: 'k1' }
    assert.is(must(reply(signed, asked))['serial'], 7)
    assert.is(reply(signed, { ...asked, keyId: 'k2' }).problems?.[0]?.['code'], 'signature_key_id')
  }
})

test("whatever byte is changed: refused, or the very same policy for OPA's reader and for ours", async () => {
  const revisionOf = (bundle: Uint8Array) =>
    must(
      call('inspect', {
        source: { bundle: Buffer.from(bundle).toString('base64') },
        capabilities: capabilities(),
      }),
    )['revision']
  const revision = revisionOf(sealed())
  const tar = gunzipSync(sealed())
  const codes = new Set<unknown>()
  const byte = fc.integer({ min: 0, max: tar.length - 1025 })
  const change = fc.integer({ min: 1, max: 255 })
  await fc.assert(
    fc.asyncProperty(byte, change, async (at, by) => {
      const changed = Buffer.from(tar)
      changed[at] = (changed[at] ?? 0) ^ by
      const bundle = gzipSync(changed, { level: 1 })
      const result = onOpa(bundle)
      codes.add(result.problems?.[0]?.['code'])
      // Ours comes first; this code is OPA's reader refusing what ours let pass.
      assert.is.not(result.problems?.[0]?.['code'], 'signature_error')
      if (result.ok) assert.is(revisionOf(bundle), revision)
    }),
    { numRuns: 200, seed: printedSeed('a byte of a signed bundle') },
  )
  assert.ok(codes.has('signature_wrong') || codes.has('signature_malformed'))
})

test.run()
