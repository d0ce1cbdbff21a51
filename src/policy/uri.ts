/**
 * The parts of a resource's URI as policy sees them, and whether every parser reads the URI alike.
 * Text work only: it decodes nothing into the parts, resolves nothing and never throws. A prefix
 * rule is safe on a canonical URI and on no other, so the shipped rules refuse the rest.
 * RFC 3986 for syntax; stricter where parsers are known to differ.
 */

export interface UriParts {
  readonly scheme: string
  readonly authority: string
  readonly path: string
  readonly canonical: boolean
}

/** Schemes whose host goes through address parsing and whose `//` some parsers add by themselves. */
const hostSchemes: ReadonlySet<string> = new Set(['http', 'https', 'ws', 'wss', 'ftp'])

/** Longer ones are nobody's address, and looking at each segment of a megabyte takes its time. */
const maxCanonical = 8_192

const schemePattern = /^([A-Za-z][A-Za-z0-9+.-]*):/
const legal = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*(#[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*)?$/
const encodedOtherwise = /%(?![0-9A-F]{2})/
/** Letters, digits and `-._~` need no encoding (RFC 3986, 6.2.2.2): a second spelling of a name. */
const encodedNeedlessly = /%(2D|2E|5F|7E|3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])/
/** Control characters, `/`, `\`, and what becomes another encoding when decoded twice. */
const encodedTrick = /%([01][0-9A-F]|7F|2F|5C|25[0-9A-Fa-f]{2})/
const hostPort = /^(\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=-]+)(:[1-9][0-9]{0,4})?$/
const numericHost = /(^|\.)([0-9]+|0x[0-9a-f]*)(:[0-9]+)?$/
const dottedQuad = /^((0|[1-9][0-9]{0,2})\.){3}(0|[1-9][0-9]{0,2})(:[0-9]+)?$/

export function uriParts(text: string): UriParts {
  return split(text, text)
}

/** The same of a URI template's text (RFC 6570): its expressions in braces pass as they stand. */
export function uriTemplateParts(text: string): UriParts {
  return split(text, text.replace(/\{[^{}]*\}/g, blank))
}

/** `shape` is as long as `text`: places are found in the one, parts are cut from the other. */
function split(text: string, shape: string): UriParts {
  const scheme = schemePattern.exec(text)?.[1]
  if (scheme === undefined) return { scheme: '', authority: '', path: text, canonical: false }
  const start = scheme.length + 1
  const hasAuthority = shape.startsWith('//', start)
  const authorityStart = hasAuthority ? start + 2 : start
  const authorityEnd = hasAuthority ? firstOf(shape, /[/?#]/g, authorityStart) : start
  const pathEnd = firstOf(shape, /[?#]/g, authorityEnd)
  return {
    scheme: scheme.toLowerCase(),
    authority: text.slice(authorityStart, authorityEnd),
    path: text.slice(authorityEnd, pathEnd),
    canonical:
      text.length <= maxCanonical &&
      scheme === scheme.toLowerCase() &&
      isCanonicalAuthority(scheme, hasAuthority, shape.slice(authorityStart, authorityEnd)) &&
      isCanonicalPath(shape.slice(authorityEnd, pathEnd), hasAuthority) &&
      isCanonicalRest(shape.slice(authorityEnd)),
  }
}

function isCanonicalAuthority(scheme: string, present: boolean, authority: string): boolean {
  // `file://host/x` is /x to one server and a share on `host` to another.
  if (scheme === 'file') return present && authority === ''
  if (authority === '') return !hostSchemes.has(scheme)
  if (!hostPort.test(authority)) return false
  if (/^\.|\.\.|\.(:|$)/.test(authority)) return false
  // 127.1, 0x7f.1 and 2130706433 are one address to some parsers and names to others.
  return !hostSchemes.has(scheme) || !numericHost.test(authority) || dottedQuad.test(authority)
}

/** A path without `//` and `/` in front (mailto:, urn:) has no segments that could be empty. */
function isCanonicalPath(path: string, hasAuthority: boolean): boolean {
  return !path.includes('//') || !(hasAuthority || path.startsWith('/'))
}

/**
 * Path, query and fragment together: a server that takes the whole rest for a file name would walk
 * through dot segments in a query too.
 */
function isCanonicalRest(rest: string): boolean {
  if (!legal.test(rest) || encodedOtherwise.test(rest)) return false
  if (encodedNeedlessly.test(rest) || encodedTrick.test(rest)) return false
  return rest.split(/[/?#]/).every(isCanonicalSegment)
}

function isCanonicalSegment(segment: string): boolean {
  const decoded = decode(segment)
  if (decoded === null || /\p{Cc}/u.test(decoded)) return false
  // Compatibility forms of `.`, `/` and `\` (U+FF0E, U+2025, U+FF0F …) turn into them under NFKC.
  const folded = decoded.normalize('NFKC')
  if (folded !== decoded && /[/\\]/.test(folded)) return false
  // `..;x` loses its parameter in some servers, `.. ` its blanks on some systems.
  return !/^[.\s]+(;|$)/.test(folded)
}

/** null: not UTF-8; overlong forms and surrogates are not. */
function decode(segment: string): string | null {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

function firstOf(text: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

function blank(expression: string): string {
  return 'x'.repeat(expression.length)
}
