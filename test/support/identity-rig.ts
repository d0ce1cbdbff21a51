/**
 * The journey of one request through the real pipeline, up to a server that only counts, with an
 * identification of the test's making. Policy allows everything, so whatever is let in arrives.
 */
import type { AuditEvent, DecisionPoint, Identify } from '../../src/domain.js'
import type { Back } from '../../src/proxy/back/back.js'
import type { Gone } from '../../src/proxy/inbound.js'
import { createPipeline } from '../../src/proxy/pipeline.js'
import type { Steps } from '../../src/proxy/steps.js'
import { inboundOf, stepsOf } from './judged-rig.js'
import { call } from './messages.js'

export interface Journey {
  /** What the client was told; empty: nothing. */
  readonly statuses: readonly number[]
  readonly events: readonly AuditEvent[]
  /** How often anything arrived at the server. */
  readonly forwarded: number
}

export interface Travelling {
  /** What has become of it so far. */
  readonly journey: Journey
  /** Resolves when the pipeline is done with it. */
  readonly done: Promise<void>
  leave(why: Gone): void
}

const point: DecisionPoint = {
  revision: 'rig',
  readsDefinitions: false,
  judge: () => ({
    decisionId: 'rig',
    revision: 'rig',
    decision: { allow: true, reasons: [], limits: [] },
  }),
  visible: async (_, __, ids) => ids.map(() => true),
}

export function travel(
  identify: Identify,
  credential: readonly string[],
  more: Partial<Steps> = {},
): Travelling {
  const journey = { statuses: [] as number[], events: [] as AuditEvent[], forwarded: 0 }
  const back: Back = {
    open() {
      journey.forwarded += 1
      return { abort: () => undefined }
    },
    answers: async () => true,
    close: async () => undefined,
  }
  const record = (event: AuditEvent) => void journey.events.push(event)
  const steps: Steps = {
    ...stepsOf(point, new Map([['http', back]])),
    identify,
    audit: {
      reserve: () => ({ record, recordSoon: record, release: () => undefined }),
      flush: () => undefined,
      close: () => Promise.resolve(),
    },
    ...more,
  }
  let leave: (why: Gone) => void = () => undefined
  const rawHeaders = [
    ...['host', 'localhost', 'content-type', 'application/json'],
    ...['accept', 'application/json, text/event-stream', ...credential],
  ]
  const bytes = Buffer.from(JSON.stringify(call('open-tool')))
  const posted = { verb: 'POST', target: '/mcp/http', rawHeaders, bytes }
  const inbound = inboundOf(posted, { reply: (status) => void journey.statuses.push(status) })
  const done = createPipeline(steps)({
    ...inbound,
    onGone(listener) {
      leave = listener
    },
  })
  return { journey, done, leave: (why) => leave(why) }
}
