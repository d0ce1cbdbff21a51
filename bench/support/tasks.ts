/**
 * The steps of a guarded call as tasks of their own, on the messages the whole chain is measured
 * with. Every task counts what it got, and the count is checked at the end: nothing can be optimised
 * away, and a step that refuses is not measured as a fast one.
 */

import { join } from 'node:path'
import { openAuditLog } from '../../src/audit/audit-log.js'
import { auditLine } from '../../src/audit/event.js'
import type { AuditEvent, DecisionPoint, Question } from '../../src/domain.js'
import { identityOf } from '../../src/identity/subject.js'
import { classifyInbound } from '../../src/mcp/classify.js'
import { parseStrict } from '../../src/mcp/json.js'
import { readMessage, serialise } from '../../src/mcp/json-rpc.js'
import { type AnswerContext, AnswerFilter } from '../../src/proxy/answer/filter.js'
import type { AnswerHead, FrameSink } from '../../src/proxy/frames.js'
import { definitions } from './bench-questions.js'

export interface Task {
  readonly name: string
  /** True: as it should be. */
  readonly run: () => boolean | Promise<boolean>
}

const encoder = new TextEncoder()
const jsonLimits = { maxDepth: 64, maxMembers: 10_000 }
const headers = ['content-type', 'application/json', 'mcp-protocol-version', '2025-11-25']

function callText(id: number, message: string): string {
  const params = { name: 'echo', arguments: { message } }
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })
}

export function parseTasks(): Task[] {
  const small = encoder.encode(callText(1, 'order-1-1'))
  const large = encoder.encode(callText(1, 'x'.repeat(4096)))
  const read = (bytes: Uint8Array) => {
    const parsed = parseStrict(bytes, jsonLimits)
    const result = parsed.ok ? readMessage(parsed.value) : null
    if (result === null || !result.ok) return false
    const { message } = result
    const { length } = serialise(message)
    return classifyInbound({ message, headers }).ok && length === bytes.length
  }
  return [
    { name: 'strict parse, 100 bytes', run: () => parseStrict(small, jsonLimits).ok },
    { name: 'strict parse, 4 KiB', run: () => parseStrict(large, jsonLimits).ok },
    { name: 'parse, read, classify and write, 100 bytes', run: () => read(small) },
  ]
}

/** Questions of a `reader` of the shipped policies; each is another one, as in the field. */
export function decideTasks(decisionPoint: DecisionPoint): Task[] {
  let asked = 0
  const question = (method: string, tool: string): Question => {
    asked += 1
    return {
      ...who,
      method,
      params: { name: tool, arguments: { message: `call-${asked}` } },
      circumstances: { ...circumstances, nowMs: circumstances.nowMs + asked },
    }
  }
  const allows = (tool: string) => decisionPoint.judge(question('tools/call', tool)).decision.allow
  const list = async (count: number) => {
    const names = ['echo', ...Array.from({ length: count - 1 }, (_, index) => `tool-${index}`)]
    const seen = await decisionPoint.visible(question('tools/list', ''), 'tools', names)
    return seen[0] === true && seen.indexOf(true, 1) < 0
  }
  return [
    { name: 'allowed call', run: () => allows('echo') },
    { name: 'denied call', run: () => !allows('get-env') },
    { name: 'list of 10 tools', run: () => list(10) },
    { name: 'list of 100 tools', run: () => list(100) },
  ]
}

export function filterTasks(): Task[] {
  const result = { content: [{ type: 'text', text: 'order-1-1' }], isError: false }
  const answer = encoder.encode(JSON.stringify({ jsonrpc: '2.0', id: 1, result }))
  return [
    { name: 'answer to a call', run: () => passes(answer, answer.length) },
    { name: 'list of 10 tools, half of them shown', run: () => passes(listOf(10)) },
    { name: 'list of 100 tools, half of them shown', run: () => passes(listOf(100)) },
  ]
}

export function auditTasks(folder: string): { tasks: Task[]; close: () => Promise<void> } {
  const log = openAuditLog({ target: join(folder, 'audit.ndjson') })
  const record = () => {
    const reservation = log.reserve()
    reservation?.record(event)
    return reservation !== null
  }
  const tasks = [
    { name: 'one line', run: () => auditLine(event).endsWith('}\n') },
    { name: 'reserve and record in a file', run: record },
  ]
  return { tasks, close: () => log.close() }
}

const circumstances: Question['circumstances'] = {
  nowMs: Date.UTC(2026, 10, 22, 9),
  ip: '127.0.0.1',
  transport: 'http',
  era: 'legacy',
  protocolVersion: '2025-11-25',
  client: { name: 'bench', version: '1.0.0' },
  session: 'CnQ8we5xxm6jfGhppgR8cm',
  requestId: '0xTzrykJz1mRtwwG-kni',
}

const who = {
  identity: identityOf(
    {
      id: 'bench',
      kind: 'user',
      issuer: 'mcp-guard',
      method: 'api-key',
      client_id: null,
      actors: [],
      roles: ['reader'],
      groups: [],
      scopes: [],
      tenant: null,
      expires_at: null,
      claims: {},
    },
    null,
    'sha256:583407c9aedd',
  ),
  server: { name: 'everything', labels: {} },
  definitions,
  direction: 'client',
  kind: 'request',
} as const

const event: AuditEvent = {
  time: '2026-11-22T09:00:00.000Z',
  event: 'message',
  outcome: 'forwarded',
  request_id: circumstances.requestId,
  decision_id: '2PgYNHEE7c2FM1Gb-knh',
  revision: `sha256:${'0'.repeat(64)}`,
  reasons: ['tool-granted'],
  code: null,
  direction: 'client',
  kind: 'request',
  method: 'tools/call',
  era: 'legacy',
  server: 'everything',
  resource: { type: 'tool', id: 'echo' },
  subject: { id: 'bench', issuer: 'mcp-guard', tenant: null, method: 'api-key' },
  credential: who.identity.credentialId,
  client: circumstances.client,
  session: circumstances.session,
  ip: circumstances.ip,
  transport: 'http',
  limits: [{ name: 'user', tier: 'bench' }],
  hidden: 0,
  dropped: 0,
  status: 200,
  bytes_in: 115,
  bytes_out: 106,
  duration_us: { total: 500, decide: 60, upstream: 200 },
}

const head: AnswerHead = { status: 200, framing: 'json', headers: new Map() }

/** The length expected is that of the whole answer, or, of a list, anything shorter. */
async function passes(answer: Uint8Array, expected?: number): Promise<boolean> {
  let bytesOut = 0
  const sink: FrameSink = {
    head: () => undefined,
    part: () => undefined,
    message(bytes) {
      bytesOut += bytes.length
      return undefined
    },
    idle: () => undefined,
    end: () => undefined,
    fail: () => undefined,
  }
  const filter = new AnswerFilter(showHalf, sink)
  await filter.head(head)
  await filter.message(answer, {})
  await filter.end()
  return expected === undefined ? bytesOut > 0 && bytesOut < answer.length : bytesOut === expected
}

const showHalf: AnswerContext = {
  era: 'legacy',
  expected: { type: 'own', id: 1 },
  visible: (_, names) => Promise.resolve(names.map((_name, index) => index % 2 === 0)),
  allows: () => true,
  allowsInput: () => true,
  deny: () => undefined,
  dropped: () => undefined,
  settle: () => undefined,
}

const lists = new Map<number, Uint8Array>()

function listOf(count: number): Uint8Array {
  const made = lists.get(count)
  if (made !== undefined) return made
  const tools = Array.from({ length: count }, (_, index) => ({
    name: `tool-${index}`,
    description: 'Returns the message it was given.',
    inputSchema: { type: 'object', properties: { message: { type: 'string' } } },
  }))
  const list = encoder.encode(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } }))
  lists.set(count, list)
  return list
}
