/**
 * Whoever does not have the private key gets no policy in: every way to change a signed bundle or its
 * signature, with what the operator reads. Signed by node:crypto, judged by the compiler in the
 * gateway's own request.
 */
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatProblem } from '../../src/rego/compile-policy.js'
import type { PolicyProblem } from '../../src/rego/problem.js'
import { digests, entries, packed, part, signatures, tokenOf } from './signed.js'
import { files, other, owner, reply, sealed, swapped, token } from './signed-policy.js'
import { tarGz } from './tar.js'

const { 'lib/lib.rego': lib, ...withoutLib } = files
const evil = 'package mcpguard.main\n\ndecision := {"allow": true, "x": 1}\n'
const [header = '', payload = '', signature = ''] = token().split('.')
/** The public key is what everybody has, so a MAC with it is what everybody can make. */
const mac = (alg: string) => {
  const signed = `${part({ alg, typ: 'JWT' })}.${payload}`
  const key = createHash('sha256').update(owner.publicKey).digest()
  return `${signed}.${createHash('sha256').update(key).update(signed).digest('base64url')}`
}

/** Of the last letter four bits are left over, and one of them is set. */
const loose = part({ alg: 'ES256', typ: 'JWT', x: 11 }).replace(/Q$/, 'R')

const attacks: readonly [what: string, bundle: () => Uint8Array, code: string, text: string][] = [
  [
    'stripped',
    () => packed(files, undefined),
    'signature_missing',
    '.signatures.json: the bundle is not signed',
  ],
  [
    'an empty signature file',
    () => packed(files, ''),
    'signature_malformed',
    '.signatures.json: not JSON',
  ],
  [
    'no signature in it',
    () => packed(files, '{}'),
    'signature_malformed',
    '0 signatures, where one is expected',
  ],
  [
    'an empty list',
    () => packed(files, signatures()),
    'signature_malformed',
    '0 signatures, where one is expected',
  ],
  [
    'null for a list',
    () => packed(files, '{"signatures": null}'),
    'signature_malformed',
    '0 signatures',
  ],
  [
    'an empty signature',
    () => packed(files, signatures('')),
    'signature_malformed',
    'not a JWT in three parts',
  ],
  [
    'a fourth part',
    () => packed(files, signatures(`${token()}.${signature}`)),
    'signature_malformed',
    'not a JWT in three parts',
  ],
  [
    'bits that say nothing',
    () => packed(files, signatures(`${loose}.${payload}.${signature}`)),
    'signature_malformed',
    'the JWT is not base64url',
  ],
  ['two dots', () => packed(files, signatures('..')), 'signature_malformed', 'the JWT is not JSON'],
  [
    'two signatures',
    () => packed(files, signatures(token(), token())),
    'signature_malformed',
    '2 signatures',
  ],
  [
    'one right and one wrong',
    () => packed(files, signatures(token(), mac('HS256'))),
    'signature_malformed',
    '2 signatures',
  ],
  [
    'a member more',
    () => packed(files, `{"signatures": ["${token()}"], "x": 1}`),
    'signature_malformed',
    'unknown field',
  ],
  [
    'the list twice',
    () => packed(files, `{"signatures": [], "signatures": ["${token()}"]}`),
    'signature_malformed',
    'there twice',
  ],
  [
    'of a plugin',
    () => packed(files, `{"signatures": ["${token()}"], "plugin": "x"}`),
    'signature_malformed',
    'of the plugin "x"',
  ],
  [
    'another key',
    () => packed(files, signatures(tokenOf(files, other.privateKey))),
    'signature_wrong',
    'not by the owner of the key',
  ],
  [
    'the signature cut off',
    () => packed(files, signatures(`${header}.${payload}.`)),
    'signature_wrong',
    'not by the owner of the key',
  ],
  [
    'the signature of another bundle',
    () => packed(files, signatures(`${header}.${part({ files: [] })}.${signature}`)),
    'signature_wrong',
    'not by the owner',
  ],
  [
    'a payload of its own',
    () =>
      packed(
        { ...files, 'main.rego': evil },
        signatures(
          `${header}.${part({ files: digests({ ...files, 'main.rego': evil }) })}.${signature}`,
        ),
      ),
    'signature_wrong',
    'not by the owner',
  ],
  [
    'alg none',
    () => packed(files, signatures(`${part({ alg: 'none' })}.${payload}.`)),
    'signature_algorithm',
    'signed with "none", and ES256 is asked for',
  ],
  [
    'alg None',
    () => packed(files, signatures(`${part({ alg: 'None' })}.${payload}.`)),
    'signature_algorithm',
    'signed with "None"',
  ],
  [
    'no alg',
    () => packed(files, signatures(`${part({})}.${payload}.${signature}`)),
    'signature_algorithm',
    'signed with ""',
  ],
  [
    'HS256 with the public key',
    () => packed(files, signatures(mac('HS256'))),
    'signature_algorithm',
    'signed with "HS256"',
  ],
  [
    'a MAC called ES256',
    () => packed(files, signatures(mac('ES256'))),
    'signature_wrong',
    'not by the owner',
  ],
  [
    'ES384 on the way',
    () => packed(files, signatures(token({ header: { alg: 'ES384' } }))),
    'signature_algorithm',
    'signed with "ES384"',
  ],
  [
    'extensions',
    () => sealed({ header: { crit: ['b64'], b64: false } }),
    'signature_malformed',
    'extensions',
  ],
  [
    'two key ids',
    () => sealed({ header: { kid: 'a' }, payload: { keyid: 'b' } }),
    'signature_key_id',
    'names two keys, "a" and "b"',
  ],
  [
    'a scope nobody asked for',
    () => sealed({ payload: { scope: 'staging' } }),
    'signature_scope',
    'signed for the scope "staging", and "" is asked for',
  ],
  [
    'a file more',
    () => swapped({ ...files, 'x/extra.rego': 'package x\n' }),
    'signature_file_extra',
    'x/extra.rego: a file that was not signed',
  ],
  [
    'a file more that is no policy',
    () => swapped({ ...files, 'README.md': '#' }),
    'signature_file_extra',
    'README.md: a file that was not signed',
  ],
  [
    'a patch',
    () => swapped({ ...files, 'patch.json': '{"data": [{"op": "remove", "path": "/grants"}]}' }),
    'signature_file_extra',
    'patch.json',
  ],
  [
    'a module more',
    () => swapped({ ...files, 'policy.wasm': '' }),
    'signature_file_extra',
    'policy.wasm',
  ],
  [
    'a file fewer',
    () => swapped(withoutLib),
    'signature_file_missing',
    'lib/lib.rego: was signed and is not in the bundle',
  ],
  [
    'a file renamed',
    () => swapped({ ...withoutLib, 'lib/bib.rego': lib }),
    'signature_file_extra',
    'lib/bib.rego',
  ],
  [
    'two files changed over',
    () => swapped({ ...files, 'main.rego': lib, 'lib/lib.rego': files['main.rego'] }),
    'signature_file_changed',
    'lib/lib.rego: not the file that was signed',
  ],
  [
    'a changed byte',
    () => swapped({ ...files, 'main.rego': files['main.rego'].replace('true', 'null') }),
    'signature_file_changed',
    'main.rego: not the file that was signed',
  ],
  [
    'a byte more',
    () => swapped({ ...files, 'main.rego': `${files['main.rego']}\n` }),
    'signature_file_changed',
    'main.rego',
  ],
  [
    'other data',
    () => swapped({ ...files, 'data.json': '{"grants": {"bob": ["read"]}, "n": 1.0}' }),
    'signature_file_changed',
    'data.json',
  ],
  [
    'another number that is equal',
    () => swapped({ ...files, 'data.json': files['data.json'].replace('1.0', '1') }),
    'signature_file_changed',
    'data.json',
  ],
  [
    'another serial',
    () => swapped({ ...files, '.manifest': files['.manifest'].replace('7}', '9}') }),
    'signature_file_changed',
    '.manifest',
  ],
  [
    'a manifest that is no JSON',
    () => swapped({ ...files, '.manifest': '{' }),
    'signature_file_changed',
    '.manifest',
  ],
  [
    'a name twice',
    () =>
      tarGz([
        ...entries(files),
        ...entries({ '.signatures.json': signatures(token()), 'main.rego': evil }),
      ]),
    'bundle_error',
    '"main.rego" is in the bundle twice',
  ],
  [
    'a name twice, with nothing in the first',
    () =>
      tarGz(
        [{ 'main.rego': '' }, { ...files, '.signatures.json': signatures(token()) }].flatMap(
          entries,
        ),
      ),
    'bundle_error',
    '"main.rego" is in the bundle twice',
  ],
  [
    'two signature files',
    () =>
      tarGz(
        entries({
          ...files,
          '.signatures.json': signatures(token()),
          'a/.signatures.json': signatures(token()),
        }),
      ),
    'signature_malformed',
    'a/.signatures.json: a signature that is not at the root',
  ],
  [
    'the signature in a folder',
    () => tarGz(entries({ ...files, 'a/.signatures.json': signatures(token()) })),
    'signature_malformed',
    'not at the root',
  ],
  [
    'a name that climbs',
    () => tarGz([...entries(files), { name: '../main.rego', content: evil }]),
    'bundle_error',
    'not a name inside the bundle',
  ],
  [
    'a link',
    () => tarGz([...entries(files), { name: 'x.rego', content: '', type: '2' }]),
    'bundle_error',
    'not a plain file',
  ],
  [
    'a file named twice in the signature',
    () => sealed({ digests: [...digests({ 'main.rego': evil }), ...digests(files)] }),
    'signature_file_twice',
    'main.rego: the signature names the file twice',
  ],
  [
    'a name in the signature that climbs',
    () => sealed({ digests: [...digests(files), ...digests({ '../x.rego': '' })] }),
    'signature_malformed',
    '"../x.rego" is not a name inside the bundle',
  ],
  [
    'no name in the signature',
    () => sealed({ digests: [...digests(files), ...digests({ '': '' })] }),
    'signature_malformed',
    '"" is not a name inside the bundle',
  ],
  [
    'a weak digest',
    () => sealed({ digests: digests(files).map((file) => ({ ...file, algorithm: 'MD5' })) }),
    'signature_algorithm',
    'a digest of the kind "MD5"',
  ],
  [
    'no digest',
    () => sealed({ digests: digests(files).map((file) => ({ ...file, algorithm: '' })) }),
    'signature_algorithm',
    'a digest of the kind ""',
  ],
  [
    'nothing signed',
    () => packed(files, signatures(tokenOf({}, owner.privateKey))),
    'signature_file_extra',
    '.manifest: a file that was not signed',
  ],
  [
    'something else signed',
    () => packed(files, signatures(token({ payload: { files: 'all' } }))),
    'signature_malformed',
    'something else than a signature',
  ],
  [
    'a payload with doubled members',
    () =>
      packed(
        files,
        signatures(
          `${header}.${Buffer.from('{"scope": "a", "scope": ""}').toString('base64url')}.${signature}`,
        ),
      ),
    'signature_malformed',
    'there twice',
  ],
  ['not gzip', () => gunzipSync(sealed()), 'bundle_error', 'the bundle is not gzip'],
  ['cut off', () => sealed().subarray(0, 300), 'bundle_error', 'unexpected EOF'],
  [
    'half a tar',
    () => gzipSync(gunzipSync(sealed()).subarray(0, 540)),
    'bundle_error',
    'unexpected EOF',
  ],
]

for (const [what, bundle, code, text] of attacks) {
  test(`refused: ${what}`, () => {
    const { ok, problems } = reply(bundle())
    assert.is(ok, false)
    const [problem] = (problems ?? []) as unknown as PolicyProblem[]
    assert.is(problem?.code, code)
    const line = problem === undefined ? '' : formatProblem(problem)
    assert.ok(line.includes(text), line)
    assert.is(problems?.length, 1)
    assert.ok(problem?.hint, 'it says what to do')
  })
}

test.run()
