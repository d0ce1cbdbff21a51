/**
 * The first gate, on the request line and headers alone: Host and Origin (DNS rebinding), path,
 * verb, doubled headers, media types. Nothing of the caller is known yet, nothing of the body is read.
 * Paths match whole and undecoded: a path that would have to be normalised is an unknown one.
 */

import { acceptedForms } from '../lib/accept.js'
import { headerPicker, headerValues, singleHeader } from '../lib/headers.js'
import { parseMediaType } from '../lib/media-type.js'
import { type Rejected, rejected } from './outcome.js'

export interface AdmitRules {
  /** Host names (lower case, no port) under which the gateway may be addressed. */
  readonly hosts: ReadonlySet<string>
  /** Whole origins allowed beside those whose host is in `hosts`. */
  readonly origins: ReadonlySet<string>
  /** The front reads one more than this, so that too many are seen and not cut off. */
  readonly maxHeaders: number
}

export interface RequestHead {
  readonly verb: string
  readonly target: string
  readonly rawHeaders: readonly string[]
}

export type Admitted<Route> = { readonly ok: true; readonly route: Route } | Refused
interface Refused {
  readonly ok: false
  readonly refusal: Rejected
}

/** Headers whose meaning depends on there being one. Credentials are judged by identity. */
const pickSingletons = headerPicker([
  'host',
  'origin',
  'content-type',
  'content-encoding',
  'content-length',
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'last-event-id',
])

const verbs = ['POST', 'GET', 'DELETE', 'OPTIONS']
const allow = verbs.join(', ')

export function admit<Route>(
  head: RequestHead,
  rules: AdmitRules,
  routes: ReadonlyMap<string, Route>,
): Admitted<Route> {
  if (head.rawHeaders.length / 2 > rules.maxHeaders) {
    return refuse(431, -32600, 'headers-too-many', 'too many headers')
  }
  const { values, doubled } = pickSingletons(head.rawHeaders)
  if (doubled) return refuse(400, -32600, 'header-doubled', 'a header is there twice')
  const [host = null, origin = null, type = null, encoding = null, length = null] = values
  if (!hostAllowed(host, rules.hosts)) {
    return refuse(403, -32600, 'host-refused', 'this Host is not served here')
  }
  if (origin !== null && !originAllowed(origin, rules)) {
    return refuse(403, -32600, 'origin-refused', 'this Origin is not allowed')
  }
  const route = routes.get(head.target)
  if (route === undefined) return refuse(404, -32600, 'route-unknown', 'no MCP server at this path')
  if (!verbs.includes(head.verb)) {
    return refuse(405, -32600, 'verb-refused', 'this method is not allowed', ['allow', allow])
  }
  const unanswerable = checkAccept(head)
  if (unanswerable !== null) return refuse(406, -32600, 'accept-refused', unanswerable)
  if (head.verb === 'POST') return admitBody(route, type, encoding)
  // A body that nobody reads would hide the end of the connection.
  const chunked = singleHeader(head.rawHeaders, 'transfer-encoding')
  if ((length !== null && length !== '0') || !chunked.ok || chunked.value !== null) {
    return refuse(400, -32600, 'body-unexpected', 'this method has no body')
  }
  return { ok: true, route }
}

/** The server chooses how it answers, so a client has to take either form (2025-03-26 and later). */
function checkAccept({ verb, rawHeaders }: RequestHead): string | null {
  if (verb !== 'POST' && verb !== 'GET') return null
  const values = headerValues(rawHeaders, 'accept')
  const [first] = values
  if (first === undefined) return null
  const { json, events } = acceptedForms(values.length === 1 ? first : values.join(','))
  if (verb === 'GET') return events ? null : 'Accept has to take text/event-stream'
  const both = 'Accept has to take application/json and text/event-stream'
  return json && events ? null : both
}

function admitBody<Route>(
  route: Route,
  type: string | null,
  encoding: string | null,
): Admitted<Route> {
  const media = type === null ? null : parseMediaType(type)
  const readable = media?.essence === 'application/json' && (media.charset ?? 'utf-8') === 'utf-8'
  if (!readable || (encoding !== null && encoding.toLowerCase() !== 'identity')) {
    const text = 'the body must be application/json, not encoded'
    return refuse(415, -32600, 'media-type-refused', text)
  }
  return { ok: true, route }
}

/** A Host header's name, its port aside, is one of `hosts`. Absent or malformed is not allowed. */
export function hostAllowed(host: string | null, hosts: ReadonlySet<string>): boolean {
  const match =
    host === null ? null : /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$/.exec(host)
  return match?.[1] !== undefined && hosts.has(match[1].toLowerCase())
}

function originAllowed(origin: string, rules: AdmitRules): boolean {
  if (rules.origins.has(origin)) return true
  const match = /^https?:\/\/([^/@?#]+)$/.exec(origin)
  return match?.[1] !== undefined && hostAllowed(match[1], rules.hosts)
}

function refuse(
  status: number,
  code: number,
  auditCode: string,
  text: string,
  headers: readonly string[] = [],
): Refused {
  return { ok: false, refusal: rejected(status, code, auditCode, text, { headers }) }
}
