/**
 * Tokens that must be refused, each with the reason that the audit is to give, and a twin that
 * differs in nothing but what the case is about and is accepted: a case whose twin is refused as
 * well would say nothing.
 */
import type { UnidentifiedReason } from '../../../src/domain.js'
import {
  jwkOf,
  makeToken,
  type SigningKey,
  segment,
  signature,
  type TokenParts,
} from '../../support/tokens.js'
import { audience, choosy, hs, idp, keys, secret } from './issuers.js'

export interface TokenCase {
  readonly what: string
  readonly reason: UnidentifiedReason
  readonly token: string
  /** Null: without the fault it would be the plain token. */
  readonly twin: string | null
}

const seconds = Math.floor(Date.now() / 1000)

export const claims = {
  iss: idp,
  sub: 'alice',
  aud: audience,
  iat: seconds,
  exp: seconds + 3600,
}
const header = { alg: 'RS256', kid: 'rsa' }

type Changes = { readonly [claim: string]: unknown }

/** A good token but for what is said. Members that are undefined are left out. */
export function token(changes: Changes = {}, more: Partial<TokenParts> = {}): string {
  return makeToken({ header, claims: { ...claims, ...changes }, with: keys.rsa, ...more })
}

function withHeader(changes: object, more: Partial<TokenParts> = {}): string {
  return token({}, { header: { ...header, ...changes }, ...more })
}

function ofKey(key: SigningKey, alg: string, changes: object = {}): string {
  return withHeader({ alg, kid: key.kid, ...changes }, { with: key })
}

function hmac(alg: string, changes: Changes = {}, more: Partial<TokenParts> = {}): string {
  return token({ iss: hs, ...changes }, { header: { alg }, with: { secret }, ...more })
}

function ofChoosy(changes: Changes = {}, headerChanges: object = {}): string {
  const typed = { alg: 'ES256', kid: 'p256', typ: 'at+jwt', ...headerChanges }
  return token({ iss: choosy, ...changes }, { header: typed, with: keys.p256 })
}

/** The plain token with its three segments rewritten and the signature kept. */
function rewritten(rewrite: (head: string, body: string, signed: string) => string): string {
  const [head = '', body = '', signed = ''] = token().split('.')
  return rewrite(head, body, signed)
}

/** Segments of which the signature is made anew over their texts as they are. */
function signedText(head: string, body: string): string {
  const input = `${head}.${body}`
  return `${input}.${signature(input, keys.rsa, 'RS256').toString('base64url')}`
}

/** The same value in another spelling: a bit set that decoders drop. */
export function withUnusedBit(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(text.at(-1) ?? '')
  return `${text.slice(0, -1)}${alphabet[last | 1]}`
}

const publicPem = keys.rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const publicDer = keys.rsa.publicKey.export({ type: 'spki', format: 'der' })
const publicJwk = JSON.stringify(jwkOf(keys.rsa))
const claimsText = JSON.stringify(claims)
const open = claimsText.slice(0, -1)
/** Bytes in a number divisible by three leave no unused bits; pad until there are some. */
const paddedHeader =
  [' ', '  ', '   ']
    .map((pad) => `${JSON.stringify(header)}${pad}`)
    .find((text) => text.length % 3 !== 0) ?? ''
const paddedClaims =
  [' ', '  ', '   '].map((pad) => `${claimsText}${pad}`).find((text) => text.length % 3 !== 0) ?? ''

const rows: [UnidentifiedReason, [what: string, token: string, twin?: string][]][] = [
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
  [
    'token-malformed',
    [
      ['crit of an unknown extension', withHeader({ crit: ['exp2'], exp2: 1 })],
      ['crit of a known one', withHeader({ crit: ['b64'], b64: true })],
      ['an empty crit', withHeader({ crit: [] })],
      ['crit as a text', withHeader({ crit: 'exp' })],
      ['crit null', withHeader({ crit: null })],
      [
        'b64 false, crit',
        signedText(segment({ ...header, b64: false, crit: ['b64'] }), segment(claims)),
      ],
      ['b64 false without crit', withHeader({ b64: false })],
      ['b64 true', withHeader({ b64: true })],
      ['zip', withHeader({ zip: 'DEF' })],
      ['enc', withHeader({ enc: 'A256GCM' })],
      [
        'nested, cty JWT',
        token({}, { header: { ...header, cty: 'JWT' }, claims: Buffer.from(token()) }),
      ],
      ['cty JWT around plain claims', withHeader({ cty: 'JWT' })],
      ['a token as claims', token({}, { claims: Buffer.from(token()) })],
      [
        'five segments (JWE)',
        `${segment({ alg: 'dir', enc: 'A256GCM' })}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`,
      ],
      [
        'five segments of a plain token',
        rewritten((head, body, signed) => `${head}.${body}.${signed}.${body}.${signed}`),
      ],
      ['four segments', rewritten((head, body, signed) => `${head}.${body}.${signed}.${signed}`)],
      ['two segments', rewritten((head, body) => `${head}.${body}`)],
      ['a dot at the end', `${token()}.`],
      ['no signature', rewritten((head, body) => `${head}.${body}.`)],
      ['no claims', rewritten((head, _, signed) => `${head}..${signed}`)],
      ['detached claims', signedText(segment(header), '')],
      [
        'padding in the header',
        signedText(`${segment(paddedHeader)}=`, segment(claims)),
        signedText(segment(paddedHeader), segment(claims)),
      ],
      [
        'padding in the claims',
        signedText(segment(header), `${segment(paddedClaims)}=`),
        signedText(segment(header), segment(paddedClaims)),
      ],
      ['padding of the signature', `${token()}==`],
      [
        'an unused bit in the header',
        signedText(withUnusedBit(segment(paddedHeader)), segment(claims)),
      ],
      [
        'an unused bit in the claims',
        signedText(segment(header), withUnusedBit(segment(paddedClaims))),
      ],
      [
        'an unused bit in the signature',
        rewritten((head, body, signed) => `${head}.${body}.${withUnusedBit(signed)}`),
      ],
      [
        'base64 instead of base64url',
        signedText(
          segment(header),
          Buffer.from(`${open},"n":"ÿþ?>"}`).toString('base64').replaceAll('=', ''),
        ),
        token({}, { claims: `${open},"n":"ÿþ?>"}` }),
      ],
      [
        'a character that is none of base64',
        rewritten((head, body, signed) => `${head}.${body}!.${signed}`),
      ],
      ['one character too many', rewritten((head, body, signed) => `${head}.${body}.${signed}AAA`)],
      ['kid as a list', withHeader({ kid: ['rsa'] })],
      ['kid as an object', withHeader({ kid: { kid: 'rsa' } })],
      ['kid as a number', withHeader({ kid: 1 })],
      ['an empty kid', withHeader({ kid: '' })],
      ['kid of 257 characters', withHeader({ kid: 'k'.repeat(257) })],
      ['kid of 9000 characters', withHeader({ kid: 'k'.repeat(9000) })],
      ['typ as a list', withHeader({ typ: ['JWT'] })],
      ['typ as a number', withHeader({ typ: 1 })],
      [
        'the header twice the same member',
        token({}, { header: '{"alg":"RS256","alg":"RS256","kid":"rsa"}' }),
      ],
      [
        'the header with two algorithms',
        token({}, { header: '{"alg":"none","alg":"RS256","kid":"rsa"}' }),
      ],
      [
        'the header with an escaped second member',
        token({}, { header: '{"alg":"none","\\u0061lg":"RS256","kid":"rsa"}' }),
      ],
      [
        'the header with a crit in spelling',
        token({}, { header: '{"alg":"RS256","kid":"rsa","\\u0063rit":["x"]}' }),
      ],
      ['the header is no JSON', signedText(segment('{alg:RS256}'), segment(claims))],
      [
        'the header has something behind it',
        signedText(segment(`${JSON.stringify(header)}{}`), segment(claims)),
      ],
      [
        'the header is not UTF-8',
        signedText(
          segment(Buffer.from(`{"alg":"RS256","kid":"rsa","x":"\xff"}`, 'latin1')),
          segment(claims),
        ),
      ],
      ['the header is too deep', withHeader({ x: [[[[1]]]] }), withHeader({ x: [[1]] })],
      [
        'the header has __proto__',
        token({}, { header: '{"alg":"RS256","kid":"rsa","__proto__":{"alg":"none"}}' }),
      ],
      ['claims twice the same member', token({}, { claims: `${open},"sub":"bob"}` })],
      ['claims with two issuers', token({}, { claims: `${open},"iss":"${hs}"}` })],
      ['claims with an escaped second member', token({}, { claims: `${open},"\\u0073ub":"bob"}` })],
      [
        'claims twice the same member deep inside',
        token({}, { claims: `${open},"realm_access":{"roles":[],"roles":["admin"]}}` }),
        token({ realm_access: { roles: ['admin'] } }),
      ],
      [
        'claims with half a surrogate pair',
        token({}, { claims: `${open},"name":"\\ud800"}` }),
        token({ name: '😀' }),
      ],
      [
        'claims with invalid UTF-8',
        token({}, { claims: Buffer.from(`${open},"name":"\xff"}`, 'latin1') }),
      ],
      [
        'claims with overlong UTF-8',
        token({}, { claims: Buffer.from(`${open},"name":"\xc0\xaf"}`, 'latin1') }),
      ],
      ['claims with a byte order mark', token({}, { claims: `\ufeff${claimsText}` })],
      ['claims that are a list', token({}, { claims: `[${claimsText}]` })],
      ['claims that are null', token({}, { claims: 'null' })],
      ['claims with something behind them', token({}, { claims: `${claimsText}${claimsText}` })],
      ['claims with a comment', token({}, { claims: `${open}/**/}` })],
      ['claims with single quotes', token({}, { claims: `${open},'a':1}` })],
      ['claims with NaN', token({}, { claims: `${open},"n":NaN}` })],
      [
        'claims that are too deep',
        token({ x: [[[[[[[[[[[[1]]]]]]]]]]]] }),
        token({ x: [[[[[[[[1]]]]]]]] }),
      ],
      [
        'claims with 2001 elements',
        token({ x: Array.from({ length: 2001 }, () => 1) }),
        token({ x: Array.from({ length: 1900 }, () => 1) }),
      ],
      [
        'a claim named __proto__',
        token({}, { claims: `${open},"__proto__":{"roles":["admin"]}}` }),
        token({}, { claims: `${open},"proto":{"roles":["admin"]}}` }),
      ],
      [
        'a claim named __proto__, escaped',
        token({}, { claims: `${open},"\\u005f_proto__":{"roles":["admin"]}}` }),
      ],
      [
        'a claim named __proto__, deep inside',
        token({}, { claims: `${open},"a":[{"b":{"__proto__":null}}]}` }),
      ],
      ['exp 1e400', token({}, { claims: claimsText.replace(/"exp":\d+/, '"exp":1e400') })],
      [
        'a number that no double holds',
        token({}, { claims: `${open},"n":9007199254740993}` }),
        token({}, { claims: `${open},"n":9007199254740992}` }),
      ],
    ],
  ],
  [
    'token-issuer',
    [
      ['iss with a slash more', token({ iss: `${idp}/` })],
      ['iss in another case', token({ iss: 'https://IDP.example' })],
      ['iss with a port', token({ iss: `${idp}:443` })],
      ['iss over http', token({ iss: idp.replace('https', 'http') })],
      ['iss with a space', token({ iss: `${idp} ` })],
      ['iss with NUL', token({ iss: `${idp}\0` })],
      ['iss as a prefix', token({ iss: idp.slice(0, -1) })],
      ['iss as a suffix', token({ iss: `${idp}.attacker.example` })],
      ['another iss', token({ iss: 'https://attacker.example' })],
      ['an empty iss', token({ iss: '' })],
      ['no iss', token({ iss: undefined })],
      ['iss null', token({ iss: null })],
      ['iss as a list', token({ iss: [idp] })],
      ['iss as an object', token({ iss: { iss: idp } })],
      ['iss __proto__', token({ iss: '__proto__' })],
      ['iss of the API keys', token({ iss: 'mcp-guard' })],
    ],
  ],
  [
    'token-type',
    [
      ['typ of an id token of the back channel', withHeader({ typ: 'logout+jwt' })],
      ['typ of a proof', withHeader({ typ: 'dpop+jwt' })],
      ['typ of a security event', withHeader({ typ: 'secevent+jwt' })],
      ['typ of a grant', withHeader({ typ: 'oauth-id-jag+jwt' })],
      ['typ of an answer about a token', withHeader({ typ: 'token-introspection+jwt' })],
      ['an empty typ', withHeader({ typ: '' }), withHeader({ typ: 'JWT' })],
      ['typ JWT and a space', withHeader({ typ: 'JWT ' }), withHeader({ typ: 'jwt' })],
      ['typ JWE', withHeader({ typ: 'JWE' }), withHeader({ typ: 'at+jwt' })],
      ['none where at+jwt is required', ofChoosy({}, { typ: undefined }), ofChoosy()],
      [
        'JWT where at+jwt is required',
        ofChoosy({}, { typ: 'JWT' }),
        ofChoosy({}, { typ: 'application/at+jwt' }),
      ],
      [
        'at+jwt with a parameter',
        ofChoosy({}, { typ: 'at+jwt;v=1' }),
        ofChoosy({}, { typ: 'AT+JWT' }),
      ],
      ['twice application/', ofChoosy({}, { typ: 'application/application/at+jwt' }), ofChoosy()],
    ],
  ],
  [
    'token-audience',
    [
      ['another aud', token({ aud: 'other' })],
      ['aud as a prefix', token({ aud: 'mc' })],
      ['aud as a suffix', token({ aud: 'mcp-dev' })],
      ['aud in another case', token({ aud: 'MCP' })],
      ['aud with a space', token({ aud: 'mcp ' })],
      ['two in one text', token({ aud: 'mcp urn:second' }), token({ aud: 'urn:second' })],
      ['a list of others', token({ aud: ['other', 'mcp-dev'] }), token({ aud: ['other', 'mcp'] })],
      ['an empty list', token({ aud: [] })],
      ['an empty text', token({ aud: '' })],
      ['no aud', token({ aud: undefined })],
      ['a pattern', token({ aud: '*' })],
      [
        'the audience of another issuer',
        token({ iss: hs, aud: 'urn:second' }, { header: { alg: 'HS256' }, with: { secret } }),
        hmac('HS256'),
      ],
      [
        'an id token, made out to its client',
        token({ aud: 'client-1', nonce: 'n', at_hash: 'x' }),
        token({ nonce: 'n', at_hash: 'x' }),
      ],
    ],
  ],
  [
    'token-claims',
    [
      ['aud as an object', token({ aud: { mcp: true } })],
      ['aud as a number', token({ aud: 1 })],
      ['aud null', token({ aud: null })],
      ['aud true', token({ aud: true })],
      ['aud a list with a number', token({ aud: ['mcp', 1] })],
      ['aud a list in a list', token({ aud: [['mcp']] })],
      ['no exp', token({ exp: undefined })],
      ['exp null', token({ exp: null })],
      ['exp as a text', token({ exp: String(claims.exp) })],
      ['exp as a list', token({ exp: [claims.exp] })],
      ['exp true', token({ exp: true })],
      ['exp in milliseconds of the year 200000', token({ exp: 6_250_000_000_000 })],
      ['exp 1e300', token({ exp: 1e300 })],
      ['exp an empty object', token({ exp: {} })],
      ['nbf as a text', token({ nbf: '0' }), token({ nbf: 0 })],
      ['nbf null', token({ nbf: null })],
      ['nbf -1e300', token({ nbf: -1e300 })],
      ['iat as a text', token({ iat: '0' })],
      ['iat null', token({ iat: null })],
      ['jti as a number', token({ jti: 7 }), token({ jti: '7' })],
      ['an empty jti', token({ jti: '' })],
      ['no sub', token({ sub: undefined })],
      ['an empty sub', token({ sub: '' })],
      ['sub null', token({ sub: null })],
      ['sub as a number', token({ sub: 7 }), token({ sub: '7' })],
      ['sub as a list', token({ sub: ['alice'] })],
      ['sub as an object', token({ sub: { id: 'alice' } })],
      ['sub with a line break', token({ sub: 'alice\nbob' }), token({ sub: 'alice|bob,"x"' })],
      ['sub with NUL', token({ sub: 'alice\0' })],
      ['sub with an invisible character', token({ sub: 'alice\u200b' })],
      ['sub that turns its writing around', token({ sub: '\u202ealice' })],
      ['sub of 257 characters', token({ sub: 'a'.repeat(257) }), token({ sub: 'a'.repeat(256) })],
      [
        'roles as a number',
        token({ realm_access: { roles: 1 } }),
        token({ realm_access: { roles: 'dev' } }),
      ],
      ['roles as an object', token({ realm_access: { roles: { admin: true } } })],
      ['roles null', token({ realm_access: { roles: null } }), token({ realm_access: {} })],
      [
        'roles with a number',
        token({ realm_access: { roles: ['dev', 1] } }),
        token({ realm_access: { roles: ['dev'] } }),
      ],
      ['roles with an empty name', token({ realm_access: { roles: [''] } })],
      ['roles with a control character', token({ realm_access: { roles: ['a\u0007'] } })],
      [
        '1001 roles',
        token({ realm_access: { roles: Array.from({ length: 1001 }, (_, n) => `${n}`) } }),
        token({ realm_access: { roles: Array.from({ length: 1000 }, (_, n) => `${n}`) } }),
      ],
      ['groups false', token({ groups: false }), token({ groups: [] })],
      ['groups in groups', token({ groups: [['a']] }), token({ groups: ['a'] })],
      ['scope as a number', token({ scope: 1 }), token({ scope: 'a b' })],
      ['scope with two spaces', token({ scope: 'a  b' }), token({ scope: ['a', 'b'] })],
      ['scope with a space at the end', token({ scope: 'a ' }), token({ scope: '' })],
      ['scope with a quote', token({ scope: 'a"b' })],
      ['scope with a tab', token({ scope: 'a\tb' })],
      ['a scope of two in a list', token({ scope: ['a b'] })],
      ['tenant as a list', token({ tenant: ['acme'] }), token({ tenant: 'acme' })],
      ['an empty tenant', token({ tenant: '' })],
      ['client_id as a number', token({ client_id: 1 }), token({ client_id: 'c' })],
      ['act as a text', token({ act: 'agent' }), token({ act: { sub: 'agent' } })],
      ['act as a list', token({ act: [{ sub: 'agent' }] })],
      ['act without sub', token({ act: { iss: idp } }), token({ act: { sub: 'agent', iss: idp } })],
      ['act of another issuer', token({ act: { sub: 'agent', iss: 'https://attacker.example' } })],
      [
        'act of a wrong kind inside',
        token({ act: { sub: 'agent', act: 'x' } }),
        token({ act: { sub: 'agent', act: { sub: 'other' } } }),
      ],
      ['nine actors', token({ act: actors(9) }), token({ act: actors(8) })],
    ],
  ],
  [
    'token-unbound',
    [
      [
        'bound to a certificate, none shown',
        token({ cnf: { 'x5t#S256': 'A'.repeat(43) } }),
        token(),
      ],
      ['bound to a key that signs requests', token({ cnf: { jkt: 'A'.repeat(43) } })],
      ['bound to a key in the token', token({ cnf: { jwk: jwkOf(keys.rsa) } })],
      ['bound to a named key', token({ cnf: { kid: 'rsa' } })],
      ['bound in an unknown way', token({ cnf: { new: 'x' } })],
      ['bound twice', token({ cnf: { 'x5t#S256': 'A'.repeat(43), jkt: 'A'.repeat(43) } })],
      ['an empty cnf', token({ cnf: {} })],
      ['cnf null', token({ cnf: null })],
      ['cnf as a text', token({ cnf: 'A'.repeat(43) })],
      ['cnf with an empty thumbprint', token({ cnf: { 'x5t#S256': '' } })],
      ['cnf with a list', token({ cnf: { 'x5t#S256': ['A'.repeat(43)] } })],
    ],
  ],
  [
    'credential-expired',
    [
      ['exp a second ago', token({ exp: seconds - 1 })],
      ['exp 0', token({ exp: 0 })],
      ['exp negative', token({ exp: -1 })],
      ['exp far below', token({ exp: -250_000_000_000 })],
      ['exp a fraction ago', token({ exp: seconds - 0.5 }), token({ exp: seconds + 3600.5 })],
      [
        'exp a second ago, with a leeway of 30 s',
        token({ exp: seconds - 1, nbf: seconds + 5 }),
        token({ nbf: seconds + 5 }),
      ],
    ],
  ],
  [
    'credential-not-yet-valid',
    [
      ['nbf in an hour', token({ nbf: seconds + 3000 })],
      ['nbf beyond the leeway', token({ nbf: seconds + 90 }), token({ nbf: seconds + 10 })],
      ['nbf without leeway', ofChoosy({ nbf: seconds + 60 }), ofChoosy({ nbf: seconds - 60 })],
      ['iat in an hour', token({ iat: seconds + 3000 })],
      ['iat beyond the leeway', token({ iat: seconds + 90 }), token({ iat: seconds + 10 })],
    ],
  ],
  [
    'token-revoked',
    [
      ['jti on the list', token({ jti: 'dead-token' }), token({ jti: 'dead-token ' })],
      ['sub on the list', token({ sub: 'mallory' }), token({ sub: 'mallory2' })],
      [
        'sub on the list, issued before',
        token({ sub: 'carol', iat: 1_767_225_599 }),
        token({ sub: 'carol', iat: 1_767_225_600 }),
      ],
      [
        'sub on the list, nobody knows when',
        token({ sub: 'carol', iat: undefined }),
        token({ sub: 'carol' }),
      ],
      [
        'issued before everybody is on the list',
        token({ iat: 1_577_836_799 }),
        token({ iat: 1_577_836_800 }),
      ],
      ['nobody knows when', token({ iat: undefined })],
    ],
  ],
  [
    'credential-malformed',
    [
      ['a space inside', `${token().slice(0, 20)} ${token().slice(20)}`],
      ['a tab inside', `${token().slice(0, 20)}\t${token().slice(20)}`],
      ['a text of 16385 characters', token({ x: 'x'.repeat(11_500) }).padEnd(16_385, 'A')],
      ['two tokens', `${token()}, ${token()}`],
      ['in quotes and spaces', `" ${token()} "`],
    ],
  ],
  [
    // Not by its form a token, so a key, and there is none.
    'credential-unknown',
    [
      ['the header is a list', token({}, { header: '["RS256"]', algorithm: 'RS256' })],
      ['the header is a text', signedText(segment('"RS256"'), segment(claims))],
      ['dots only', '..'],
      ['a dot before', `.${token()}`],
      ['the claims alone', segment(claims)],
      [
        'the JSON form',
        JSON.stringify({
          payload: segment(claims),
          protected: segment(header),
          signature: token().split('.')[2],
        }),
      ],
      ['segments in another order', rewritten((head, body, signed) => `${signed}.${head}.${body}`)],
      [
        'white space before the header',
        signedText(segment(` ${JSON.stringify(header)}`), segment(claims)),
        signedText(segment(`{ ${JSON.stringify(header).slice(1)}`), segment(claims)),
      ],
      ['quoted', `"${token()}"`],
      ['percent-encoded', token().replace('e', '%65')],
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

function actors(count: number): object {
  return count === 1 ? { sub: 'a1' } : { sub: `a${count}`, act: actors(count - 1) }
}

export const cases: readonly TokenCase[] = rows.flatMap(([reason, ofReason]) =>
  ofReason.map(([what, text, twin]) => ({ what, reason, token: text, twin: twin ?? null })),
)
