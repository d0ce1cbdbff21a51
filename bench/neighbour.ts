/**
 * What does a server, or a caller, that hangs cost the callers of another? 8 connections of alice call
 * a healthy server, one call after the other, in slices that take turns:
 * - alone;
 * - beside a loop that calls a second healthy server every 10 ms: the load of the next one;
 * - beside 1,000 calls that a server never answers, and the same loop to one that cannot be reached;
 * - beside 1,000 calls of another caller that the healthy server itself never answers, and the loop.
 * What failing costs is the third and fourth against the second, whose load is the same.
 *
 *   npm run bench:neighbour -- [--rounds 8] [--seconds 1.5]
 */
import { setMaxListeners } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Child, startChild } from '../test/support/child.js'
import { keyOf } from '../test/support/gateway.js'
import { closedPortUrl, mcpServer, startUpstream } from '../test/support/upstream.js'
import { environmentLines, readEnvironment } from './support/environment.js'
import { median } from './support/report.js'
import { table } from './support/table.js'

const connections = 8
const hanging = 1000

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '1.5' },
  },
})

type Who = 'alice' | 'mallory'

const bodies: Readonly<Record<Who, string>> = {
  alice: bodyOf({}),
  mallory: bodyOf({ hang: true }),
}

function bodyOf(args: object): string {
  const params = { name: 'open-tool', arguments: args }
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
}

interface Made {
  readonly server: string
  readonly agent: Agent
  readonly as?: Who
  readonly signal?: AbortSignal
}

/** Resolves with the status; rejects when the connection breaks. */
function call(child: Child, { server, agent, as = 'alice', signal }: Made): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${keyOf(as)}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(bodies[as]),
    }
    const options = { method: 'POST', agent, headers, ...(signal === undefined ? {} : { signal }) }
    const sent = request(`${child.url}/mcp/${server}`, options, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.on('error', reject)
    sent.end(bodies[as])
  })
}

/** Milliseconds of each call. */
async function measure(child: Child, agent: Agent, seconds: number): Promise<number[]> {
  const times: number[] = []
  const endMs = performance.now() + seconds * 1000
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let startedMs = performance.now(); startedMs < endMs; startedMs = performance.now()) {
        const status = await call(child, { server: 'healthy', agent })
        if (status !== 200) throw new Error(`the healthy server's answer had status ${status}`)
        times.push(performance.now() - startedMs)
      }
    }),
  )
  return times.sort((one, other) => one - other)
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const answers = mcpServer()
const healthy = await startUpstream((seen, response) => {
  const hangs = Object(seen.message.params?.['arguments']).hang === true
  if (!hangs) return answers(seen, response)
})
const second = await startUpstream(answers)
const hung = await startUpstream(() => undefined)
const child = await startChild({
  upstreams: {
    healthy: { url: healthy.url, timeout: '1h' },
    second: second.url,
    hung: { url: hung.url, timeout: '1h' },
    down: await closedPortUrl(),
  },
  callers: { alice: [], mallory: [] },
  listen: { maxConnections: 10_000 },
})
const agent = new Agent({ keepAlive: true, maxSockets: connections })
const many = new Agent({ keepAlive: true, maxSockets: 10_000 })
const seconds = Number(values.seconds)

interface Slice {
  readonly what: string
  /** Where 1,000 calls hang meanwhile, and whose. */
  readonly hangs: { readonly server: string; readonly as: Who } | null
  /** What is called every 10 ms meanwhile. */
  readonly loop: string | null
}
const slices: readonly Slice[] = [
  { what: 'alone', hangs: null, loop: null },
  { what: 'same load', hangs: null, loop: 'second' },
  { what: 'a server hangs', hangs: { server: 'hung', as: 'alice' }, loop: 'down' },
  { what: 'a caller hangs', hangs: { server: 'healthy', as: 'mallory' }, loop: 'down' },
]

async function play({ hangs, loop }: Slice): Promise<number[]> {
  const over = new AbortController()
  const { signal } = over
  setMaxListeners(0, signal)
  const calls =
    hangs === null
      ? []
      : Array.from({ length: hanging }, () =>
          call(child, { ...hangs, agent: many, signal }).catch(() => 0),
        )
  // Getting there is work like any other; what is measured is that they are there.
  if (hangs !== null) await sleep(2000)
  const looping = (async () => {
    while (loop !== null && !signal.aborted) {
      await call(child, { server: loop, agent: many }).catch(() => 0)
      await sleep(10)
    }
  })()
  const times = await measure(child, agent, seconds)
  over.abort()
  await Promise.all([...calls, looping])
  // What is left to do for the calls that went is not the next slice's.
  await sleep(300)
  return times
}

const rounds: number[][][] = []
await measure(child, agent, seconds)
for (let round = 0; round < Number(values.rounds); round += 1) {
  const played: number[][] = []
  for (const slice of slices) played.push(await play(slice))
  rounds.push(played)
}
agent.destroy()
many.destroy()
await child.close()
await Promise.all([healthy.close(), second.close(), hung.close()])

const row = (what: string, of: (times: readonly number[]) => number, digits: number) => {
  const figures = slices.map((_, index) => {
    const own = rounds.map((round) => of(round[index] ?? []))
    const ratio = median(rounds.map((round) => of(round[index] ?? []) / of(round[1] ?? [])))
    return `${median(own).toFixed(digits)} (${ratio.toFixed(2)} x)`
  })
  return [what, ...figures]
}
console.log(environmentLines(readEnvironment()).join('\n'))
console.log(
  table(
    ['calls of the healthy server', ...slices.map(({ what }) => what)],
    [
      row('p50, ms', (times) => quantile(times, 0.5), 2),
      row('p99, ms', (times) => quantile(times, 0.99), 2),
      row('calls a second', (times) => times.length / seconds, 0),
    ],
  ),
)
console.log('in brackets against the same load; goal: p99 1.2 x')
