/**
 * A gateway under load whose policy is saved again and again, alternating between two revisions: calls
 * are in flight all the time, and streams are open on which the server keeps talking. Counts what was
 * answered, what was delivered, and by which policy.
 */
import * as assert from 'uvu/assert'
import { type PolicyFiles, rolePolicy, startGateway, writePolicy } from './gateway.js'
import { call, notification, openSession } from './messages.js'
import { event, events, mcpServer, startUpstream } from './upstream.js'

const callers = 6
const streams = 5
const tickMs = 40

function policyOf(reason: string): PolicyFiles {
  const text = rolePolicy['main.rego'] ?? ''
  return { 'main.rego': text.replace('"allowed-by-test"', JSON.stringify(reason)) }
}

const versions = ['by-a', 'by-b'].map((reason) => ({ reason, files: policyOf(reason) }))

export interface Reloads {
  readonly activations: number
  readonly calls: number
  readonly delivered: number
  /** Milliseconds from a save to the policy being active. */
  readonly latencies: readonly number[]
}

/** Fails where a call or a part of a stream is lost, or a decision is of two policies. */
export async function reloadUnderLoad(count: number): Promise<Reloads> {
  const upstream = await startUpstream()
  const gateway = await startGateway({ upstreams: { up: upstream.url }, policy: policyOf('by-b') })
  const talks = new Set<(text: string) => void>()
  let ticks = 0
  upstream.script = (seen, response) => {
    if (seen.verb !== 'GET') return mcpServer()(seen, response)
    events(response, ': open\n\n')
    talks.add((text) => response.write(text))
  }
  const opened = await Promise.all(
    Array.from({ length: streams }, async () => {
      const session = await openSession(gateway)
      const stream = await gateway.open({ verb: 'GET', headers: { 'mcp-session-id': session } })
      await stream.head()
      return stream
    }),
  )
  while (talks.size < streams) await new Promise((resolve) => setTimeout(resolve, 10))
  const ticking = setInterval(() => {
    ticks += 1
    const data = { level: 'info', data: `tick-${ticks}.` }
    for (const say of talks) say(event(notification('notifications/message', data)))
  }, tickMs)

  let stopped = false
  let answered = 0
  async function keepCalling(): Promise<void> {
    while (!stopped) {
      const { status, body } = await gateway.send({ body: call('open-tool') })
      assert.is(status, 200, body)
      assert.ok(JSON.parse(body).result.isError !== true, body)
      answered += 1
    }
  }
  const calling = Promise.all(Array.from({ length: callers }, keepCalling))

  const latencies: number[] = []
  const revisions = new Map<string, string>()
  const activations = () => gateway.logged.filter((line) => line.includes('"activated"'))
  for (let reload = 0; reload < count; reload += 1) {
    const version = versions[reload % 2]
    if (version === undefined) throw new Error('there are two versions')
    const before = activations().length
    const savedMs = performance.now()
    await writePolicy(gateway.policyFolder, version.files)
    while (activations().length === before) {
      if (performance.now() - savedMs > 20_000) throw new Error(gateway.logged.slice(-3).join('\n'))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    latencies.push(performance.now() - savedMs)
    const { revision } = JSON.parse((await gateway.admin('/health')).body).policy
    assert.is(revisions.get(version.reason) ?? revision, revision)
    revisions.set(version.reason, revision)
  }
  assert.is(new Set(revisions.values()).size, 2)

  clearInterval(ticking)
  stopped = true
  await calling
  for (const stream of opened) {
    const text = await stream.until(`tick-${ticks}.`)
    const heard = [...text.matchAll(/tick-(\d+)\./g)].map(([, tick]) => Number(tick))
    assert.equal(
      heard,
      Array.from({ length: ticks }, (_, index) => index + 1),
    )
  }

  const audit = await gateway.audit()
  const calls = audit.filter(({ method }) => method === 'tools/call')
  assert.is(calls.length, answered)
  assert.not.ok(audit.some((line) => line.event === 'stream.closed'))
  const ticked = audit.filter(({ method }) => method === 'notifications/message')
  assert.is(ticked.length, ticks * streams)
  for (const { revision, reasons, outcome } of [...calls, ...ticked]) {
    assert.is(outcome, 'forwarded')
    assert.is(reasons.length, 1)
    assert.is(revision, revisions.get(reasons[0] ?? ''))
  }
  for (const { reason } of versions) assert.ok(calls.some(({ reasons }) => reasons[0] === reason))
  for (const stream of opened) stream.close()
  await gateway.close()
  await upstream.close()
  return { activations: count, calls: answered, delivered: ticks * streams, latencies }
}
