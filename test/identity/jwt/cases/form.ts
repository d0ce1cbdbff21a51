/** Texts that are no token, or not in the one canonical form. */
import { segment } from '../../../support/tokens.js'
import { hs } from '../issuers.js'
import {
  type CaseRows,
  claims,
  claimsText,
  header,
  open,
  paddedClaims,
  paddedHeader,
  rewritten,
  signedText,
  token,
  withHeader,
  withUnusedBit,
} from './making.js'

export const formCases: CaseRows = [
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
