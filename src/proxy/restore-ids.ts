/**
 * A client's message with the ids that the server knows: a response under the id of the server's
 * request, a task under its own. Done before the message is judged, so that the object that is
 * judged is the one that is sent. What does not open is refused, with one exception: a notification
 * or response may belong to a task of the client's own, whose id passes as it is (2025-11-25).
 * Of methods that nobody knows only `_meta` is looked at.
 */
import type { Json, JsonObject, Message } from '../domain.js'
import { fold } from '../mcp/fold.js'
import { relatedTask } from '../mcp/id-places.js'
import { withId } from '../mcp/json-rpc.js'
import { methodInfo } from '../mcp/methods.js'
import { encodeHeaderValue } from '../mcp/mirror.js'
import type { IdOwner, IdProblem, Ids } from './ids.js'
import { type Rejected, rejected } from './outcome.js'

export type Restored =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly refusal: Rejected }

/** Opens a task's id, or says why not; `own`: it may be the client's own. */
type OpenTask = (id: Json, own: boolean) => Json

export function restoreIds(message: Message, owner: IdOwner, ids: Ids): Restored {
  const problems: IdProblem[] = []
  const openTask: OpenTask = (id, own) => {
    const opened = typeof id === 'string' ? ids.tasks.open(id, owner) : unreadable
    if (opened.ok) return opened.id.text
    if (!own || opened.reason === 'foreign') problems.push(`task-${opened.reason}`)
    return id
  }
  let restored = message
  if (message.kind === 'response') {
    const opened =
      typeof message.id === 'string' ? ids.requests.open(message.id, owner) : unreadable
    if (opened.ok) restored = withId(inResult(message, openTask), opened.id)
    else problems.push(`response-${opened.reason}`)
  } else if (message.params !== undefined) {
    restored = inParams(message, message.params, openTask)
  }
  const [problem] = problems
  return problem === undefined
    ? { ok: true, message: restored }
    : { ok: false, refusal: refusalOf(problem, message.kind) }
}

/** The routing header of a modern request that names a task, which has to say what its body says. */
export function mirrorTask(headers: readonly string[], message: Message | null): readonly string[] {
  const taskId = message !== null && isAboutTask(message) ? message.params?.['taskId'] : undefined
  const at = headers.indexOf('mcp-name')
  if (typeof taskId !== 'string' || at < 0) return headers
  return headers.with(at + 1, encodeHeaderValue(taskId))
}

const unreadable = { ok: false, reason: 'unknown' } as const

function refusalOf(problem: IdProblem, kind: Message['kind']): Rejected {
  if (problem === 'response-unknown' || problem === 'response-foreign') {
    return rejected(400, -32600, problem, 'the response answers no request')
  }
  // As a server answers that knows no such task, in either era.
  return rejected(kind === 'request' ? 200 : 400, -32602, problem, 'task not found')
}

function isAboutTask({ method }: Message): boolean {
  const { class: methodClass, resourceType } = methodInfo(method)
  return methodClass === 'use' && resourceType === 'task'
}

function inParams(message: Message, params: JsonObject, open: OpenTask): Message {
  let restored = inMeta(params, message.kind !== 'request', open)
  const { taskId, notifications: filter } = params
  if (isAboutTask(message) && taskId !== undefined) {
    restored = { ...restored, taskId: open(taskId, false) }
  }
  if (message.method === 'subscriptions/listen' && isObject(filter)) {
    const { taskIds } = filter
    if (Array.isArray(taskIds)) {
      const opened = taskIds.map((id) => open(id, false))
      restored = { ...restored, notifications: { ...filter, taskIds: opened } }
    }
  }
  if (restored === params) return message
  return { ...message, params: restored, raw: { ...message.raw, params: restored } }
}

function inResult(message: Message, open: OpenTask): Message {
  const { result } = message.raw
  if (!isObject(result)) return message
  const restored = inMeta(result, true, open)
  return restored === result ? message : { ...message, raw: { ...message.raw, result: restored } }
}

/** `holder` itself where its `_meta` names no task. */
function inMeta(holder: JsonObject, own: boolean, open: OpenTask): JsonObject {
  const meta = holder['_meta']
  const related = isObject(meta) ? meta[relatedTask] : undefined
  if (!isObject(meta) || !isObject(related)) return holder
  const names = Object.keys(related).filter((name) => fold(name) === foldedTaskId)
  if (names.length === 0) return holder
  // Another spelling is there for a server that compares names without case.
  const isPlain = names.length === 1 && names[0] === 'taskId'
  const id = isPlain ? (related['taskId'] ?? null) : null
  const taskId = open(id, own && isPlain)
  return { ...holder, _meta: { ...meta, [relatedTask]: { ...related, taskId } } }
}

const foldedTaskId = fold('taskId')

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
