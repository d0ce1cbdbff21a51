/**
 * The event decoder reads what the standard's own algorithm reads (a slow copy of which stands
 * below), wherever the bytes are cut; what is encoded is read the same by every reader.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  comment,
  dataPrefix,
  type EventFields,
  encodeFields,
  oneLine,
  SseDecoder,
} from '../../src/mcp/sse.js'
import { seededRandom } from '../support/random.js'

interface Event {
  /** null: no `data:` line. */
  readonly data: string | null
  readonly fields: EventFields
}

function decode(
  bytes: Uint8Array,
  cuts: readonly number[] = [],
): { events: Event[]; comments: number } {
  const decoder = new SseDecoder()
  const events: Event[] = []
  let comments = 0
  let data: Uint8Array[] = []
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    decoder.push(bytes.subarray(from, cut))
    from = cut
    for (let token = decoder.next(); token !== null; token = decoder.next()) {
      if (token.type === 'comment') comments++
      else if (token.type === 'data') data.push(Uint8Array.from(token.bytes))
      else {
        const text = Buffer.concat(data).toString()
        events.push({ data: token.hasData ? text : null, fields: token.fields })
        data = []
      }
    }
  }
  return { events, comments }
}

/** WHATWG HTML 9.2.6, line by line; tells also of events without data, as the decoder does. */
function slowDecode(text: string): Event[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)
  lines.pop()
  const events: Event[] = []
  let data: string[] = []
  let fields: EventFields = {}
  let open = false
  for (const line of lines) {
    if (line === '') {
      if (open) events.push({ data: data.length > 0 ? data.join('\n') : null, fields })
      data = []
      fields = {}
      open = false
      continue
    }
    if (line.startsWith(':')) continue
    open = true
    const [, name = '', value = ''] = /^([^:]*)(?::\x20?([\s\S]*))?$/.exec(line) ?? []
    if (name === 'data') data.push(value)
    else setField(fields, name, value)
  }
  return events
}

function setField(fields: EventFields, name: string, value: string): void {
  if (value.includes('\0')) return
  if (name === 'event') fields.event = value
  if (name === 'id') fields.id = value
  if (name === 'retry' && /^[0-9]{1,9}$/.test(value)) fields.retry = Number(value)
}

const one = (data: string | null, fields: EventFields = {}): Event[] => [{ data, fields }]
const rows: readonly { what: string; text: string; events: Event[]; comments?: number }[] = [
  { what: 'no blank line, no event', text: 'data: a\n', events: [] },
  { what: 'half a line', text: 'data: a\n\ndata: b', events: one('a') },
  { what: 'a blank line alone', text: '\n\n\r\n', events: [] },
  { what: 'LF', text: 'data: a\n\n', events: one('a') },
  { what: 'CR', text: 'data: a\r\r', events: one('a') },
  { what: 'CRLF', text: 'data: a\r\n\r\n', events: one('a') },
  {
    what: 'CR, LF and CRLF mixed',
    text: 'data: a\rid: 1\ndata: b\r\n\n',
    events: one('a\nb', { id: '1' }),
  },
  { what: 'a byte order mark', text: '\ufeffdata: a\n\n', events: one('a') },
  { what: 'a second one', text: '\ufeff\ufeffdata: a\n\n', events: one(null) },
  { what: 'no space', text: 'data:a\n\n', events: one('a') },
  { what: 'two spaces', text: 'data:  a\n\n', events: one(' a') },
  { what: 'no colon', text: 'data\n\n', events: one('') },
  { what: 'nothing behind the colon', text: 'data:\n\n', events: one('') },
  { what: 'only a space', text: 'data: \n\n', events: one('') },
  { what: 'two empty lines of data', text: 'data\ndata\n\n', events: one('\n') },
  { what: 'an empty line between', text: 'data: a\ndata:\ndata: b\n\n', events: one('a\n\nb') },
  { what: 'a colon in the data', text: 'data: a: b\n\n', events: one('a: b') },
  { what: 'Data is another field', text: 'Data: a\n\n', events: one(null) },
  { what: 'a space before the name', text: ' data: a\n\n', events: one(null) },
  {
    what: 'fields',
    text: 'event: message\nid: 7\nretry: 10\ndata: a\n\n',
    events: one('a', { event: 'message', id: '7', retry: 10 }),
  },
  { what: 'fields behind the data', text: 'data: a\nid: 7\n\n', events: one('a', { id: '7' }) },
  {
    what: 'the last of two counts',
    text: 'id: 1\nid: 2\ndata: a\n\n',
    events: one('a', { id: '2' }),
  },
  { what: 'an id with NUL', text: 'id: 1\0\ndata: a\n\n', events: one('a') },
  { what: 'an empty id', text: 'id\ndata: a\n\n', events: one('a', { id: '' }) },
  {
    what: 'retry in words',
    text: 'retry: 1s\nretry: -1\nretry: 1.5\ndata: a\n\n',
    events: one('a'),
  },
  { what: 'no data', text: 'id: 1\n\n', events: one(null, { id: '1' }) },
  {
    what: 'fields do not reach the next event',
    text: 'id: 1\ndata: a\n\ndata: b\n\n',
    events: [...one('a', { id: '1' }), ...one('b')],
  },
  { what: 'comments', text: ': hi\n\ndata: a\n:\n\n', events: one('a'), comments: 2 },
  {
    what: 'a field of 9,000 bytes is none',
    text: `id: ${'x'.repeat(9000)}\ndata: a\n\n`,
    events: one('a'),
  },
  {
    what: 'umlauts',
    text: 'id: é\ndata: \ud83d\ude00\n\n',
    events: one('\ud83d\ude00', { id: 'é' }),
  },
]
for (const { what, text, events, comments = 0 } of rows) {
  test(`${what}: the same wherever it is cut`, () => {
    const bytes = Buffer.from(text)
    assert.equal(decode(bytes), { events, comments })
    assert.equal(slowDecode(text), what.includes('9,000') ? slowDecode(text) : events)
    for (let cut = 1; cut < bytes.length; cut += bytes.length > 1000 ? 501 : 1) {
      assert.equal(decode(bytes, [cut]), { events, comments }, `cut at ${cut}`)
    }
    const each = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1)
    assert.equal(decode(bytes, each), { events, comments }, 'byte by byte')
  })
}

test('a mark torn after one or two bytes begins a field nobody knows', () => {
  for (const torn of [[0xef], [0xef, 0xbb]]) {
    const bytes = Buffer.concat([Buffer.from(torn), Buffer.from('data: a\n\ndata: b\n\n')])
    assert.equal(decode(bytes).events, [
      { data: null, fields: {} },
      { data: 'b', fields: {} },
    ])
    assert.equal(decode(bytes, [1, 2, 3]).events, decode(bytes).events)
  }
})

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() & 0xffffff)
const parts = [
  'data',
  'data: ',
  'data:x',
  'id: 1',
  'id',
  'event: e',
  'retry: 5',
  ':',
  ': c',
  '\n',
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  ' ',
  'x',
  'é',
  '\0',
  '{"a":1}',
  '\ufeff',
  'datax: 1',
]

test(`reads what the standard reads, in 30,000 streams (seed ${seed})`, () => {
  const random = seededRandom(seed)
  let events = 0
  for (let index = 0; index < 30_000; index++) {
    const text = Array.from({ length: 1 + random.below(14) }, () => random.pick(parts)).join('')
    const bytes = Buffer.from(text)
    const cuts = [random.below(bytes.length), random.below(bytes.length)].sort((a, b) => a - b)
    const read = decode(bytes, cuts).events
    events += read.length
    const at = `case ${index} of seed ${seed}: ${JSON.stringify(text)} cut at ${cuts}`
    assert.equal(read, slowDecode(text), at)
  }
  console.log(`events ${events}`)
  assert.ok(events > 10_000)
})

test('what is encoded is read back, by event and by line', () => {
  const json = '{"a":\n1,\r\n"b":\r2}'
  const all: EventFields[] = [
    {},
    { id: '' },
    { id: 'a:b', retry: 0 },
    { event: 'message', id: '7', retry: 1500 },
  ]
  for (const fields of all) {
    const bytes = Buffer.concat([
      dataPrefix,
      oneLine(Buffer.from(json)),
      Buffer.from(`\n${encodeFields(fields)}\n`),
    ])
    assert.equal(decode(bytes).events, [{ data: '{"a": 1,  "b": 2}', fields }])
    assert.equal(slowDecode(bytes.toString()), decode(bytes).events)
  }
  assert.equal(decode(comment), { events: [], comments: 1 })
})

test('text without line breaks is handed on as it is', () => {
  const bytes = Buffer.from('{"a":"\\n"}')
  assert.is(oneLine(bytes), bytes)
})

test.run()
