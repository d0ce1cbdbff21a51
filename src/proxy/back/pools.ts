/** Connections to one HTTP server, and whether it answers at all. */
// undici's index loads a browser's fetch and more: a sixth of the gateway's start, and never used.
import Pool from 'undici/lib/dispatcher/pool.js'

export interface PoolsOptions {
  readonly connectTimeoutMs: number
  readonly maxConnections: number
}

export interface Pools {
  readonly calls: Pool
  /** What is no request: among the calls, a cancellation would wait for what it is to cancel. */
  readonly notes: Pool
  /** A stream keeps its connection: among the calls, idle clients would starve busy ones. */
  readonly streams: Pool
  /** Whether the server answers a HEAD within two seconds, whatever it answers; never rejects. */
  answers(path: string): Promise<boolean>
  close(): Promise<void>
}

/** How long an upstream may take to show that it answers. */
const probeMs = 2000

export function createPools(origin: string, options: PoolsOptions): Pools {
  const shared = {
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: options.connectTimeoutMs },
  }
  const bounded = { ...shared, connections: options.maxConnections }
  const calls = new Pool(origin, bounded)
  const notes = new Pool(origin, bounded)
  const streams = new Pool(origin, { ...shared, connections: null })
  return {
    calls,
    notes,
    streams,
    answers(path) {
      return new Promise((resolve) => {
        const probe = { path, method: 'HEAD' as const, headersTimeout: probeMs }
        streams.dispatch(probe, {
          onRequestStart: () => undefined,
          onResponseStart: () => resolve(true),
          onResponseData: () => undefined,
          onResponseEnd: () => undefined,
          onResponseError: () => resolve(false),
        })
      })
    },
    async close() {
      await Promise.all([calls.destroy(), notes.destroy(), streams.destroy()])
    },
  }
}
