/** Tells a server that what it asked its client for was refused. */
import type { Identity, Message } from '../domain.js'
import { ownMessage, withId } from '../mcp/json-rpc.js'
import type { FrameSink } from './frames.js'
import type { Inbound } from './inbound.js'
import { rpcCodes } from './respond.js'
import type { Route } from './steps.js'
import type { Trail } from './trail.js'
import { replyHeaders } from './upstream-headers.js'

export interface ServersExchange {
  readonly inbound: Inbound
  readonly trail: Trail
  readonly route: Route
  readonly identity: Identity
}

/**
 * The gateway answers, so that the server is not left waiting. `begun`: the server's id of the session
 * that the exchange itself has begun.
 */
export function refuseServerRequest(
  { inbound, trail, route, identity }: ServersExchange,
  request: Message,
  begun: string | null = null,
): void {
  const { id, idText } = request
  const session = trail.session ?? (begun === null ? null : { upstreamId: begun })
  const error = { code: rpcCodes.denied, message: 'refused by the gateway' }
  const message =
    idText === undefined
      ? ownMessage({ jsonrpc: '2.0', id, error })
      : withId(ownMessage({ jsonrpc: '2.0', id: 0, error }), { type: 'number', text: idText })
  const answer = {
    verb: 'POST' as const,
    era: trail.asked.era ?? 'legacy',
    message,
    sessionId: session?.upstreamId ?? null,
    principal: identity.binding,
    headers: replyHeaders(inbound.rawHeaders, session),
    longLived: false,
  }
  route.back.open(answer, nobody)
}

/** Whatever the server says to a refusal is for nobody. */
const nobody: FrameSink = {
  head: () => undefined,
  part: () => undefined,
  message: () => undefined,
  idle: () => undefined,
  end: () => undefined,
  fail: () => undefined,
}
