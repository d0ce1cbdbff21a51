/**
 * Whom a server's messages are for, on a connection that several exchanges share: as a table, and
 * for random courses of events against an independent account of what each exchange may get.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type ConnectionEvent,
  type ConnectionState,
  type Effect,
  idleState,
  reduce,
} from '../../../src/proxy/exchange/connection-state.js'
import { idKey, readIncoming } from '../../../src/proxy/exchange/incoming.js'
import { printedSeed } from '../../policy/seed.js'

const limits = { maxPending: 3, maxWaiting: 2, maxWaitingBytes: 400, serverAsks: true }

function incoming(message: object | string) {
  const text =
    typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message })
  const read = readIncoming(Buffer.from(text))
  if (read === null) throw new Error(`not a message: ${text}`)
  return read
}

const received = (message: object | string): ConnectionEvent => ({
  type: 'received',
  message: incoming(message),
})
const asked = (exchange: number, id: string | number, more: object = {}): ConnectionEvent => ({
  type: 'asked',
  exchange,
  id: idKey(id),
  progressToken: null,
  ofGateway: false,
  ...more,
})
const listening = (exchange: number): ConnectionEvent => ({ type: 'listening', exchange })
const left = (exchange: number): ConnectionEvent => ({ type: 'left', exchange })
const note = (data: string | number): object => ({
  method: 'notifications/message',
  params: { data },
})
const progress = (progressToken: string | number): object => ({
  method: 'notifications/progress',
  params: { progressToken, progress: 1 },
})
const answer = (id: string | number | null): object => ({ id, result: {} })
const fault = (id: string | number | null): object => ({
  id,
  error: { code: -32700, message: 'x' },
})

function run(events: readonly ConnectionEvent[]): { state: ConnectionState; last: string[] } {
  let state = idleState
  let effects: readonly Effect[] = []
  for (const event of events) ({ state, effects } = reduce(state, event, limits))
  return { state, last: effects.map(brief) }
}

function brief(effect: Effect): string {
  if (effect.type === 'drop') return `drop ${effect.reason}`
  const more = effect.type === 'begin' ? ` ${effect.framing}` : ''
  return `${effect.type} ${effect.exchange}${more}${effect.type === 'refuse' ? ` ${effect.reason}` : ''}`
}

interface Row {
  readonly what: string
  readonly events: readonly ConnectionEvent[]
  readonly last: readonly string[]
}

const rows: readonly Row[] = [
  {
    what: 'an id in flight is refused',
    events: [asked(1, 1), asked(2, 1)],
    last: ['refuse 2 id-in-use'],
  },
  {
    what: 'an id whose client went is still in flight',
    events: [asked(1, 1), left(1), asked(2, 1)],
    last: ['refuse 2 id-in-use'],
  },
  {
    what: 'too many are refused',
    events: [asked(1, 1), asked(2, 2), asked(3, 3), asked(4, 4)],
    last: ['refuse 4 too-many-pending'],
  },
  {
    what: 'the oldest that nobody waits for makes room',
    events: [asked(1, 1), asked(2, 2), asked(3, 3), left(2), asked(4, 4)],
    last: ['send 4'],
  },
  {
    what: 'an answer to nobody is dropped',
    events: [asked(1, 1), received(answer(2))],
    last: ['drop unknown-id'],
  },
  {
    what: 'the type is part of the id',
    events: [asked(1, 1), received(answer('1'))],
    last: ['drop unknown-id'],
  },
  {
    what: 'a second answer is dropped',
    events: [asked(1, 1), received(answer(1)), received(answer(1))],
    last: ['drop unknown-id'],
  },
  {
    what: 'the answer alone is JSON',
    events: [asked(1, 1), asked(2, '1'), received(answer('1'))],
    last: ['begin 2 json', 'pass 2', 'end 2'],
  },
  {
    what: 'an answer whose client went is nobody’s',
    events: [asked(1, 1), left(1), received(answer(1))],
    last: [],
  },
  {
    what: 'an error without an id, one pending: it is about that one',
    events: [asked(1, 1), received(fault(null))],
    last: ['begin 1 json', 'pass 1', 'end 1'],
  },
  {
    what: 'an error without an id, two pending: nobody knows',
    events: [asked(1, 1), asked(2, 2), received(fault(null))],
    last: ['drop unknown-id'],
  },
  {
    what: 'progress goes to whose token it has',
    events: [asked(1, 1, { progressToken: idKey('a') }), asked(2, 2), received(progress('a'))],
    last: ['begin 1 sse', 'pass 1'],
  },
  {
    what: 'also beside an open stream',
    events: [asked(1, 1, { progressToken: idKey(7) }), listening(2), received(progress(7))],
    last: ['begin 1 sse', 'pass 1'],
  },
  {
    what: 'progress of what nobody waits for goes nowhere',
    events: [
      asked(1, 1, { progressToken: idKey(7) }),
      listening(2),
      left(1),
      received(progress(7)),
    ],
    last: ['drop nobody-listens'],
  },
  {
    what: 'progress of a task goes to the stream',
    events: [listening(2), received(progress('task'))],
    last: ['pass 2'],
  },
  {
    what: 'a request of the server goes to the stream',
    events: [asked(1, 1), listening(2), received({ id: 1, method: 'roots/list' })],
    last: ['pass 2'],
  },
  {
    what: 'without a stream to the newest request',
    events: [asked(1, 1), asked(2, 2), received({ id: 1, method: 'roots/list' })],
    last: ['begin 2 sse', 'pass 2'],
  },
  {
    what: 'whose client is still there, and not to the gateway’s own',
    events: [
      asked(1, 1),
      asked(2, 2),
      asked(3, 3, { ofGateway: true }),
      left(2),
      received(note(1)),
    ],
    last: ['begin 1 sse', 'pass 1'],
  },
  {
    what: 'an answer after other messages',
    events: [asked(1, 1), received(note(1)), received(answer(1))],
    last: ['pass 1', 'end 1'],
  },
  {
    what: 'what waits goes on the stream that opens',
    events: [received(note(1)), received(note(2)), listening(1)],
    last: ['begin 1 sse', 'pass 1', 'pass 1'],
  },
  {
    what: 'or with the next request',
    events: [received(note(1)), asked(1, 1)],
    last: ['send 1', 'begin 1 sse', 'pass 1'],
  },
  {
    what: 'but not with the gateway’s own',
    events: [received(note(1)), asked(1, 1, { ofGateway: true })],
    last: ['send 1'],
  },
  {
    what: 'more than may wait: the oldest goes',
    events: [received(note(1)), received(note(2)), received(note(3))],
    last: ['drop nobody-listens'],
  },
  {
    what: 'larger than may wait: none is left',
    events: [received(note(1)), received(note('x'.repeat(400)))],
    last: ['drop nobody-listens', 'drop nobody-listens'],
  },
  {
    what: 'a second stream is refused',
    events: [listening(1), listening(2)],
    last: ['refuse 2 already-listening'],
  },
  {
    what: 'and taken when the first has gone',
    events: [listening(1), left(1), listening(2)],
    last: ['begin 2 sse'],
  },
  {
    what: 'lost: each that somebody waits for fails',
    events: [asked(1, 1), asked(2, 2), left(1), listening(3), { type: 'lost' }],
    last: ['fail 2', 'fail 3'],
  },
  {
    what: 'ended: the stream ends',
    events: [asked(1, 1), listening(3), { type: 'ended' }],
    last: ['fail 1', 'end 3'],
  },
  {
    what: 'given up: it fails, and its answer is nobody’s',
    events: [asked(1, 1), { type: 'given-up', exchange: 1 }, received(answer(1))],
    last: ['drop unknown-id'],
  },
  {
    what: 'an ambiguous answer goes to whose it seems to be, to fail there',
    events: [asked(1, 1), received('{"jsonrpc":"2.0","id":1,"result":{},"result":{}}')],
    last: ['begin 1 json', 'pass 1', 'end 1'],
  },
]

for (const { what, events, last } of rows) {
  test(what, () => assert.equal(run(events).last, last))
}

const noise = [
  '',
  'hello',
  '[]',
  '[{"jsonrpc":"2.0","method":"x"}]',
  'null',
  '1',
  '"x"',
  '{',
  '\ufeff{}',
]
for (const text of noise) {
  test(`no message: ${JSON.stringify(text)}`, () => {
    assert.is(readIncoming(Buffer.from(text)), null)
  })
}

// ── Random courses ──────────────────────────────────────────────────────────────────────────────

const idOf = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('0', '1'))
const often = 4
const steps = fc.array(
  fc.oneof(
    {
      weight: often,
      arbitrary: fc.record({ do: fc.constant('ask' as const), id: idOf, token: fc.option(idOf) }),
    },
    { weight: often, arbitrary: fc.record({ do: fc.constant('answer' as const), id: idOf }) },
    fc.record({ do: fc.constant('listen' as const) }),
    fc.record({ do: fc.constantFrom('leave' as const, 'giveUp' as const), nth: fc.nat(9) }),
    fc.record({ do: fc.constant('progress' as const), id: idOf }),
    fc.record({ do: fc.constant('note' as const) }),
    fc.record({ do: fc.constantFrom('lost' as const, 'ended' as const) }),
  ),
  { minLength: 20, maxLength: 80 },
)

type CourseStep = typeof steps extends fc.Arbitrary<(infer Step)[]> ? Step : never

interface Own {
  readonly id: string | null
  readonly got: string[]
}

/** What each exchange may get, kept apart from the state that is tested. */
class Account {
  readonly #own = new Map<number, Own>()
  readonly #gone = new Set<number>()
  readonly #passed = new Set<string>()
  answers = 0
  others = 0

  eventOf(step: CourseStep, at: number): ConnectionEvent | null {
    switch (step.do) {
      case 'ask': {
        const token = step.token === null ? null : idKey(step.token)
        return asked(this.#opens(idKey(step.id)), step.id, { progressToken: token })
      }
      case 'listen':
        return listening(this.#opens(null))
      case 'leave':
      case 'giveUp': {
        const exchange = this.#own.size - step.nth
        if (exchange < 1) return null
        if (step.do === 'giveUp') return { type: 'given-up', exchange }
        this.#gone.add(exchange)
        return left(exchange)
      }
      case 'answer':
        return received(answer(step.id))
      case 'progress':
        return received(progress(step.id))
      case 'note':
        return received(note(at))
      default:
        return { type: step.do }
    }
  }

  check(effect: Effect, state: ConnectionState): void {
    if (effect.type === 'drop') return
    const own = this.#own.get(effect.exchange)
    if (own === undefined) throw new Error('for an exchange that nobody opened')
    const { got } = own
    assert.not.ok(['end', 'fail', 'refuse'].includes(got.at(-1) ?? ''), 'something after the end')
    assert.not.ok(this.#gone.has(effect.exchange), 'something for who has gone')
    if (effect.type === 'begin') assert.not.ok(got.includes('begin'))
    if (effect.type === 'pass') {
      assert.ok(got.includes('begin'))
      this.#checkMessage(effect, own, state)
    }
    got.push(effect.type)
  }

  #checkMessage(
    { exchange, message }: Extract<Effect, { type: 'pass' }>,
    { id }: Own,
    state: ConnectionState,
  ): void {
    if (message.kind === 'response') {
      assert.is(message.id, id)
      this.answers += 1
      return
    }
    this.others += 1
    const { progressToken } = message
    if (progressToken === null) {
      const text = Buffer.from(message.bytes).toString()
      assert.not.ok(this.#passed.has(text), 'a message on two streams')
      this.#passed.add(text)
      return
    }
    const owners = [...state.pending.values()].filter((one) => one.progressToken === progressToken)
    const isOwn = owners.length === 0 || owners.some((one) => one.exchange === exchange)
    assert.ok(isOwn || message !== this.newest, 'progress of another')
  }

  /** What waited may be passed when others are open by then. */
  newest: unknown = null

  #opens(id: string | null): number {
    this.#own.set(this.#own.size + 1, { id, got: [] })
    return this.#own.size
  }
}

test('where servers may not ask, their requests are for nobody, whoever waits or listens', () => {
  const message = received({ id: 1, method: 'roots/list' })
  for (const before of [asked(1, 1), listening(1)]) {
    const { state } = reduce(idleState, before, limits)
    const forbidding = { ...limits, serverAsks: false }
    const after = reduce(state, message, forbidding)
    assert.equal(after.effects.map(brief), ['drop may-not-ask'])
    assert.is(after.state, state)
    assert.equal(reduce(state, received(note(1)), forbidding).effects.at(-1)?.type, 'pass')
  }
})

test('each exchange gets what is its own, once, in order, and an end', () => {
  let answers = 0
  let others = 0
  fc.assert(
    fc.property(steps, (course) => {
      const account = new Account()
      let state = idleState
      for (const [at, step] of course.entries()) {
        const event = account.eventOf(step, at)
        if (event === null) continue
        account.newest = event.type === 'received' ? event.message : null
        const result = reduce(state, event, limits)
        state = result.state
        for (const effect of result.effects) account.check(effect, state)
        assert.ok(state.pending.size <= limits.maxPending)
        assert.ok(state.waiting.length <= limits.maxWaiting)
        assert.ok(state.waitingBytes <= limits.maxWaitingBytes)
      }
      answers += account.answers
      others += account.others
    }),
    { numRuns: 2000, seed: printedSeed('connection state') },
  )
  assert.ok(answers > 1000 && others > 1000, `${answers} answers, ${others} others`)
})

test.run()
