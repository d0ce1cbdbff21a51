/** Questions of one caller to one server, each with arguments that no other question has. */
import type {
  Definition,
  Definitions,
  Identity,
  JsonObject,
  Message,
  Question,
} from '../../src/domain.js'
import { identityOf } from '../../src/identity/subject.js'
import { parseStrict } from '../../src/mcp/json.js'
import { readMessage } from '../../src/mcp/json-rpc.js'

const jsonLimits = { maxDepth: 64, maxMembers: 10_000 }
let made = 0

/** Every item is known, and its server says of each that it only reads. */
const said = new Map<string, Definition>()
export const definitions: Definitions = {
  of(_, id) {
    const found = said.get(id)
    if (found !== undefined) return found
    const annotations = { readOnlyHint: true }
    const definition = { digest: `sha256:${'0'.repeat(64)}`, annotations }
    said.set(id, definition)
    return definition
  },
}

export function callerOf(
  id: string,
  roles: readonly string[] = ['reader'],
  scopes: readonly string[] = [],
): Identity {
  return identityOf(
    {
      id,
      kind: 'user',
      issuer: 'mcp-guard',
      method: 'api-key',
      client_id: null,
      actors: [],
      roles: [...roles],
      groups: [],
      scopes: [...scopes],
      tenant: null,
      expires_at: null,
      claims: {},
    },
    null,
    `sha256:${id}`,
  )
}

export const caller = callerOf('bench')

/** Somebody nobody has judged before. */
export function newCaller(): Identity {
  made += 1
  return callerOf(`caller-${made}`)
}

export function callOf(tool: string, args: JsonObject, identity = caller): Question {
  return question('tools/call', { name: tool, arguments: args }, identity)
}

export function listOf(identity = caller): Question {
  return question('tools/list', {}, identity)
}

/** About so many bytes of JSON, in members of up to 1 KB. */
export function freshArguments(bytes: number): JsonObject {
  made += 1
  const args: JsonObject = { message: `call-${made}`, path: `/workspace/${made}` }
  for (let rest = bytes - 60, index = 0; rest > 0; rest -= 1_024, index += 1) {
    args[`part_${index}`] = 'x'.repeat(Math.min(rest, 1_010))
  }
  return args
}

function question(method: string, params: JsonObject, identity: Identity): Question {
  made += 1
  const { params: sent, spelling } = messageOf(method, params)
  return {
    identity,
    server,
    definitions,
    direction: 'client',
    kind: 'request',
    method,
    params: sent,
    spelling,
    circumstances: { ...circumstances, requestId: `request-${made}` },
  }
}

/** As it is read from the wire, so that nothing of it was written or hashed before. */
function messageOf(method: string, params: JsonObject): Message {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
  const parsed = parseStrict(body, jsonLimits, { textOf: 'arguments' })
  const read = parsed.ok ? readMessage(parsed.value, parsed.memberText) : null
  if (read === null || !read.ok) throw new Error('the message of a question was refused')
  return read.message
}

const server = { name: 'everything', labels: {} }

const circumstances: Question['circumstances'] = {
  nowMs: Date.UTC(2026, 10, 22, 9),
  ip: '127.0.0.1',
  transport: 'http',
  era: 'legacy',
  protocolVersion: '2025-11-25',
  client: { name: 'bench', version: '1.0.0' },
  session: 'CnQ8we5xxm6jfGhppgR8cm',
  requestId: '',
}
