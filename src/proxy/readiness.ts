/** Whether the gateway is ready, asked of its servers no more than once a second. */
import { systemClock } from '../lib/clock.js'
import type { Readiness } from './front/health.js'
import type { Route } from './steps.js'

interface Upstream {
  readonly name: string
  readonly path: string
  readonly required: boolean
}

/** How long an upstream's readiness is believed. */
const readinessMs = 1000

/** Ready: a policy is active, every required upstream answers, and the gateway is not stopping. */
export function watchReadiness(
  upstreams: readonly Upstream[],
  routes: ReadonlyMap<string, Route>,
  current: () => object | null,
): { readiness: () => Promise<Readiness>; stop: () => void } {
  let stopping = false
  let asked: { atMs: number; answer: Promise<Readiness> } | null = null

  async function ask(): Promise<Readiness> {
    if (current() === null) return { ready: false, reason: 'no policy is active' }
    for (const { name, path, required } of upstreams) {
      if (!required || (await routes.get(path)?.back.answers())) continue
      return { ready: false, reason: `upstream \`${name}\` does not answer` }
    }
    return { ready: true, reason: null }
  }

  async function readiness(): Promise<Readiness> {
    if (stopping) return { ready: false, reason: 'the gateway is stopping' }
    const nowMs = systemClock.monotonicMs()
    if (asked === null || nowMs - asked.atMs > readinessMs) asked = { atMs: nowMs, answer: ask() }
    return asked.answer
  }

  return {
    readiness,
    stop() {
      stopping = true
    },
  }
}
