/**
 * What a stream without an end brings of the gateway's own: the word that what the caller sees has
 * changed, and the result that ends a `subscriptions/listen` (2026-07-28). A change is announced only
 * where the server has said that it announces them, which is what the client goes by: in its
 * acknowledgement of the listen, in the older era in the capabilities of its answer to `initialize`.
 */
import type {
  DecisionPoint,
  Json,
  JsonObject,
  ListKind,
  Message,
  MessageId,
  Question,
} from '../domain.js'
import { parseStrict } from '../mcp/json.js'
import { type LastSeen, seenKey } from './last-seen.js'

interface Announcement {
  readonly member: string
  readonly capability: string
  readonly method: string
  readonly kinds: readonly ListKind[]
}

const announcements: readonly Announcement[] = [
  {
    member: 'toolsListChanged',
    capability: 'tools',
    method: 'notifications/tools/list_changed',
    kinds: ['tools'],
  },
  {
    member: 'promptsListChanged',
    capability: 'prompts',
    method: 'notifications/prompts/list_changed',
    kinds: ['prompts'],
  },
  {
    member: 'resourcesListChanged',
    capability: 'resources',
    method: 'notifications/resources/list_changed',
    kinds: ['resources', 'resourceTemplates'],
  },
]

const answerLimits = { maxDepth: 200, maxMembers: 100_000 }
const subscriptionId = 'io.modelcontextprotocol/subscriptionId'

/** The announcements that the acknowledgement of a listen promises. */
export function acknowledged({ method, params }: Message): readonly Announcement[] {
  if (method !== 'notifications/subscriptions/acknowledged') return []
  const honoured = params?.['notifications'] as JsonObject | undefined
  return announcements.filter(({ member }) => honoured?.[member] === true)
}

/** What an answer to `initialize` promises, as the bits that a session's id keeps. */
export function declared(response: Uint8Array): number {
  const parsed = parseStrict(response, answerLimits, { exactNumbers: false })
  const answer = parsed.ok ? parsed.value : null
  const capabilities = memberOf(memberOf(answer, 'result'), 'capabilities')
  const isPromised = ({ capability }: Announcement) =>
    memberOf(memberOf(capabilities, capability), 'listChanged') === true
  return announcements.reduce((bits, one, place) => bits | (isPromised(one) ? 1 << place : 0), 0)
}

export function announcementsOf(bits: number): readonly Announcement[] {
  return announcements.filter((_, place) => (bits & (1 << place)) !== 0)
}

function memberOf(holder: Json | undefined, name: string): Json | undefined {
  const isObject = typeof holder === 'object' && holder !== null && !Array.isArray(holder)
  return isObject ? holder[name] : undefined
}

export interface Caller {
  readonly question: Question
  readonly decisionPoint: DecisionPoint
  readonly lastSeen: LastSeen
  /** Under which policy it was told of changes last; null: never. */
  readonly toldUnder: string | null
}

/** The announcements whose lists this caller sees otherwise by now than it was shown. */
export async function changedFor(
  promised: readonly Announcement[],
  caller: Caller,
): Promise<readonly Announcement[]> {
  const changed: Announcement[] = []
  for (const announcement of promised) {
    for (const kind of announcement.kinds) {
      if (!(await isOtherwise(kind, caller))) continue
      changed.push(announcement)
      break
    }
  }
  return changed
}

async function isOtherwise(
  kind: ListKind,
  { question, decisionPoint, lastSeen, toldUnder }: Caller,
): Promise<boolean> {
  const shown = lastSeen.of(seenKey(question, kind))
  if (shown === null) return true
  const { revision } = decisionPoint
  // Shown since the activation, be it to this client or to another one of the same caller.
  if (shown.revision === revision && toldUnder !== revision) return true
  const names = [...shown.items.keys()]
  const visible = await decisionPoint.visible(question, kind, names)
  return names.some((name, index) => shown.items.get(name) !== visible[index])
}

/** `id`: of the listen; null: the stream is that of a legacy session. */
export function listChanged({ method }: Announcement, id: MessageId | null): Uint8Array {
  if (id === null) return Buffer.from(JSON.stringify({ jsonrpc: '2.0', method }))
  const params = { _meta: { [subscriptionId]: id } }
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params }))
}

export function listenEnded(id: MessageId): string {
  const result = { resultType: 'complete', _meta: { [subscriptionId]: id } }
  return JSON.stringify({ jsonrpc: '2.0', id, result })
}

export type { Announcement }
