/** From what is known of an exchange to the question that the policy is asked about it. */
import type { Definitions, Identity, Question, Server } from '../domain.js'
import type { Trail } from './trail.js'

export function questionOf(
  trail: Trail,
  identity: Identity,
  server: Server,
  definitions: Definitions | null,
): Question {
  const { asked, classified, message, session } = trail
  return {
    identity,
    server,
    definitions,
    direction: 'client',
    kind: message?.kind ?? 'request',
    method: asked.method ?? '',
    params: message?.params,
    spelling: message?.spelling ?? null,
    circumstances: {
      nowMs: trail.nowMs,
      ip: trail.ip,
      transport: trail.transport,
      era: asked.era ?? 'legacy',
      protocolVersion: classified?.protocolVersion ?? session?.protocolVersion ?? null,
      client: classified?.client ?? session?.client ?? null,
      session: session?.fingerprint ?? null,
      requestId: trail.requestId,
    },
  }
}
