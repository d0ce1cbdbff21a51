/**
 * What `subscriptions/listen` (2026-07-28) brings by itself: which changes of lists its server has
 * acknowledged to tell, the gateway's own word that what the caller sees has changed, and the result
 * that ends it. A change is announced only where the server has said that it announces them: its
 * acknowledgement is what the client goes by.
 */
import type {
  DecisionPoint,
  JsonObject,
  ListKind,
  Message,
  MessageId,
  Question,
} from '../domain.js'
import type { LastSeen } from './last-seen.js'

interface Announcement {
  readonly member: string
  readonly method: string
  readonly kinds: readonly ListKind[]
}

const announcements: readonly Announcement[] = [
  { member: 'toolsListChanged', method: 'notifications/tools/list_changed', kinds: ['tools'] },
  {
    member: 'promptsListChanged',
    method: 'notifications/prompts/list_changed',
    kinds: ['prompts'],
  },
  {
    member: 'resourcesListChanged',
    method: 'notifications/resources/list_changed',
    kinds: ['resources', 'resourceTemplates'],
  },
]

const subscriptionId = 'io.modelcontextprotocol/subscriptionId'

/** The announcements that the acknowledgement of a listen promises. */
export function acknowledged({ method, params }: Message): readonly Announcement[] {
  if (method !== 'notifications/subscriptions/acknowledged') return []
  const honoured = params?.['notifications'] as JsonObject | undefined
  return announcements.filter(({ member }) => honoured?.[member] === true)
}

/** The announcements whose lists this caller sees otherwise under `decisionPoint` than it was shown. */
export async function changedFor(
  promised: readonly Announcement[],
  question: Question,
  decisionPoint: DecisionPoint,
  seen: LastSeen,
): Promise<readonly Announcement[]> {
  const changed: Announcement[] = []
  for (const announcement of promised) {
    for (const kind of announcement.kinds) {
      if (!(await isOtherwise(kind, question, decisionPoint, seen))) continue
      changed.push(announcement)
      break
    }
  }
  return changed
}

async function isOtherwise(
  kind: ListKind,
  question: Question,
  decisionPoint: DecisionPoint,
  seen: LastSeen,
): Promise<boolean> {
  const { identity, server } = question
  const shown = seen.of({ principal: identity.binding, server: server.name, kind })
  if (shown === null) return true
  const names = [...shown.keys()]
  const visible = await decisionPoint.visible(question, kind, names)
  return names.some((name, index) => shown.get(name) !== visible[index])
}

export function listChanged({ method }: Announcement, id: MessageId): Uint8Array {
  const params = { _meta: { [subscriptionId]: id } }
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params }))
}

export function listenEnded(id: MessageId): string {
  const result = { resultType: 'complete', _meta: { [subscriptionId]: id } }
  return JSON.stringify({ jsonrpc: '2.0', id, result })
}

export type { Announcement }
