/** Algorithms and keys that do not go together, and names of keys that are none. */
import { jwkOf, makeToken } from '../../../support/tokens.js'
import { choosy, hs, keys, secret } from '../issuers.js'
import {
  type CaseRows,
  claims,
  header,
  hmac,
  ofChoosy,
  ofKey,
  publicDer,
  publicJwk,
  publicPem,
  token,
  withHeader,
} from './making.js'

export const algorithmCases: CaseRows = [
  [
    'token-algorithm',
    [
      ...['none', 'None', 'nOnE', 'NONE'].map((alg): [string, string] => [
        `alg ${alg}, no signature`,
        withHeader({ alg }, { with: 'none' }),
      ]),
      ['alg none, no kid', makeToken({ header: { alg: 'none' }, claims, with: 'none' })],
      ['alg none with the signature of RS256', withHeader({ alg: 'none' }, { algorithm: 'RS256' })],
      ['alg none at the issuer with a secret', hmac('none', {}, { with: 'none' }), hmac('HS256')],
      [
        'HS256 with the public key as PEM',
        withHeader({ alg: 'HS256' }, { with: { secret: publicPem } }),
      ],
      [
        'HS256 with that PEM without its last newline',
        withHeader({ alg: 'HS256' }, { with: { secret: publicPem.trimEnd() } }),
      ],
      [
        'HS256 with the public key as DER',
        withHeader({ alg: 'HS256' }, { with: { secret: publicDer } }),
      ],
      [
        'HS256 with the public key as JWK',
        withHeader({ alg: 'HS256' }, { with: { secret: publicJwk } }),
      ],
      [
        'HS256 with the modulus',
        withHeader(
          { alg: 'HS256' },
          { with: { secret: Buffer.from(String(jwkOf(keys.rsa)['n']), 'base64url') } },
        ),
      ],
      ['HS384 with the public key', withHeader({ alg: 'HS384' }, { with: { secret: publicPem } })],
      ['HS512 with the public key', withHeader({ alg: 'HS512' }, { with: { secret: publicPem } })],
      ['HS256 with an empty secret', withHeader({ alg: 'HS256' }, { with: { secret: '' } })],
      [
        'HS256 with the other issuer’s secret',
        withHeader({ alg: 'HS256' }, { with: { secret } }),
        hmac('HS256'),
      ],
      ['HS384 where only HS256 and HS512 are', hmac('HS384'), hmac('HS512')],
      ['RS256 at the issuer with a secret', token({ iss: hs }), hmac('HS256')],
      [
        'ES256 at the issuer with a secret',
        token({ iss: hs }, { header: { alg: 'ES256', kid: 'p256' }, with: keys.p256 }),
        hmac('HS256'),
      ],
      [
        'RS256 where only ES256 is',
        token({ iss: choosy }, { header: { ...header, typ: 'at+jwt' } }),
        ofChoosy(),
      ],
      [
        'ES256 named, kid of an RSA key',
        ofKey(keys.p256, 'ES256', { kid: 'rsa' }),
        ofKey(keys.p256, 'ES256'),
      ],
      ['RS256 named, kid of an EC key', withHeader({ kid: 'p256' }), token()],
      [
        'ES384 named, kid of a P-256 key',
        withHeader({ alg: 'ES384', kid: 'p256' }, { with: keys.p384 }),
        ofKey(keys.p384, 'ES384'),
      ],
      [
        'ES256 named, kid of a P-384 key',
        withHeader({ alg: 'ES256', kid: 'p384' }, { with: keys.p256 }),
      ],
      [
        'ES512 named, kid of a P-384 key',
        withHeader({ alg: 'ES512', kid: 'p384' }, { with: keys.p521 }),
        ofKey(keys.p521, 'ES512'),
      ],
      [
        'EdDSA named, kid of an EC key',
        withHeader({ alg: 'EdDSA', kid: 'p256' }, { with: keys.ed }),
        ofKey(keys.ed, 'EdDSA'),
      ],
      [
        'ES256 named, kid of an Ed25519 key',
        withHeader({ alg: 'ES256', kid: 'ed' }, { with: keys.p256 }),
        ofKey(keys.ed, 'Ed25519'),
      ],
      [
        'RS256 by a key that is pinned to PS256',
        ofKey(keys.pss, 'RS256'),
        ofKey(keys.pss, 'PS256'),
      ],
      [
        'PS384 by a key that is pinned to PS256',
        ofKey(keys.pss, 'PS384'),
        ofKey(keys.rsa, 'PS384'),
      ],
      ['RS1', withHeader({ alg: 'RS1' }, { algorithm: 'RS256' })],
      [
        'ES256K',
        withHeader({ alg: 'ES256K', kid: 'p256' }, { with: keys.p256, algorithm: 'ES256' }),
      ],
      ['Ed448', withHeader({ alg: 'Ed448', kid: 'ed' }, { with: keys.ed })],
      ['dir', withHeader({ alg: 'dir' }, { algorithm: 'RS256' })],
      ['RSA-OAEP', withHeader({ alg: 'RSA-OAEP' }, { algorithm: 'RS256' })],
      [
        'PBES2-HS256+A128KW with ten million rounds',
        withHeader({ alg: 'PBES2-HS256+A128KW', p2c: 10_000_000 }, { algorithm: 'RS256' }),
      ],
      ['rs256', withHeader({ alg: 'rs256' }, { algorithm: 'RS256' })],
      ['RS256 and a space', withHeader({ alg: 'RS256 ' }, { algorithm: 'RS256' })],
      ['RS256 and NUL', withHeader({ alg: 'RS256\0' }, { algorithm: 'RS256' })],
      ['an empty alg', withHeader({ alg: '' }, { algorithm: 'RS256' })],
      ['no alg', withHeader({ alg: undefined }, { algorithm: 'RS256' })],
      ['alg null', withHeader({ alg: null }, { algorithm: 'RS256' })],
      ['alg as a list', withHeader({ alg: ['RS256'] }, { algorithm: 'RS256' })],
      ['alg as an object', withHeader({ alg: { name: 'RS256' } }, { algorithm: 'RS256' })],
      ['alg as a number', withHeader({ alg: 256 }, { algorithm: 'RS256' })],
      ['alg true', withHeader({ alg: true }, { algorithm: 'RS256' })],
      ['Alg instead of alg', withHeader({ alg: undefined, Alg: 'RS256' }, { algorithm: 'RS256' })],
      ['alg constructor', withHeader({ alg: 'constructor' }, { algorithm: 'RS256' })],
      ['a header without members', token({}, { header: {}, algorithm: 'RS256' })],
    ],
  ],
  [
    'token-key-unknown',
    [
      ['kid of no key', withHeader({ kid: 'nobody' })],
      ['kid in another case', withHeader({ kid: 'RSA' })],
      ['kid with a space', withHeader({ kid: 'rsa ' })],
      ['kid with NUL', withHeader({ kid: 'rsa\0' })],
      ['kid as a path', withHeader({ kid: '../../../../dev/null' })],
      ['kid as a file URL', withHeader({ kid: 'file:///etc/passwd' })],
      ['kid as a URL', withHeader({ kid: 'http://127.0.0.1:1/keys' })],
      ['kid as SQL', withHeader({ kid: "x' UNION SELECT 'key' --" })],
      ['kid as a command', withHeader({ kid: '| /bin/true' })],
      ['kid as a template', withHeader({ kid: '${env:HOME}' })],
      ['kid __proto__', withHeader({ kid: '__proto__' })],
      ['kid constructor', withHeader({ kid: 'constructor' })],
      ['kid of 256 characters', withHeader({ kid: 'k'.repeat(256) })],
      ['kid 0', withHeader({ kid: '0' })],
      // Six RSA algorithms of two keys: RS256 fits one, PS256 two; the foreign key fits none.
      [
        'header key and its own kid',
        withHeader({ kid: 'own', jwk: jwkOf(keys.foreignRsa) }, { with: keys.foreignRsa }),
      ],
    ],
  ],
]
