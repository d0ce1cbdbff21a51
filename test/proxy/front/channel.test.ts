/**
 * Many exchanges on one way to a client: whatever the order in which their parts come, and however
 * slow the client is, messages leave whole and each exchange's in its own order.
 */
import { Writable } from 'node:stream'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Flow } from '../../../src/proxy/frames.js'
import { Channel, type ChannelOut } from '../../../src/proxy/front/channel.js'
import { linesOut } from '../../../src/proxy/front/framings.js'
import { printedSeed } from '../../policy/seed.js'

const text = (value: string) => Buffer.from(value)

/** Keeps what is written; `slow`: a write asks to wait as often as the pattern says. */
function collector(slow: readonly boolean[] = []) {
  const written: string[] = []
  const waiting: (() => void)[] = []
  let count = 0
  const write = (value: string): Flow => {
    written.push(value)
    count += 1
    if (slow[count % slow.length] !== true) return undefined
    return new Promise((resolve) => waiting.push(resolve))
  }
  const out: ChannelOut = {
    part: (bytes) => write(Buffer.from(bytes).toString()),
    message: (bytes) => write(`${Buffer.from(bytes)}\n`),
    spoil: () => write('#\n'),
  }
  return { out, text: () => written.join(''), release: () => waiting.shift()?.() }
}

test('who comes while a message is half sent waits for its end, in order', async () => {
  const { out, text: sent } = collector()
  const channel = new Channel(out)
  const [one, two, three] = [0, 1, 2].map(() => channel.sender(() => undefined))
  assert.is(one?.part(text('a1')), undefined)
  const second = two?.message(text('b'))
  const third = three?.part(text('c1'))
  assert.instance(second, Promise)
  assert.is(sent(), 'a1')
  assert.is(one?.message(text('a2')), undefined)
  await Promise.all([second, third])
  assert.is(sent(), 'a1a2\nb\nc1')
  assert.is(three?.message(text('c2')), undefined)
  assert.is(sent(), 'a1a2\nb\nc1c2\n')
})

test('what fails half sent is spoilt, its last words follow, and nothing more of it comes', () => {
  const { out, text: sent } = collector()
  const channel = new Channel(out)
  const one = channel.sender(() => undefined)
  const two = channel.sender(() => undefined)
  void one.part(text('a1'))
  void two.message(text('b'))
  one.fail(text('sorry'))
  void one.part(text('a2'))
  void one.message(text('a3'))
  assert.is(sent(), 'a1#\nb\nsorry\n')
})

test('what fails before its turn came is not begun', () => {
  const { out, text: sent } = collector()
  const channel = new Channel(out)
  const one = channel.sender(() => undefined)
  const two = channel.sender(() => undefined)
  void one.part(text('a1'))
  void two.part(text('b1'))
  two.fail(null)
  void one.message(text('a2'))
  void channel.sender(() => undefined).message(text('c'))
  assert.is(sent(), 'a1a2\nc\n')
})

test('a message that stands still while others wait is told so; alone it may stand', async () => {
  const { out, text: sent } = collector()
  const channel = new Channel(out, 20)
  const one = channel.sender(() => one.fail(text('late')))
  void one.part(text('a1'))
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.is(sent(), 'a1', 'nobody waits')
  await channel.sender(() => undefined).message(text('b'))
  assert.is(sent(), 'a1#\nb\nlate\n')
})

test('a client that does not read is no fault of who has begun', async () => {
  const { out, release } = collector([true])
  let broken = 0
  const channel = new Channel(out, 20)
  const one = channel.sender(() => {
    broken += 1
  })
  void one.part(text('a1'))
  void channel.sender(() => undefined).message(text('b'))
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.is(broken, 0)
  release()
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.is(broken, 1, 'now it is')
})

test('closed: whoever waits is let go and nothing is written', async () => {
  const { out, text: sent } = collector([true])
  const channel = new Channel(out)
  void channel.sender(() => undefined).message(text('a'))
  const waits = channel.sender(() => undefined).message(text('b'))
  channel.close()
  await waits
  await channel.below(1)
  assert.is(channel.sender(() => undefined).message(text('c')), undefined)
  assert.is(sent(), 'a\n')
})

test('lines: line breaks inside become spaces, a broken line is no JSON', async () => {
  const chunks: Buffer[] = []
  const writable = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk)
      done()
    },
  })
  const channel = new Channel(linesOut(writable))
  const one = channel.sender(() => undefined)
  void one.part(text('{\r\n"a":'))
  void one.message(text('\n1}'))
  const two = channel.sender(() => undefined)
  void two.part(text('{"b":'))
  two.fail(text('{"c":3}'))
  const lines = Buffer.concat(chunks).toString().split('\n')
  assert.equal(lines, ['{  "a": 1}', '{"b":', '{"c":3}', ''])
})

/** What one exchange does: the sizes of the pieces of its messages, and whether it fails in the end. */
const exchange = fc.record({
  messages: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
  fails: fc.boolean(),
})

test('any interleaving: whole messages, each exchange in its own order', async () => {
  const plan = fc.array(exchange, { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(
      plan,
      fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
      fc.scheduler(),
      async (exchanges, slow, scheduler) => {
        const { out, text: sent, release } = collector(slow)
        const channel = new Channel(out)
        const runs = exchanges.map((what, index) => run(channel, index, what, scheduler))
        const pump = setInterval(release, 0)
        try {
          await scheduler.waitFor(Promise.all(runs))
          await channel.below(1)
        } finally {
          clearInterval(pump)
        }
        const lines = sent()
          .split('\n')
          .filter((line) => line !== '')
        exchanges.forEach(({ messages, fails }, index) => {
          const own = lines.filter((line) => line.includes(`<${index}:`))
          const expected = messages.map((pieces, nth) => whole(index, nth, pieces))
          if (fails) {
            const last = expected.pop() ?? ''
            const begun = own.filter((line) => line.endsWith('#')).map((line) => line.slice(0, -1))
            for (const line of begun) assert.ok(last.startsWith(line) && line !== last, line)
            expected.push(...begun.map((line) => `${line}#`), `<${index}:failed>`)
          }
          assert.equal(own, expected)
        })
        const total = lines.reduce((sum, line) => sum + line.length, 0)
        const owned = exchanges.flatMap((_, index) =>
          lines.filter((line) => new RegExp(`^(<${index}:[^<>]*>)+#?$`).test(line)),
        )
        assert.is(
          owned.reduce((sum, line) => sum + line.length, 0),
          total,
          sent(),
        )
      },
    ),
    { seed: printedSeed('interleavings'), numRuns: 300 },
  )
})

function piece(index: number, nth: number, at: number): string {
  return `<${index}:${nth}.${at}>`
}

function whole(index: number, nth: number, pieces: number): string {
  return Array.from({ length: pieces }, (_, at) => piece(index, nth, at)).join('')
}

async function run(
  channel: Channel,
  index: number,
  { messages, fails }: { messages: number[]; fails: boolean },
  scheduler: fc.Scheduler,
): Promise<void> {
  const sender = channel.sender(() => undefined)
  for (const [nth, pieces] of messages.entries()) {
    const isLast = nth === messages.length - 1
    for (let at = 0; at < pieces; at++) {
      await scheduler.schedule(Promise.resolve())
      const bytes = text(piece(index, nth, at))
      if (at < pieces - 1) await sender.part(bytes)
      else if (isLast && fails) sender.fail(text(`<${index}:failed>`))
      else await sender.message(bytes)
    }
  }
}

test.run()
