/** Sends what was judged and ties the upstream's answer to the outlet, through the answer filter. */
import { singleHeader } from '../lib/headers.js'
import { AnswerFilter, type Expected } from './answer/filter.js'
import { isLongLived } from './lasting.js'
import { Outlet, type OutletParts } from './outlet.js'
import { refuseServerRequest } from './refuse-server.js'
import { mirrorTask } from './restore-ids.js'
import { ownerOf, SealedIds } from './sealed-ids.js'
import { fingerprintOf } from './session.js'
import { type SealSession, SessionBeginning } from './session-beginning.js'
import type { Route } from './steps.js'
import { upstreamHeaders } from './upstream-headers.js'

type Verb = 'POST' | 'GET' | 'DELETE'

export type Forwarded = Omit<
  OutletParts,
  'expected' | 'sink' | 'sealSession' | 'refuseServerRequest' | 'onDone'
> & {
  readonly route: Route
  /** To be called when it is. */
  readonly over: () => void
}

export function forward(forwarded: Forwarded): void {
  const { steps, inbound, trail, route, question, decisionPoint, reservation, knowledge } =
    forwarded
  const verb = inbound.verb as Verb
  if (decisionPoint.readsDefinitions) knowledge.expectList()
  const ids = new SealedIds(steps.ids, trail, ownerOf(trail, route.server, question.identity))
  const beginning =
    trail.asked.method === 'initialize'
      ? new SessionBeginning(inbound.sink, sealer(forwarded, ids))
      : null
  const outlet = new Outlet({
    steps,
    inbound,
    sink: beginning ?? inbound.sink,
    trail,
    question,
    decisionPoint,
    reservation,
    knowledge,
    expected: expectedAnswer(forwarded),
    sealSession: beginning === null ? null : (upstreamId) => beginning.seal(upstreamId),
    refuseServerRequest(request) {
      const exchange = { inbound, trail, route, identity: question.identity }
      refuseServerRequest(exchange, request, beginning?.upstreamId)
    },
    onDone(status) {
      forwarded.over()
      const closed = verb === 'DELETE' && status >= 200 && status < 300
      if (trail.session === null) return
      if (closed) steps.sessions.close(trail.session)
      if (closed || status === 404) knowledge.forget()
    },
  })
  trail.forwardedMs = steps.clock.monotonicMs()
  const { message, session } = trail
  const request = {
    verb,
    era: trail.asked.era ?? 'legacy',
    message,
    sessionId: session?.upstreamId ?? null,
    principal: question.identity.binding,
    headers: mirrorTask(
      upstreamHeaders(verb, inbound.rawHeaders, trail.asked.era ?? 'legacy', session),
      message,
    ),
    longLived: isLongLived(trail.asked),
  }
  inbound.forwarded()
  outlet.attach(() => route.back.open(request, new AnswerFilter(outlet, outlet, ids)))
}

function expectedAnswer({ inbound, trail: { message } }: Forwarded): Expected {
  if (message?.kind === 'request' && message.id !== null) return { type: 'own', id: message.id }
  const resumed = singleHeader(inbound.rawHeaders, 'last-event-id')
  const resumes = inbound.verb === 'GET' && resumed.ok && resumed.value !== null
  return { type: resumes ? 'any' : 'none' }
}

function sealer({ steps, trail, route, question }: Forwarded, ids: SealedIds): SealSession {
  const protocolVersion = trail.classified?.protocolVersion ?? null
  const client = trail.classified?.client ?? null
  return (upstreamId, announced) => {
    ids.inSession(fingerprintOf(route.server.name, upstreamId))
    return steps.sessions.seal(
      route.server.name,
      { upstreamId, protocolVersion, client, announced },
      question.identity,
    )
  }
}
