/**
 * The routing headers of 2026-07-28 (`Mcp-Method`, `Mcp-Name`, `Mcp-Param-*`) against the body they
 * mirror. The body is the source of truth; a header that says something else was meant for somebody
 * who reads only headers, so the request is refused (400, -32020). `Mcp-Param-*` is checked for its
 * form only: what it mirrors is known to the server that declared it.
 */
import type { Era, JsonObject, Message, RawHeaders } from '../domain.js'
import { isKnownMethod } from './methods.js'

/** Refused by the protocol: what `respond` needs, and the stable code for the audit. */
export interface Rejection {
  readonly ok: false
  readonly status: number
  readonly code: number
  readonly text: string
  readonly auditCode: string
  readonly data: JsonObject | null
}

/** Every `Mcp-*` header by its lower-case name, outer white space removed. */
export type McpHeaders = ReadonlyMap<string, string>

export type McpHeadersResult = { readonly ok: true; readonly headers: McpHeaders } | Rejection

const parameterPrefix = 'mcp-param-'
const sentinelPrefix = '=?base64?'
const sentinelSuffix = '?='
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The parameter that `Mcp-Name` mirrors. */
const nameMembers: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
])

/** None of these headers is a list: a second one is there to be read by somebody else. */
export function readMcpHeaders(raw: RawHeaders): McpHeadersResult {
  const headers = new Map<string, string>()
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const written = raw[index] ?? ''
    if (written.charAt(0) !== 'm' && written.charAt(0) !== 'M') continue
    const name = written.toLowerCase()
    if (!name.startsWith('mcp-')) continue
    if (headers.has(name)) return mismatch('an Mcp header is there twice')
    headers.set(name, trimmed(raw[index + 1] ?? ''))
  }
  return { ok: true, headers }
}

/**
 * A modern request has to carry the headers; anything else need not, but a header that is there
 * has to be true.
 */
export function checkMirror(
  message: Message,
  headers: McpHeaders,
  era: Era,
): { readonly ok: true } | Rejection {
  const required = era === 'modern' && message.kind === 'request'
  const method = headers.get('mcp-method')
  if (method === undefined) {
    if (required) return mismatch('Mcp-Method is missing')
  } else if (message.kind === 'response' || method !== message.method) {
    return mismatch('Mcp-Method differs from the method of the body')
  }
  return checkName(message, headers.get('mcp-name'), required) ?? checkParameters(headers)
}

/** The text of a header value: plain visible ASCII, or base64 of UTF-8 between the markers. */
export function decodeHeaderValue(value: string): string | null {
  if (!/^[\x20-\x7e]*$/.test(value)) return null
  // Both markers, in exactly this case; anything else is an ordinary value.
  const encoded =
    value.length >= sentinelPrefix.length + sentinelSuffix.length &&
    value.startsWith(sentinelPrefix) &&
    value.endsWith(sentinelSuffix)
  if (!encoded) return value
  return decodeBase64(value.slice(sentinelPrefix.length, -sentinelSuffix.length))
}

/** As a header value; what is not plain, or looks encoded, is encoded. */
export function encodeHeaderValue(text: string): string {
  if (isPlain(text) && decodeHeaderValue(text) === text) return text
  return `${sentinelPrefix}${Buffer.from(text).toString('base64')}${sentinelSuffix}`
}

/** Visible ASCII, white space only inside. */
function isPlain(text: string): boolean {
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text)
}

function checkName(
  message: Message,
  header: string | undefined,
  required: boolean,
): Rejection | null {
  const member = nameMembers.get(message.method)
  const name = member === undefined ? undefined : message.params?.[member]
  if (header === undefined) {
    return required && name !== undefined ? mismatch('Mcp-Name is missing') : null
  }
  const decoded = decodeHeaderValue(header)
  if (decoded === null) return mismatch('Mcp-Name is malformed')
  // A method from an extension may have a mirror this table does not know.
  if (member === undefined && !isKnownMethod(message.method)) return null
  return decoded === name ? null : mismatch('Mcp-Name differs from the name in the body')
}

function checkParameters(headers: McpHeaders): { readonly ok: true } | Rejection {
  for (const [name, value] of headers) {
    if (!name.startsWith(parameterPrefix)) continue
    if (name.length === parameterPrefix.length || decodeHeaderValue(value) === null) {
      return mismatch('an Mcp-Param header is malformed')
    }
  }
  return { ok: true }
}

/**
 * Canonical base64 only (RFC 4648 §3.5): `atob` also takes missing padding, white space and stray
 * low bits, which other decoders refuse.
 */
function decodeBase64(text: string): string | null {
  try {
    const binary = atob(text)
    if (btoa(binary) !== text) return null
    return decoder.decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)))
  } catch {
    return null
  }
}

/** Optional white space is SP and HTAB (RFC 9110 §5.6.3), less than what `trim` removes. */
function trimmed(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isSpace(value.charCodeAt(start))) start += 1
  while (end > start && isSpace(value.charCodeAt(end - 1))) end -= 1
  return value.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

export function mismatch(text: string): Rejection {
  return { ok: false, status: 400, code: -32020, text, auditCode: 'header-mismatch', data: null }
}

/**
 * The headers that a modern message has to carry, for a client whose transport has none. A method that
 * no header can say is left out, and its request is refused as one that lacks it.
 */
export function mirrorOf(message: Message, protocolVersion: string): string[] {
  const headers = ['mcp-protocol-version', protocolVersion]
  if (isPlain(message.method)) headers.push('mcp-method', message.method)
  const member = nameMembers.get(message.method)
  const name = member === undefined ? undefined : message.params?.[member]
  if (typeof name === 'string') headers.push('mcp-name', encodeHeaderValue(name))
  return headers
}
