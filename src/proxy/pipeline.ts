/**
 * A message's journey, in the order of the picture in docs/architecture.md:
 * admit → identify → read (parse, classify, mirror) → session → the server's own ids → learn what is
 * named → judge → limit → reserve → forward.
 * Each step returns a value; the first refusal ends the journey and is recorded and answered by
 * `refuse`. What was forwarded is recorded and answered by the outlet. A throw is a refusal too.
 */
import type { Identity, Json, Server } from '../domain.js'
import { asGuardError, GuardError } from '../errors.js'
import { singleHeader } from '../lib/headers.js'
import { admit } from './admit.js'
import { carryOutBatch } from './batch.js'
import { preflight } from './cors.js'
import { type Forwarded, forward } from './forward.js'
import { identify } from './identify.js'
import type { Gone, Inbound } from './inbound.js'
import { Knowledge } from './knowledge.js'
import { isLongLived } from './lasting.js'
import { type Refusal, rejected } from './outcome.js'
import { questionOf } from './question.js'
import { checkBatch, describeVerb, readPosted } from './read.js'
import { recordAbandoned, refuse } from './refuse.js'
import { rpcCodes } from './respond.js'
import { restoreIds } from './restore-ids.js'
import { ownerOf } from './sealed-ids.js'
import type { Steps } from './steps.js'
import { startTrail, type Trail } from './trail.js'
import { whileThere } from './while-there.js'

export type Pipeline = (inbound: Inbound) => Promise<void>

export function createPipeline(steps: Steps): Pipeline {
  return async function handle(inbound) {
    const trail = startTrail(inbound, steps)
    let refusal: Refusal | null
    try {
      refusal = await travel(inbound, trail, steps)
    } catch (thrown) {
      refusal = failed(asGuardError(thrown, 'GUARD_INTERNAL', 'a step threw'))
    }
    if (refusal !== null) refuse(inbound, trail, steps, refusal)
  }
}

/** Null: the message was forwarded, or answered already, and nothing is left to do here. */
async function travel(inbound: Inbound, trail: Trail, steps: Steps): Promise<Refusal | null> {
  const admitted = admit(inbound, steps.admission, steps.routes)
  if (!admitted.ok) return admitted.refusal
  const { route } = admitted
  trail.server = route.server
  if (inbound.verb === 'OPTIONS') {
    inbound.reply(preflight(inbound.rawHeaders))
    return null
  }

  const onGone = (why: Gone) => leave(why, inbound, trail, steps)
  const identified = await whileThere(inbound, identify(inbound, route.server, steps), onGone)
  if (identified === null) return null
  if (!identified.ok) return { ...identified, kind: 'unauthenticated' }
  const { identity } = identified
  trail.identity = identity
  const foreign = checkOwner(inbound, identity)
  if (foreign !== null) return foreign

  const unreadable =
    inbound.verb === 'POST'
      ? await readPosted(inbound, trail, steps.jsonLimits)
      : describeVerb(inbound, trail)
  if (unreadable !== null) return unreadable

  const unopened = openSealed(inbound, trail, steps, { server: route.server, identity })
  if (unopened !== null) return unopened
  if (trail.batch !== null) return takeApart(trail.batch, inbound, trail, steps)

  const exchange = { steps, inbound, trail, route, identity }
  const knowledge = new Knowledge(exchange)
  const learning = steps.policy.current()?.readsDefinitions ? knowledge.ofNamed(onGone) : null
  if (learning !== null && (await learning) !== null) return null

  // Taken only now: the newest policy judges, and with what is known now.
  const decisionPoint = steps.policy.current()
  if (decisionPoint === null) {
    return failed(new GuardError('GUARD_POLICY_UNAVAILABLE', 'no policy is active'))
  }
  const definitions = decisionPoint.readsDefinitions ? knowledge.view() : null
  const question = questionOf(trail, identity, route.server, definitions)
  const startedMs = steps.clock.monotonicMs()
  const judgement = decisionPoint.judge(question)
  trail.decideMs = steps.clock.monotonicMs() - startedMs
  trail.judgement = judgement
  if (!judgement.decision.allow) return { kind: 'denied', judgement }

  trail.limits = judgement.decision.limits ?? steps.defaultLimits(identity.subject)
  const taken = await whileThere(inbound, steps.limiter.take(trail.limits), onGone)
  if (taken === null) return null
  if (!taken.ok) {
    const { name, retryAfterMs } = taken
    return { kind: 'limited', judgement, limit: name, retryAfterMs }
  }

  return take({ steps, inbound, trail, route, question, decisionPoint, knowledge })
}

/** Takes what a message needs of what is bounded, and forwards it. */
function take(judged: Omit<Forwarded, 'reservation' | 'over'>): Refusal | null {
  const { steps, inbound, trail, question } = judged
  const isShared = inbound.holdsConnection === true && isLongLived(trail.asked)
  const over = isShared ? steps.streamShare.enter(question.identity.binding) : nothing
  if (over === null) {
    return rejected(429, rpcCodes.limited, 'streams-exceeded', 'too many streams are open')
  }
  const reservation = steps.audit.reserve()
  if (reservation === null) {
    over()
    return failed(new GuardError('GUARD_AUDIT_UNAVAILABLE', 'there is no room in the audit'))
  }
  forward({ ...judged, reservation, over })
  return null
}

function nothing(): void {}

/** A place that only one principal may post to. */
function checkOwner({ owner }: Inbound, identity: Identity): Refusal | null {
  if (owner === undefined || owner === identity.binding) return null
  const reason = owner === null ? 'session-unknown' : 'session-foreign'
  return rejected(404, -32600, reason, 'session not found')
}

/** Each element of a batch makes the journey by itself. */
function takeApart(
  elements: readonly Json[],
  inbound: Inbound,
  trail: Trail,
  steps: Steps,
): Refusal | null {
  const unfit = checkBatch(elements, inbound, trail)
  if (unfit !== null) return unfit
  carryOutBatch(inbound, elements, createPipeline(steps)).catch((thrown: unknown) =>
    inbound.sink.fail(asGuardError(thrown, 'GUARD_INTERNAL', 'a batch was broken off')),
  )
  return null
}

/** What was sealed for this caller: its session, and ids inside its message. */
function openSealed(
  inbound: Inbound,
  trail: Trail,
  steps: Steps,
  { server, identity }: { readonly server: Server; readonly identity: Identity },
): Refusal | null {
  const sessionId = singleHeader(inbound.rawHeaders, 'mcp-session-id')
  // 2026-07-28: a modern request has no session; the header is ignored.
  if (sessionId.ok && sessionId.value !== null && trail.asked.era === 'legacy') {
    const opened = steps.sessions.open(sessionId.value, server.name, identity)
    if (!opened.ok) return rejected(404, -32600, opened.reason, 'session not found')
    trail.session = opened.session
  }
  // Whose they are nobody can tell: servers that tell tasks apart do so by session (2025-11-25), and
  // one without lists them all. Sealed for whoever lists them they would be that caller's.
  if (trail.asked.method === 'tasks/list' && trail.session === null) {
    return rejected(200, -32601, 'tasks-unowned', 'tasks are listed in a session only')
  }
  if (trail.message !== null) {
    const owner = ownerOf(trail, server, identity)
    const restored = restoreIds(trail.message, owner, steps.ids)
    if (!restored.ok) return restored.refusal
    trail.message = restored.message
  }
  return null
}

/** Before anything was forwarded; answered at once, since connections are about to be closed. */
function leave(why: Gone, inbound: Inbound, trail: Trail, steps: Steps): void {
  if (why === 'client') return recordAbandoned(inbound, trail, steps)
  const error = new GuardError('GUARD_STOPPING', 'the time to finish calls was over')
  refuse(inbound, trail, steps, failed(error))
}

function failed(error: GuardError): Refusal {
  return { kind: 'failed', error }
}
