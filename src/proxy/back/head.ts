/**
 * Status and headers of an upstream's answer: may it pass, and as what kind of frames. Pure.
 * An answer in an encoding, charset or format that could not be read while it passes does not pass;
 * an error in such a form keeps its status and loses its body.
 */
import { parseMediaType } from '../../lib/media-type.js'
import type { AnswerHead, Framing } from '../frames.js'

/** Names in lower case; an array where the upstream sent a header more than once. */
export type ResponseHeaders = Record<string, string | string[] | undefined>

/** Headers of an upstream's answer that a client may see. Framing and identity are the gateway's. */
const passedHeaders = [
  'mcp-session-id',
  'mcp-protocol-version',
  'retry-after',
  'x-accel-buffering',
  'allow',
] as const

const readNames = [...passedHeaders, 'content-encoding', 'content-type'].map((name) => ({
  name,
  bytes: Buffer.from(name),
}))

/** Headers as they came, name and value alternating; those that nobody asks for are left out. */
export function readHeaders(raw: readonly Buffer[]): ResponseHeaders {
  const headers: ResponseHeaders = {}
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = readName(raw[index])
    const value = raw[index + 1]
    if (name === null || value === undefined) continue
    const text = value.toString('latin1')
    const before = headers[name]
    headers[name] = before === undefined ? text : [before, text].flat()
  }
  return headers
}

/** Which of the names that are read it is, in any case (RFC 9110 5.1: ASCII tokens). */
function readName(written: Buffer | undefined): string | null {
  if (written === undefined) return null
  for (const { name, bytes } of readNames) {
    if (bytes.length === written.length && isSameToken(written, bytes)) return name
  }
  return null
}

function isSameToken(written: Buffer, lower: Buffer): boolean {
  for (let index = 0; index < lower.length; index += 1) {
    const code = written[index] ?? 0
    if ((code >= 65 && code <= 90 ? code + 32 : code) !== lower[index]) return false
  }
  return true
}

/** The head as frames know it, or why the answer cannot be passed on. */
export function readHead(status: number, headers: ResponseHeaders): AnswerHead | string {
  if (status === 401 || status === 403) return `the upstream refused the gateway with ${status}`
  if (status >= 300 && status < 400) return `the upstream redirects (${status})`
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') return 'the answer is encoded'
  const framing = readFraming(status, headers['content-type'])
  if (framing === null) return 'the answer has a content type that is not MCP'
  if (framing === 'none' && status >= 500 && status !== 503) return `the upstream failed: ${status}`
  const passed = new Map<string, string>()
  for (const name of passedHeaders) {
    const value = headers[name]
    if (Array.isArray(value)) return `the answer has two \`${name}\` headers`
    if (value !== undefined) passed.set(name, value)
  }
  return { status, framing, headers: passed }
}

function readFraming(status: number, contentType: string | string[] | undefined): Framing | null {
  if (status === 202 || status === 204 || status === 205) return 'none'
  // Error pages in other formats keep their status and lose their body.
  const otherwise = status >= 400 || contentType === undefined ? 'none' : null
  if (typeof contentType !== 'string') return otherwise
  const media = parseMediaType(contentType)
  if (media === null || (media.charset ?? 'utf-8') !== 'utf-8') return otherwise
  if (media.essence === 'application/json') return 'json'
  if (media.essence === 'text/event-stream') return status === 200 ? 'sse' : otherwise
  return otherwise
}
