/**
 * Judged = sent on every way: whatever bytes a client of any transport hands over, each message that
 * a server of any transport gets is one that policy was asked about, read alike by every kind of
 * parser; on standard input it is one line, wherever a reader of lines ends them.
 * CASES for more than the suite's cases, SEED to repeat a run.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, JsonObject } from '../../src/domain.js'
import { drawCase } from '../support/body-cases.js'
import { jsonOf, readNode } from '../support/json-readers.js'
import { type End, startJudgedRig } from '../support/judged-rig.js'
import { seededRandom } from '../support/random.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
const cases = Number(process.env['CASES'] ?? 6000)
const ends: readonly End[] = ['http', 'sse', 'stdio']
/** Where readers of lines end one; Node's own also at the two separators. */
const lineEnds = /[\n\r\u2028\u2029]/

const rig = await startJudgedRig()
test.after(() => rig.close())

test(`${cases} bodies on nine ways: nothing arrives that was not judged (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  for (let index = 0; index < cases; index += 1) {
    const { bytes, headers } = drawCase(random)
    await rig.send(random.pick(ends), random.pick(ends), bytes, headers)
  }
  await arrived()
  for (const end of ends) check(end)
})

/** Until nothing more comes. */
async function arrived(): Promise<void> {
  const count = () => ends.reduce((sum, end) => sum + rig.received(end).length, 0)
  for (let before = -1; before !== count(); await sleep(400)) before = count()
}

function check(end: End): void {
  const judged = new Map<string, number>()
  const transports = new Set<string>()
  for (const { server, method, params, circumstances } of rig.judged) {
    if (server.name !== end) continue
    transports.add(circumstances.transport)
    const text = canonical({ method, params: params ?? null })
    judged.set(text, (judged.get(text) ?? 0) + 1)
  }
  const received = rig.received(end)
  for (const bytes of received) {
    const text = bytes.toString()
    assert.ok(Buffer.from(text).equals(bytes), 'UTF-8')
    if (end === 'stdio') assert.not.match(text, lineEnds)
    const message = JSON.parse(text) as JsonObject
    for (const pick of ['first', 'last'] as const) {
      assert.is(canonical(jsonOf(readNode(text), pick)), canonical(message), text)
    }
    const own = canonical({ method: message['method'] ?? null, params: message['params'] ?? null })
    const left = judged.get(own) ?? 0
    if (left === 0 && isOwnCancel(message, received)) continue
    assert.ok(left > 0, `not judged, or sent twice: ${text}`)
    judged.set(own, left - 1)
  }
  assert.equal([...transports].sort(), ends)
  const unsent = [...judged].filter(([, left]) => left > 0)
  console.log(`  ${end}: ${received.length} received, ${unsent.length} kinds judged and not sent`)
  assert.ok(received.length > cases / 60, `${received.length} at ${end}`)
}

/** 2026-07-28 on standard input: a client that closes its answer cancels, which the gateway says. */
function isOwnCancel({ method, params }: JsonObject, received: readonly Buffer[]): boolean {
  if (method !== 'notifications/cancelled') return false
  const { requestId } = params as JsonObject
  if (canonical(params ?? null) !== canonical({ requestId: requestId ?? null })) return false
  return received.some((bytes) => {
    const { id, method: asked } = JSON.parse(bytes.toString()) as JsonObject
    return asked !== undefined && id === requestId
  })
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: Json) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

test.run()
