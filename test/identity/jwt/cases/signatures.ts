/** Signatures by other keys, in other forms, of other texts. */
import { jwkOf, makeToken, type SigningKey, segment, signature } from '../../../support/tokens.js'
import { choosy, keys, secret } from '../issuers.js'
import {
  type CaseRows,
  claims,
  claimsText,
  header,
  hmac,
  ofChoosy,
  ofKey,
  publicDer,
  publicPem,
  rewritten,
  token,
  withHeader,
} from './making.js'

export const signatureCases: CaseRows = [
  [
    'token-signature',
    [
      ['signed by another key of the same kid', token({}, { with: keys.foreignRsa })],
      [
        'signed by another EC key of the same kid',
        withHeader({ alg: 'ES256', kid: 'p256' }, { with: keys.foreignP256 }),
        ofKey(keys.p256, 'ES256'),
      ],
      [
        'no kid, signed by another key',
        makeToken({ header: { alg: 'RS256' }, claims, with: keys.foreignRsa }),
        makeToken({ header: { alg: 'RS256' }, claims, with: keys.rsa }),
      ],
      [
        'jwk in the header',
        withHeader({ jwk: jwkOf(keys.foreignRsa) }, { with: keys.foreignRsa }),
        withHeader({ jwk: jwkOf(keys.foreignRsa) }),
      ],
      [
        'jku in the header',
        withHeader({ jku: 'https://attacker.example/jwks.json' }, { with: keys.foreignRsa }),
        withHeader({ jku: 'https://attacker.example/jwks.json' }),
      ],
      [
        'x5u in the header',
        withHeader({ x5u: 'https://attacker.example/cert.pem' }, { with: keys.foreignRsa }),
        withHeader({ x5u: 'https://attacker.example/cert.pem' }),
      ],
      [
        'x5c in the header',
        withHeader({ x5c: [publicDer.toString('base64')] }, { with: keys.foreignRsa }),
        withHeader({ x5c: [publicDer.toString('base64')] }),
      ],
      [
        'x5t in the header',
        withHeader({ x5t: 'rsa' }, { with: keys.foreignRsa }),
        withHeader({ x5t: 'rsa' }),
      ],
      [
        'PS256 with the signature of RS256',
        withHeader({ alg: 'PS256' }, { algorithm: 'RS256' }),
        ofKey(keys.rsa, 'PS256'),
      ],
      ['RS256 with the signature of PS256', withHeader({ alg: 'RS256' }, { algorithm: 'PS256' })],
      [
        'RS512 with the signature of RS256',
        withHeader({ alg: 'RS512' }, { algorithm: 'RS256' }),
        ofKey(keys.rsa, 'RS512'),
      ],
      [
        'RS384 with the signature of RS512',
        withHeader({ alg: 'RS384' }, { algorithm: 'RS512' }),
        ofKey(keys.rsa, 'RS384'),
      ],
      [
        'ES256 with a signature in DER',
        `${rewrittenInput('ES256', keys.p256)}.${derSignature()}`,
        ofKey(keys.p256, 'ES256'),
      ],
      [
        'ES256 with a signature of zeros',
        `${rewrittenInput('ES256', keys.p256)}.${Buffer.alloc(64).toString('base64url')}`,
        ofKey(keys.p256, 'ES256'),
      ],
      [
        'ES256 with the order for s',
        `${rewrittenInput('ES256', keys.p256)}.${Buffer.concat([Buffer.alloc(31), Buffer.from([1]), Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')]).toString('base64url')}`,
      ],
      [
        'ES384 with a signature of zeros',
        `${rewrittenInput('ES384', keys.p384)}.${Buffer.alloc(96).toString('base64url')}`,
        ofKey(keys.p384, 'ES384'),
      ],
      [
        'EdDSA with a signature of zeros',
        `${rewrittenInput('EdDSA', keys.ed)}.${Buffer.alloc(64).toString('base64url')}`,
        ofKey(keys.ed, 'EdDSA'),
      ],
      [
        'RS256 with a signature of zeros',
        rewritten((head, body) => `${head}.${body}.${Buffer.alloc(256).toString('base64url')}`),
      ],
      [
        'a byte less of the signature',
        rewritten(
          (head, body, signed) =>
            `${head}.${body}.${Buffer.from(signed, 'base64url').subarray(1).toString('base64url')}`,
        ),
      ],
      [
        'a byte more of the signature',
        rewritten(
          (head, body, signed) =>
            `${head}.${body}.${Buffer.concat([Buffer.from(signed, 'base64url'), Buffer.alloc(1)]).toString('base64url')}`,
        ),
      ],
      [
        'a leading zero on the signature',
        rewritten(
          (head, body, signed) =>
            `${head}.${body}.${Buffer.concat([Buffer.alloc(1), Buffer.from(signed, 'base64url')]).toString('base64url')}`,
        ),
      ],
      [
        'the signature of another token',
        rewritten((head, body) => `${head}.${body}.${token({ sub: 'bob' }).split('.')[2]}`),
      ],
      [
        'other claims, the signature kept',
        rewritten((head, _, signed) => `${head}.${segment({ ...claims, sub: 'bob' })}.${signed}`),
      ],
      [
        'a role more, the signature kept',
        rewritten(
          (head, _, signed) =>
            `${head}.${segment({ ...claims, realm_access: { roles: ['admin'] } })}.${signed}`,
        ),
      ],
      [
        'the same claims in another spelling, the signature kept',
        rewritten((head, _, signed) => `${head}.${segment(`${claimsText} `)}.${signed}`),
      ],
      [
        'another header, the signature kept',
        rewritten((_, body, signed) => `${segment({ ...header, typ: 'JWT' })}.${body}.${signed}`),
        withHeader({ typ: 'JWT' }),
      ],
      [
        'HS256 with another secret',
        hmac('HS256', {}, { with: { secret: `${secret}x` } }),
        hmac('HS256'),
      ],
      [
        'HS256 with the secret in another case',
        hmac('HS256', {}, { with: { secret: secret.toUpperCase() } }),
        hmac('HS256'),
      ],
      [
        'HS256 with an empty secret, at its issuer',
        hmac('HS256', {}, { with: { secret: '' } }),
        hmac('HS256'),
      ],
      [
        'HS512 with the signature of HS256',
        hmac('HS512', {}, { algorithm: 'HS256' }),
        hmac('HS512'),
      ],
      ['HS256 cut to 16 bytes', cutSignature(hmac('HS256'), 16), hmac('HS256')],
      [
        'HS256 with a signature of zeros',
        `${hmac('HS256').split('.').slice(0, 2).join('.')}.${Buffer.alloc(32).toString('base64url')}`,
        hmac('HS256'),
      ],
      [
        'HS256 with the public key, at the issuer with a secret',
        hmac('HS256', {}, { with: { secret: publicPem } }),
        hmac('HS256'),
      ],
      [
        'signed by the key of one issuer, made out by another',
        token(
          { iss: choosy },
          { header: { alg: 'ES256', kid: 'p256', typ: 'at+jwt' }, with: keys.foreignP256 },
        ),
        ofChoosy(),
      ],
    ],
  ],
]

function rewrittenInput(alg: string, key: SigningKey): string {
  return ofKey(key, alg).split('.').slice(0, 2).join('.')
}

/** A good signature in the form that TLS has and JWS has not. */
function derSignature(): string {
  const [r, s] = [0, 32].map((at) => {
    const half = signature(rewrittenInput('ES256', keys.p256), keys.p256, 'ES256').subarray(
      at,
      at + 32,
    )
    const body = (half[0] ?? 0) > 127 ? Buffer.concat([Buffer.alloc(1), half]) : half
    return Buffer.concat([Buffer.from([2, body.length]), body])
  })
  const body = Buffer.concat([r ?? Buffer.alloc(0), s ?? Buffer.alloc(0)])
  return Buffer.concat([Buffer.from([0x30, body.length]), body]).toString('base64url')
}

function cutSignature(text: string, bytes: number): string {
  const [head, body, signed = ''] = text.split('.')
  return `${head}.${body}.${Buffer.from(signed, 'base64url').subarray(0, bytes).toString('base64url')}`
}
