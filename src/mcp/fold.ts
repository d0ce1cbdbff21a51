/**
 * Member names that a lax parser takes for a known one: `Name` or `paramſ` beside `name` or
 * `params`. Parsers that compare names without case (Go's encoding/json, Jackson, .NET) or that end
 * a name at NUL (C strings) read such a member as the known one, so what policy judged would not be
 * what runs. Knows the names the protocol gives a meaning to; members with other names are free.
 */
import type { JsonObject } from '../domain.js'

export interface KnownNames {
  readonly exact: ReadonlySet<string>
  readonly folded: ReadonlySet<string>
}

export const envelopeNames = known(['jsonrpc', 'id', 'method', 'params', 'result', 'error'])

/** Parameters of all methods of all revisions, in both directions. */
export const paramsNames = known([
  ...['_meta', 'cursor', 'name', 'arguments', 'uri', 'ref', 'argument', 'context'],
  ...['protocolVersion', 'capabilities', 'clientInfo', 'notifications', 'level', 'logger', 'data'],
  ...['inputResponses', 'requestState', 'requestId', 'reason', 'progressToken', 'progress'],
  ...['total', 'message', 'mode', 'requestedSchema', 'url', 'elicitationId'],
  ...['messages', 'modelPreferences', 'systemPrompt', 'includeContext', 'temperature', 'maxTokens'],
  ...['stopSequences', 'metadata', 'tools', 'toolChoice', 'task', 'taskId', 'status'],
  ...['statusMessage', 'createdAt', 'lastUpdatedAt', 'ttl', 'ttlMs', 'pollInterval'],
  ...['pollIntervalMs', 'inputRequests', 'result', 'error'],
])

export const metaNames = known([
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientCapabilities',
  'io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/logLevel',
  'io.modelcontextprotocol/serverInfo',
  'io.modelcontextprotocol/subscriptionId',
  'io.modelcontextprotocol/related-task',
  'progressToken',
  'traceparent',
  'tracestate',
  'baggage',
])

/** `params.ref` of completion/complete: it names the item. */
export const referenceNames = known(['type', 'name', 'uri'])

/** `params.notifications` of subscriptions/listen: it names items. */
export const filterNames = known([
  'toolsListChanged',
  'promptsListChanged',
  'resourcesListChanged',
  'resourceSubscriptions',
  'taskIds',
])

/**
 * A name as the most lenient parser compares it: cut at NUL, compatibility forms (NFKC: long s,
 * Kelvin sign, full width, ligatures) and ignorable code points removed, without case.
 */
export function fold(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name.toLowerCase()
  const [untilNul = ''] = name.split('\0', 1)
  return (
    untilNul
      .normalize('NFKC')
      .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
      .replaceAll('\u0130', 'I')
      // Through upper case: it joins what lower case keeps apart (dotless i, sharp s).
      .toLowerCase()
      .toUpperCase()
      .toLowerCase()
      .normalize('NFKC')
  )
}

/** The first member whose name is not a known one but folds to it; null when there is none. */
export function foldedCollision(object: JsonObject, names: KnownNames): string | null {
  for (const name of Object.keys(object)) {
    if (!names.exact.has(name) && names.folded.has(fold(name))) return name
  }
  return null
}

function known(names: readonly string[]): KnownNames {
  return { exact: new Set(names), folded: new Set(names.map(fold)) }
}
