/**
 * Facts that nobody asked for: what a candidate policy is tried and warmed with. Shapes differ as
 * real ones do: a call with and without arguments, a list, a resource, housekeeping.
 */
import type { Identity, JsonObject, Question } from '../domain.js'
import type { NamedItem } from '../mcp/methods.js'
import { itemFacts, itemResource, messageFacts } from './facts.js'

export interface Sample {
  readonly what: string
  readonly input: string
}

const item: NamedItem = { type: 'tool', id: 'sample', action: 'tools/call' }

const identity: Identity = {
  subject: {
    id: 'sample',
    kind: 'user',
    issuer: 'sample',
    method: 'api-key',
    client_id: null,
    actors: [],
    roles: ['sample'],
    groups: [],
    scopes: [],
    tenant: null,
    expires_at: null,
    claims: {},
  },
  binding: '',
  expiresAtMs: null,
  credentialId: '',
}

const question: Question = {
  identity,
  server: { name: 'sample', labels: {} },
  definitions: null,
  direction: 'client',
  kind: 'request',
  method: 'tools/call',
  params: { name: item.id, arguments: {} },
  circumstances: {
    nowMs: 0,
    ip: '127.0.0.1',
    transport: 'http',
    era: 'legacy',
    protocolVersion: null,
    client: null,
    session: null,
    requestId: 'sample',
  },
}

const resource: NamedItem = { type: 'resource', id: 'file:///sample/a', action: 'resources/read' }

/** What every policy must answer or leave undefined. */
export const trialSamples: readonly Sample[] = [
  { what: 'an empty input', input: '{}' },
  { what: 'an item question', input: JSON.stringify(itemFacts(question, item)) },
  { what: 'a message question', input: JSON.stringify(messageFacts(question, [item])) },
]

export const warmSamples: readonly Sample[] = [
  ...trialSamples,
  { what: 'a call with arguments', input: asked({ path: '/sample/a', limit: 10, deep: [{}] }) },
  { what: 'a resource', input: JSON.stringify(itemFacts(question, resource)) },
  {
    what: 'housekeeping',
    input: JSON.stringify(messageFacts({ ...question, method: 'ping', params: {} }, [])),
  },
]

/** Facts of a list with so many items. */
export function listSample(items: number): string {
  const { subject, action, context } = itemFacts(question, item)
  const listed = Array.from({ length: items }, (_, index) =>
    itemResource(question, index === 0 ? item : { ...item, id: `sample-${index}` }),
  )
  return JSON.stringify({ subject, action, context, items: listed })
}

function asked(args: JsonObject): string {
  const params = { name: item.id, arguments: args }
  return JSON.stringify(messageFacts({ ...question, params }, [item]))
}
