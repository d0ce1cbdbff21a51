/** Tells a server that what it asked its client for was refused. */
import type { Message } from '../domain.js'
import type { FrameSink } from './frames.js'
import type { Inbound } from './inbound.js'
import { rpcCodes, rpcError } from './respond.js'
import type { Route } from './steps.js'
import type { Trail } from './trail.js'
import { replyHeaders } from './upstream-headers.js'

export interface ServersExchange {
  readonly inbound: Inbound
  readonly trail: Trail
  readonly route: Route
}

/** The gateway answers, so that the server is not left waiting. */
export function refuseServerRequest(
  { inbound, trail, route }: ServersExchange,
  request: Message,
): void {
  const body = Buffer.from(rpcError(request, rpcCodes.denied, 'refused by the gateway', {}))
  const headers = replyHeaders(inbound.rawHeaders, trail.session)
  route.back.open({ verb: 'POST', headers, body, longLived: false }, nobody)
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
