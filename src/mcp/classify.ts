/**
 * Which era a posted message belongs to, and whether its headers and body agree about it. The body
 * decides: `_meta` with a protocol version is modern (2026-07-28), anything else is legacy; a header
 * that contradicts is refused, never believed. Pure and total; sessions are not looked at here.
 * Spec: 2026-07-28 transport and versioning; 2025-06-18 and 2025-11-25 `MCP-Protocol-Version`.
 */
import type { ClientInfo, Era, Json, JsonObject, Message, RawHeaders } from '../domain.js'
import { batchVersion } from './batch.js'
import { checkMirror, type McpHeaders, mismatch, type Rejection, readMcpHeaders } from './mirror.js'

export interface Classified {
  readonly ok: true
  readonly era: Era
  /** What the message claims; null when a legacy message leaves it to its session. */
  readonly protocolVersion: string | null
  /** What the client says of itself in this message; legacy says it in `initialize` only. */
  readonly client: ClientInfo | null
}

export type Classification = Classified | Rejection

export interface InboundDescription {
  readonly message: Message
  readonly headers: RawHeaders
}

const metaPrefix = 'io.modelcontextprotocol/'
const maxVersionLength = 64
const maxClientLength = 256
const modernVersions = ['2026-07-28']

const eras: ReadonlyMap<string, Era> = new Map<string, Era>([
  ['2024-10-07', 'legacy'],
  ['2024-11-05', 'legacy'],
  [batchVersion, 'legacy'],
  ['2025-06-18', 'legacy'],
  ['2025-11-25', 'legacy'],
  ...modernVersions.map((version): [string, Era] => [version, 'modern']),
])

/** The era of a published protocol version; null when it is none. */
export function eraOf(protocolVersion: string): Era | null {
  return eras.get(protocolVersion) ?? null
}

export function classifyInbound({ message, headers }: InboundDescription): Classification {
  const read = readMcpHeaders(headers)
  if (!read.ok) return read
  const meta = message.params?.['_meta']
  const claim = isObject(meta) ? meta[`${metaPrefix}protocolVersion`] : undefined
  const classified =
    isObject(meta) && claim !== undefined
      ? classifyModern(message, meta, claim, read.headers)
      : classifyWithoutClaim(message, read.headers)
  if (!classified.ok) return classified
  const mirror = checkMirror(message, read.headers, classified.era)
  return mirror.ok ? classified : mirror
}

function classifyModern(
  message: Message,
  meta: JsonObject,
  claim: Json,
  headers: McpHeaders,
): Classification {
  if (typeof claim !== 'string') {
    return reject(-32602, 'envelope-invalid', 'the protocol version in _meta is not a string')
  }
  if (message.kind === 'request' && !isObject(meta[`${metaPrefix}clientCapabilities`])) {
    return reject(-32602, 'envelope-invalid', 'the client capabilities in _meta are missing')
  }
  const header = headers.get('mcp-protocol-version')
  if (header !== undefined && header !== claim) {
    return mismatch('MCP-Protocol-Version differs from the version in _meta')
  }
  // A legacy version in a modern envelope would escape the checks of both eras.
  if (eraOf(claim) !== 'modern') return unsupported(claim)
  if (header === undefined && message.kind === 'request') {
    return mismatch('MCP-Protocol-Version is missing')
  }
  if (message.method === 'initialize') {
    return reject(-32601, 'method-removed', 'this protocol version has no initialize', 404)
  }
  const client = clientInfo(meta[`${metaPrefix}clientInfo`])
  return { ok: true, era: 'modern', protocolVersion: claim, client }
}

function classifyWithoutClaim(message: Message, headers: McpHeaders): Classification {
  const header = headers.get('mcp-protocol-version')
  if (header !== undefined) {
    const era = eraOf(header)
    if (era === null) {
      return reject(-32600, 'version-unknown', 'MCP-Protocol-Version names an unknown version')
    }
    if (era === 'modern') return classifyModernHeader(message, header)
  }
  if (message.method === 'initialize') return classifyInitialize(message)
  return { ok: true, era: 'legacy', protocolVersion: header ?? null, client: null }
}

/** Only a notification may leave its era to the header: it has no required envelope. */
function classifyModernHeader(message: Message, version: string): Classification {
  if (message.kind === 'notification') {
    return { ok: true, era: 'modern', protocolVersion: version, client: null }
  }
  if (message.kind === 'response') {
    return reject(-32600, 'response-unexpected', 'this protocol version has no posted responses')
  }
  return message.method === 'initialize'
    ? mismatch('MCP-Protocol-Version names a version without initialize')
    : reject(-32602, 'envelope-invalid', 'the protocol version in _meta is missing')
}

/** Any version may be asked for: the server answers with the one it speaks. */
function classifyInitialize(message: Message): Classification {
  const version = message.params?.['protocolVersion']
  if (typeof version !== 'string' || version === '' || version.length > maxVersionLength) {
    return reject(-32602, 'initialize-invalid', 'initialize does not name a protocol version')
  }
  const client = clientInfo(message.params?.['clientInfo'])
  return { ok: true, era: 'legacy', protocolVersion: version, client }
}

function unsupported(requested: string): Rejection {
  const data = { supported: [...modernVersions], requested: requested.slice(0, maxVersionLength) }
  return {
    ...reject(-32022, 'version-unsupported', 'the protocol version is not supported'),
    data,
  }
}

/** Optional and never verified, so one that cannot be used counts as none. */
function clientInfo(value: Json | undefined): ClientInfo | null {
  if (!isObject(value)) return null
  const { name, version } = value
  return isClientText(name) && isClientText(version) ? { name, version } : null
}

function isClientText(value: Json | undefined): value is string {
  return typeof value === 'string' && value.length <= maxClientLength
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function reject(code: number, auditCode: string, text: string, status = 400): Rejection {
  return { ok: false, status, code, text, auditCode, data: null }
}
