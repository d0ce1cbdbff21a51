/**
 * What does a server that hangs cost the callers of another? 8 connections call a healthy server,
 * one call after the other, in slices that take turns: with nothing beside them, and with 1,000 calls
 * waiting for a server that never answers, and as many being made to one that cannot be reached.
 *
 *   npm run bench:neighbour -- [--rounds 10] [--seconds 2]
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
    rounds: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '2' },
  },
})

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'open-tool', arguments: {} },
})

/** Resolves with the status; rejects when the connection breaks. */
function call(child: Child, server: string, agent: Agent, signal?: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${keyOf('alice')}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const options = { method: 'POST', agent, headers, ...(signal === undefined ? {} : { signal }) }
    const sent = request(`${child.url}/mcp/${server}`, options, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Milliseconds of each call. */
async function measure(child: Child, agent: Agent, seconds: number): Promise<number[]> {
  const times: number[] = []
  const endMs = performance.now() + seconds * 1000
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let startedMs = performance.now(); startedMs < endMs; startedMs = performance.now()) {
        const status = await call(child, 'healthy', agent)
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

const healthy = await startUpstream(mcpServer())
const hung = await startUpstream(() => undefined)
const child = await startChild({
  upstreams: {
    healthy: healthy.url,
    hung: { url: hung.url, timeout: '1h' },
    down: await closedPortUrl(),
  },
  listen: { maxConnections: 10_000 },
})
const agent = new Agent({ keepAlive: true, maxSockets: connections })
const many = new Agent({ keepAlive: true, maxSockets: 10_000 })
const seconds = Number(values.seconds)
const rounds: { alone: number[]; beside: number[] }[] = []
let refused = 0
await measure(child, agent, seconds)
for (let round = 0; round < Number(values.rounds); round += 1) {
  const alone = await measure(child, agent, seconds)
  const waiting = new AbortController()
  setMaxListeners(0, waiting.signal)
  const calls = Array.from({ length: hanging }, () =>
    call(child, 'hung', many, waiting.signal).catch(() => 0),
  )
  // Getting there is work like any other; what is measured is that they are there.
  await sleep(2000)
  const failing = (async () => {
    while (!waiting.signal.aborted) {
      if ((await call(child, 'down', many).catch(() => 0)) === 502) refused += 1
      await sleep(10)
    }
  })()
  const beside = await measure(child, agent, seconds)
  waiting.abort()
  await Promise.all([...calls, failing])
  rounds.push({ alone, beside })
}
agent.destroy()
many.destroy()
await child.close()
await Promise.all([healthy.close(), hung.close()])

const row = (what: string, of: (times: readonly number[]) => number, digits: number) => {
  const ratio = median(rounds.map(({ alone, beside }) => of(beside) / of(alone)))
  const figure = (times: 'alone' | 'beside') =>
    median(rounds.map((round) => of(round[times]))).toFixed(digits)
  return [what, figure('alone'), figure('beside'), `${ratio.toFixed(2)} x`]
}
console.log(environmentLines(readEnvironment()).join('\n'))
console.log(
  table(
    ['calls of the healthy server', 'alone', `beside ${hanging} that hang`, 'ratio'],
    [
      row('p50, ms', (times) => quantile(times, 0.5), 2),
      row('p99, ms', (times) => quantile(times, 0.99), 2),
      row('calls a second', (times) => times.length / seconds, 0),
    ],
  ),
)
console.log(`${refused} calls to the server that is down were refused meanwhile; goal: p99 1.2 x`)
