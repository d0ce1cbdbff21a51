/**
 * The stream that a client of HTTP+SSE (2024-11-05) opens first: judged, recorded, asked about again
 * and ended like any other stream without an end, but with no server at its other end. What it brings
 * are the answers of the messages that are posted beside it, which pass the pipeline by themselves.
 */
import { admit } from './admit.js'
import type { Back } from './back/back.js'
import { identify } from './identify.js'
import type { Inbound } from './inbound.js'
import { createPipeline } from './pipeline.js'
import type { Steps } from './steps.js'
import { whileThere } from './while-there.js'

export interface Downlink {
  /** `Identity.binding` of whoever opened it. */
  readonly owner: string
  end(): void
}

/** Told once the stream is open; returns what to call when it is over. */
export type OnDownlink = (downlink: Downlink) => () => void

export function openDownlink(steps: Steps, inbound: Inbound, onOpen: OnDownlink): Promise<void> {
  const route = steps.routes.get(inbound.target)
  const back: Back = {
    open({ principal }, sink) {
      void sink.head({ status: 200, framing: 'sse', headers: new Map() })
      return { abort: onOpen({ owner: principal, end: () => void sink.end() }) }
    },
    answers: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  }
  const routes = new Map(route === undefined ? [] : [[inbound.target, { ...route, back }]])
  return createPipeline({ ...steps, routes })(inbound)
}

/**
 * Whether a request gets as far as having its body read: who it is from may post here. One that does
 * not has its answer and its record.
 */
export async function mayPost(steps: Steps, inbound: Inbound): Promise<boolean> {
  const admitted = admit(inbound, steps.admission, steps.routes)
  if (!admitted.ok) return refusePost(steps, inbound)
  const { server } = admitted.route
  // Asked once: who was wrong was wrong once.
  const asked = Promise.resolve().then(() => identify(inbound, server, steps))
  const settled = asked.catch(() => ({ ok: false }) as const)
  const identified = await whileThere(inbound, settled, () => undefined)
  if (identified?.ok && identified.identity.binding === inbound.owner) return true
  return refusePost({ ...steps, identify: () => asked }, inbound)
}

async function refusePost(steps: Steps, inbound: Inbound): Promise<false> {
  await createPipeline(steps)(inbound)
  return false
}
