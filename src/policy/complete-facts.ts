/**
 * Facts of which somebody wrote a part, made whole: what follows from a part is worked out by the
 * gateway's own tables, and everything else is what is usual. A part that contradicts another is a
 * problem with its path, because no gateway would ever ask that question. Whole facts stay as they
 * are. That the parts have the right types is the schema's to say, before.
 */
import type { Facts, PartialFacts } from '../contracts.js'
import type { JsonObject } from '../domain.js'
import { hostMethods, methodInfo } from '../mcp/methods.js'
import { completeClock } from './complete-clock.js'
import { completeResource } from './complete-resource.js'
import type { FactsProblem, Say } from './facts-problem.js'

export type CompletedFacts =
  | { readonly ok: true; readonly facts: Facts }
  | { readonly ok: false; readonly problems: readonly FactsProblem[] }

type Context = NonNullable<PartialFacts['context']>

const actionsByType: ReadonlyMap<string | undefined, string> = new Map([
  ['tool', 'tools/call'],
  ['prompt', 'prompts/get'],
  ['resource', 'resources/read'],
])
const firstModern = '2026-07-28'
const lastLegacy = '2025-11-25'

export function completeFacts(given: PartialFacts): CompletedFacts {
  const problems: FactsProblem[] = []
  const say = (path: readonly string[], problem: string, fix: string): void => {
    problems.push({ path, problem, fix })
  }
  checkNumbers(given, [], say)
  const name = given.action?.name ?? actionsByType.get(given.resource?.type)
  if (name === undefined) {
    say(['action', 'name'], 'the method is missing', 'say which, such as tools/call')
    return { ok: false, problems }
  }
  const { class: methodClass } = methodInfo(name)
  const givenClass = given.action?.class
  if (givenClass !== undefined && givenClass !== methodClass) {
    say(['action', 'class'], `is not the class of ${name}`, `write ${methodClass} or leave it out`)
  }
  const subject = completeSubject(given.subject ?? {}, say)
  const question = given.context?.question ?? 'message'
  const resource = completeResource(name, question, given.resource ?? {}, say)
  const context = completeContext(name, question, given.context ?? {}, say)
  if (problems.length > 0 || resource === null || context === null) return { ok: false, problems }
  return { ok: true, facts: { subject, action: { name, class: methodClass }, resource, context } }
}

function completeSubject(given: NonNullable<PartialFacts['subject']>, say: Say): Facts['subject'] {
  const isNobody = given.method === 'anonymous' || given.kind === 'anonymous'
  if (isNobody) {
    for (const member of ['id', 'kind', 'issuer', 'method'] as const) {
      const said = given[member]
      if (said !== undefined && said !== 'anonymous') {
        say(['subject', member], 'is not that of an anonymous caller', 'write anonymous')
      }
    }
  }
  const usual = isNobody ? 'anonymous' : null
  const vouchedElsewhere = given.method === 'jwt' || given.method === 'oauth'
  return {
    id: usual ?? 'alice',
    kind: usual ?? 'user',
    issuer: usual ?? (vouchedElsewhere ? 'https://idp.example' : 'mcp-guard'),
    method: usual ?? 'api-key',
    client_id: null,
    actors: [],
    roles: [],
    groups: [],
    scopes: [],
    tenant: null,
    expires_at: null,
    claims: {},
    ...given,
  }
}

function completeContext(
  method: string,
  question: Facts['context']['question'],
  given: Context,
  say: Say,
): Facts['context'] | null {
  const isItem = question === 'item'
  const { direction } = methodInfo(method)
  const context = {
    question,
    direction: given.direction ?? (direction === 'server' && !isItem ? 'server' : 'client'),
    kind: given.kind ?? kindOf(method),
  }
  if (isItem && (context.direction !== 'client' || context.kind !== 'request')) {
    const member = context.direction === 'client' ? 'kind' : 'direction'
    say(['context', member], 'an item question is a request of a client', 'leave it out')
  }
  if ((context.kind === 'response') !== (method === hostMethods.response)) {
    say(['context', 'kind'], `is not that of ${method}`, `the method of a response is \`response\``)
  }
  const clock = completeClock(given)
  if (Array.isArray(clock)) {
    for (const { path, problem, fix } of clock) say(['context', ...path], problem, fix)
    return null
  }
  const { client } = given
  const usualClient = { name: 'example-client', version: '1.0.0' }
  return {
    ...context,
    ...clock,
    ip: given.ip ?? '127.0.0.1',
    transport: given.transport ?? 'http',
    ...completeEra(given, say),
    client: client === null ? null : { ...usualClient, ...client },
    session: given.session ?? null,
    request_id: given.request_id ?? 'request-1',
  }
}

function kindOf(method: string): Facts['context']['kind'] {
  if (method === hostMethods.response) return 'response'
  return method.startsWith('notifications/') ? 'notification' : 'request'
}

function completeEra(given: Context, say: Say): Pick<Facts['context'], 'era' | 'protocol_version'> {
  const { era, protocol_version: version } = given
  const isDated = typeof version === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(version)
  const ofVersion = isDated ? (version >= firstModern ? 'modern' : 'legacy') : undefined
  if (era !== undefined && ofVersion !== undefined && era !== ofVersion) {
    say(['context', 'era'], `is not that of ${version}`, `write ${ofVersion} or leave it out`)
  }
  const is = era ?? ofVersion ?? 'legacy'
  const usual = is === 'modern' ? firstModern : lastLegacy
  return { era: is, protocol_version: version === undefined ? usual : version }
}

/** What JSON cannot hold, or would hold as another number, is not what was written. */
function checkNumbers(value: unknown, path: readonly string[], say: Say): void {
  if (typeof value === 'number') {
    const unsafe = Number.isInteger(value) && !Number.isSafeInteger(value)
    if (!Number.isFinite(value) || (unsafe && path.join('/') !== 'context/time_ns')) {
      say(path, 'is a number that is not exact', 'write it as a text, or a smaller one')
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [member, below] of Object.entries(value as JsonObject)) {
      checkNumbers(below, [...path, member], say)
    }
  }
}
