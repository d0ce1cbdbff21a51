/**
 * The answer filter by itself: what is held back and what streams, the limits of each kind of
 * message, when the record is made, and that a bad end is never taken for a good one.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../../src/errors.js'
import type { EventFields } from '../../../src/mcp/sse.js'
import {
  AnswerFilter,
  type Expected,
  holdBytes,
  maxListBytes,
  maxMessageBytes,
} from '../../../src/proxy/answer/filter.js'
import type { AnswerHead, Flow, FrameSink, Framing } from '../../../src/proxy/frames.js'

/** Everything that happens, in order; bytes as text. */
class Recorder implements FrameSink {
  readonly log: string[] = []
  sent = ''
  head(head: AnswerHead): Flow {
    this.log.push(`head ${head.status}`)
    return undefined
  }
  part(bytes: Uint8Array): Flow {
    this.log.push('part')
    this.sent += Buffer.from(bytes).toString()
    return undefined
  }
  message(bytes: Uint8Array, fields: EventFields): Flow {
    this.log.push(`message${fields.id === undefined ? '' : ` id ${fields.id}`}`)
    this.sent += Buffer.from(bytes).toString()
    return undefined
  }
  idle(): Flow {
    this.log.push('idle')
    return undefined
  }
  end(): Flow {
    this.log.push('end')
    return undefined
  }
  fail(error: GuardError): void {
    this.log.push(`fail ${error.message}`)
  }
}

interface Setup {
  readonly framing?: Framing
  readonly expected?: Expected
  readonly status?: number
  readonly settle?: () => void
  readonly allows?: boolean
}

async function start(setup: Setup = {}) {
  const { framing = 'json', expected = { type: 'own', id: 1 }, status = 200 } = setup
  const out = new Recorder()
  const filter = new AnswerFilter(
    {
      expected,
      era: 'legacy',
      // Answers later, as the decision point does.
      visible: async (_, names) => names.map((name) => !name.startsWith('hidden')),
      allows: () => setup.allows ?? true,
      allowsInput: () => true,
      deny: () => undefined,
      dropped: (why) => out.log.push(`dropped ${why}`),
      settle({ hidden, dropped, bytes }) {
        setup.settle?.()
        out.log.push(`settle ${hidden} ${dropped} ${bytes}`)
      },
    },
    out,
  )
  await filter.head({ status, framing, headers: new Map() })
  return {
    out,
    filter,
    /** One message in pieces; `whole` ends it. */
    async send(text: string, { pieces = 16 * 1024, whole = true, fields = {} } = {}) {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; at += pieces) {
        await filter.part(bytes.subarray(at, at + pieces))
      }
      if (whole) await filter.message(new Uint8Array(), fields)
    },
  }
}

const frame = (content: string, id = '1') =>
  `{"jsonrpc":"2.0","id":${id},"result":{"t":"${content}"}}`
const sized = (bytes: number) => frame('x'.repeat(bytes - frame('').length))

test('a result that fits is held and leaves whole, after its record', async () => {
  const { out, filter, send } = await start()
  const text = sized(holdBytes)
  await send(text)
  await filter.end()
  assert.equal(out.log, ['head 200', `settle 0 0 ${holdBytes}`, 'message', 'end'])
  assert.is(out.sent, text)
})

test('a larger one streams, and its last bracket waits for the record', async () => {
  const { out, filter, send } = await start()
  const text = sized(holdBytes + 20_000)
  await send(text, { whole: false })
  assert.equal(out.log, ['head 200', 'part'])
  assert.ok(text.startsWith(out.sent))
  assert.ok(out.sent.length < text.length, 'the end is withheld')
  await filter.message(new Uint8Array(), {})
  await filter.end()
  assert.equal(out.log.slice(2), [`settle 0 0 ${text.length}`, 'message', 'end'])
  assert.is(out.sent, text)
})

test('a large result costs what is under way: each piece leaves as it comes', async () => {
  const { out, send } = await start()
  await send(sized(10 * holdBytes))
  const parts = out.log.filter((what) => what === 'part').length
  assert.ok(parts > 30, `${parts}`)
})

const large = 'x'.repeat(2 * holdBytes)
const bigResult = (tail: string) => `{"jsonrpc":"2.0","id":1,"result":{"t":"${large}"${tail}`
const afterStreaming: readonly (readonly [what: string, text: string, why: string])[] = [
  [
    'a list behind it',
    bigResult(',"tools":[{"name":"hidden"}]}}'),
    'a list or request inside a large result',
  ],
  ['a method behind it', bigResult('},"method":"m"}'), 'a list or request inside a large result'],
  [
    'an error behind it',
    bigResult('},"error":{"code":1,"message":"m"}}'),
    'neither a request nor a response',
  ],
  ['an unknown member', bigResult('},"x":1}'), 'unknown member in a message'],
  ['no end', bigResult('}'), 'the text ends before the value is complete'],
  ['a second value', bigResult('}} {}'), 'text after the value'],
  ['a folded list', bigResult(',"Tools":[]}}'), 'a member of the result looks like `tools`'],
  ['a control character', bigResult(',"u":"\u0001"}}'), 'control character in a string'],
  [
    'another id behind it',
    `{"jsonrpc":"2.0","result":{"t":"${large}"},"id":2}`,
    'a response to another request',
  ],
  ['no id at all', `{"jsonrpc":"2.0","result":{"t":"${large}"}}`, 'a response to another request'],
  ['no version', `{"id":1,"result":{"t":"${large}"}}`, 'not JSON-RPC 2.0'],
]
for (const framing of ['json', 'sse'] as const) {
  for (const [what, text, why] of afterStreaming) {
    test(`${framing}: a large result that goes wrong, ${what}, is broken off unrecorded`, async () => {
      const { out, filter, send } = await start({ framing })
      await send(text)
      await filter.end()
      assert.is(out.log.at(-1), `fail ${why}`)
      assert.ok(out.log.includes('part'), 'it had begun')
      assert.not.ok(out.log.some((line) => /^(settle|message|end)/.test(line)))
      assert.not.ok(out.sent.includes('hidden'))
      assert.throws(() => JSON.parse(out.sent), 'what left is no JSON text')
    })
  }
}

test('a large answer to another id never begins', async () => {
  const { out, send } = await start()
  await send(frame(large, '2'))
  assert.equal(out.log, ['fail a response to another request'])
})

test('white space without end behind a large result', async () => {
  const { out, send } = await start()
  await send(sized(2 * holdBytes), { whole: false })
  await send(' '.repeat(17 * holdBytes), { whole: false })
  assert.is(out.log.at(-1), 'fail white space without end')
})

const oversized = [
  {
    what: 'a list',
    text: `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a","d":"${'x'.repeat(maxListBytes)}"}]}}`,
  },
  {
    what: 'an error',
    text: `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"${'x'.repeat(maxMessageBytes)}"}}`,
  },
  {
    what: 'a notification',
    text: `{"jsonrpc":"2.0","method":"m","params":{"x":"${'x'.repeat(maxMessageBytes)}"}}`,
  },
]
for (const { what, text } of oversized) {
  test(`${what} over its limit: JSON fails, an event is dropped and the next one passes`, async () => {
    const json = await start()
    await json.send(text)
    assert.equal(json.out.log, ['fail a message over the size limit'])
    const sse = await start({ framing: 'sse' })
    await sse.send(text)
    await sse.send(frame('a'))
    await sse.filter.end()
    assert.equal(sse.out.log, [
      'head 200',
      'dropped a message over the size limit',
      `settle 0 0 ${frame('a').length}`,
      'message',
      'end',
    ])
    assert.is(sse.out.sent, frame('a'))
  })
}

test('a list of almost 8 MiB is held, cut and recorded', async () => {
  const item = `{"name":"hidden-a","d":"${'x'.repeat(1000)}"}`
  const count = Math.floor((maxListBytes - 100) / (item.length + 4))
  const names = Array.from({ length: count }, (_, index) =>
    item.replace('hidden-a', `hidden-${index}`),
  )
  const { out, send } = await start()
  await send(`{"jsonrpc":"2.0","id":1,"result":{"tools":[${names.join(',')},{"name":"a"}]}}`)
  assert.is(out.sent, '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"}]}}')
  assert.equal(out.log, ['head 200', `settle ${count} 0 ${out.sent.length}`, 'message'])
})

test('an item twice is dropped once, an unreadable one too', async () => {
  const { out, send } = await start()
  await send(
    '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"},{"name":"a"},{},{"name":"hidden"}]}}',
  )
  assert.is(out.sent, '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"}]}}')
  assert.equal(out.log[1], `settle 1 2 ${out.sent.length}`)
})

test('an answer that cannot be recorded does not leave', async () => {
  for (const framing of ['json', 'sse'] as const) {
    for (const bytes of [100, 2 * holdBytes]) {
      const { out, send } = await start({
        framing,
        settle() {
          throw new GuardError('GUARD_AUDIT_UNAVAILABLE', 'no room')
        },
      })
      await send(sized(bytes))
      assert.is(out.log.at(-1), 'fail no room')
      assert.not.ok(out.log.includes('message'))
    }
  }
})

test('on an event stream: one answer, then nothing more that claims to be one', async () => {
  const { out, filter, send } = await start({ framing: 'sse' })
  await send(frame('a', '2'))
  await send(frame('a', '"1"'))
  await send(frame('a'), { fields: { id: 'e1' } })
  await send(frame('b'))
  await send('{"jsonrpc":"2.0","method":"notifications/progress"}')
  await filter.end()
  assert.equal(out.log, [
    'head 200',
    'dropped a response to another request',
    'dropped a response to another request',
    `settle 0 0 ${frame('a').length}`,
    'message id e1',
    'dropped a response to another request',
    'message',
    'end',
  ])
})

test('a message of the server: judged, read strictly, never an answer in JSON', async () => {
  const ask = '{"jsonrpc":"2.0","id":"s1","method":"sampling/createMessage","params":{}}'
  const denied = await start({ framing: 'sse', allows: false })
  await denied.send(ask)
  assert.equal(denied.out.log, ['head 200'])
  const allowed = await start({ framing: 'sse' })
  await allowed.send(ask)
  assert.equal(allowed.out.log, ['head 200', 'message'])
  for (const bad of [ask.replace('{}', '{"a":1,"a":1}'), ask.replace('{}', '[1]')]) {
    const doubled = await start({ framing: 'sse' })
    await doubled.send(bad)
    assert.equal(doubled.out.log, ['head 200', 'dropped an unreadable request or notification'])
  }
  const json = await start()
  await json.send(ask)
  assert.equal(json.out.log, ['fail a request in place of a response'])
})

const ends: readonly { what: string; setup: Setup; fields?: EventFields; log: string[] }[] = [
  {
    what: 'without the answer',
    setup: {},
    log: ['head 200', 'fail the answer ended without a response'],
  },
  { what: 'resumable', setup: {}, fields: { id: '1' }, log: ['head 200', 'idle', 'end'] },
  { what: 'with nothing due', setup: { expected: { type: 'none' } }, log: ['head 200', 'end'] },
  { what: 'of a resumed stream', setup: { expected: { type: 'any' } }, log: ['head 200', 'end'] },
]
for (const { what, setup, fields, log } of ends) {
  test(`the end of an event stream, ${what}`, async () => {
    const { out, filter } = await start({ framing: 'sse', ...setup })
    if (fields !== undefined) await filter.idle(fields)
    await filter.end()
    assert.equal(out.log, log)
  })
}

test('a status without a body answers no request, unless it is an error', async () => {
  const due = await start({ framing: 'none', status: 202 })
  assert.equal(due.out.log, ['fail an answer without a body where one was due'])
  const error = await start({ framing: 'none', status: 404 })
  await error.filter.end()
  assert.equal(error.out.log, ['head 404', 'end'])
  const accepted = await start({ framing: 'none', status: 202, expected: { type: 'none' } })
  await accepted.filter.end()
  assert.equal(accepted.out.log, ['head 202', 'end'])
})

test('after a failure nothing more is said', async () => {
  const { out, filter, send } = await start()
  await send('[]')
  const said = [...out.log]
  await send(frame('a'))
  await filter.idle({})
  await filter.end()
  filter.fail(new GuardError('GUARD_INTERNAL', 'again'))
  assert.equal(out.log, said)
})

test.run()
