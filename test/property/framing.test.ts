/**
 * Seen ⊆ allowed, and meant = read: however a server of any transport frames its messages, and
 * whichever transport its client has, the client's own reader finds no name that policy hides, and
 * where the framing is sound exactly the messages that the server meant, less what is hidden.
 * The readers are not the gateway's. CASES for more than the suite's cases, SEED to repeat a run.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, JsonObject } from '../../src/domain.js'
import { drawEvents, drawLines, type FramedCase } from '../support/framed-cases.js'
import { namesSeen } from '../support/list-readers.js'
import { type Random, seededRandom } from '../support/random.js'
import { readers } from '../support/stream-readers.js'
import { type From, passStream, type Read, type To } from '../support/stream-rig.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
const cases = Number(process.env['CASES'] ?? 10_000)
/** Readers that take long read one case in so many. */
const sometimes = cases > 10_000 ? 256 : 32
const froms: readonly From[] = ['http', 'stream', 'resumed', 'sse', 'stdio']
const tos: readonly To[] = ['http', 'sse', 'stdio']
const allowed = new Set(['open-tool', 'file:///open', 'tools', 'é€😀'])
const names = [...allowed, 'hidden-tool', 'hidden', 'ünsichtbar']
const lists: Readonly<Record<string, string>> = {
  tools: 'name',
  prompts: 'name',
  resources: 'uri',
  resourceTemplates: 'uriTemplate',
}

const reached = new Map<string, number>()
const count = (name: string, by = 1) => reached.set(name, (reached.get(name) ?? 0) + by)

test(`${cases} framings: nothing hidden is read, all that is meant is (seed ${seed})`, async () => {
  for (let index = 0; index < cases; index += 1) {
    const random = seededRandom(seed + index)
    const from = random.pick(froms)
    const to = random.pick(tos)
    const drawn = from === 'stdio' ? drawLines(random, names) : drawEvents(random, names)
    const bodies = await passStream({
      from,
      to,
      chunks: drawn.chunks,
      isAllowed: (name) => allowed.has(name),
    })
    for (const name of [...drawn.classes, `${from} → ${to}`]) count(name)
    try {
      await check(drawn, { from, bodies, random, isSample: index % sometimes === 0 })
    } catch (thrown) {
      const bytes = JSON.stringify(Buffer.concat(drawn.chunks).toString('latin1'))
      const got = bodies.map(({ bytes: body }) => JSON.stringify(body.toString())).join('\n')
      const again = `SEED=${seed + index} CASES=1`
      throw new Error(`${again} ${from} → ${to} ${bytes}\ngot ${got}\n${String(thrown)}`)
    }
  }
})

test('every way, framing and reader was met', () => {
  for (const [name, times] of [...reached].sort())
    console.log(`  ${String(times).padStart(8)}  ${name}`)
  if (cases < 1000) return
  const ways = froms.flatMap((from) => tos.map((to) => `${from} → ${to}`))
  const used = Object.values(readers).flatMap(({ always, sometimes: seldom }) =>
    Object.keys({ ...always, ...seldom }).map((name) => `messages by ${name}`),
  )
  const missed = [...ways, ...used, 'agreed', 'with messages'].filter((name) => !reached.has(name))
  assert.equal(missed, [])
})

interface Passed {
  readonly from: From
  readonly bodies: readonly Read[]
  readonly random: Random
  readonly isSample: boolean
}

async function check(drawn: FramedCase, { from, bodies, random, isSample }: Passed): Promise<void> {
  for (const { bytes } of bodies) checkNames(namesSeen(bytes), 'any reader')
  const due = drawn.meant === null ? null : expectedOf(drawn.meant, from).map(canonical).sort()
  if (due !== null) count('agreed')
  if (due !== null && due.length > 0) count('with messages')
  const forms = new Set(bodies.flatMap(({ form }) => namesOfReaders(form, isSample)))
  for (const name of forms) {
    const texts: string[] = []
    for (const { form, bytes } of bodies) {
      const reader = { ...readers[form].always, ...readers[form].sometimes }[name]
      const every = reader ?? Object.values(readers[form].always)[0]
      texts.push(...((await every?.(piecesOf(bytes, random))) ?? []))
    }
    for (const text of texts) checkNames(namesSeen(Buffer.from(text)), name)
    const read = texts.flatMap(messageOf).filter((message) => !isOwnError(message))
    count(`messages by ${name}`, read.length)
    // Node's readline also ends a line at U+2028, inside a text too.
    if (due !== null && name !== 'readline') {
      assert.equal(read.map(canonical).sort(), due, name)
    }
  }
}

function namesOfReaders(form: Read['form'], isSample: boolean): string[] {
  const { always, sometimes: seldom } = readers[form]
  return [...Object.keys(always), ...(isSample ? Object.keys(seldom) : [])]
}

function checkNames(seen: Iterable<string>, reader: string): void {
  const leaked = [...seen].filter((name) => !allowed.has(name))
  assert.equal(leaked, [], reader)
}

/** What a client is to get of what the server meant. */
function expectedOf(meant: readonly JsonObject[], from: From): JsonObject[] {
  let answered = false
  return meant.flatMap((message) => {
    if (message['method'] !== undefined) return [message]
    if (from === 'stream') return []
    if (from !== 'resumed') {
      if (message['id'] !== 1 || answered) return []
      answered = true
    }
    return [withoutHidden(message)]
  })
}

function withoutHidden(message: JsonObject): JsonObject {
  const result = Object.entries(message['result'] as JsonObject).map(([name, value]) => {
    const member = lists[name]
    if (member === undefined) return [name, value]
    return [name, (value as JsonObject[]).filter((item) => allowed.has(String(item[member])))]
  })
  return { ...message, result: Object.fromEntries(result) }
}

/** A message, if the text is one. */
function messageOf(text: string): JsonObject[] {
  try {
    const value: Json = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? [value] : []
  } catch {
    return []
  }
}

/** What the gateway says when the server gave no answer. No case has errors of its own. */
function isOwnError(message: JsonObject): boolean {
  return message['error'] !== undefined
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: Json) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

/** A socket cuts where it likes. */
function piecesOf(bytes: Buffer, random: Random): Buffer[] {
  if (random.chance(0.5)) return [bytes]
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.below(200)
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

test.run()
