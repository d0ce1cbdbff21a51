/** Where a message names tasks and requests: exactly there, however its bytes are cut. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EnvelopeReader } from '../../src/mcp/envelope.js'
import type { IdPlace } from '../../src/mcp/id-places.js'

const related = '"io.modelcontextprotocol/related-task"'

/** What is replaced is in «»: the message without the marks, and what they held. */
function marked(text: string): { bytes: Buffer; inside: string[] } {
  return {
    bytes: Buffer.from(text.replace(/[«»]/g, '')),
    inside: [...text.matchAll(/«([^»]*)»/g)].map(([, inner = '']) => inner),
  }
}

function read(bytes: Buffer, size: number): { reader: EnvelopeReader; found: IdPlace[] } {
  const reader = new EnvelopeReader()
  const found: IdPlace[] = []
  for (let at = 0; at < bytes.length; at += size) {
    reader.push(bytes.subarray(at, at + size))
    found.push(...reader.takeIds())
  }
  reader.finish()
  return { reader, found }
}

const rows: readonly (readonly [what: string, text: string, uses: readonly string[]])[] = [
  ['no ids', '{"jsonrpc":"2.0","id":1,"result":{"content":[{"taskId":"x"}]}}', []],
  ['a created task', '{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":«"t"»}}}', ['task']],
  [
    'one of 2026-07-28',
    '{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","taskId":«"t-ü\\n"»,"status":"working"}}',
    ['task'],
  ],
  [
    'a list of tasks',
    '{"jsonrpc":"2.0","id":1,"result":{"tasks":[{"taskId":«"a"»,"x":{"taskId":"no"}},{"x":[{"taskId":"no"}],"taskId":«"b"»},[{"taskId":"no"}],"c",{}]}}',
    ['task', 'task'],
  ],
  [
    'a related task',
    `{"jsonrpc":"2.0","id":1,"result":{"_meta":{"a":{"taskId":"no"},${related}:{"taskId":«"t"»}},"structuredContent":{"taskId":"no","_meta":{${related}:{"taskId":"no"}}}}}`,
    ['related'],
  ],
  [
    'members twice: each',
    '{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":«"a"»,"taskId":«"b"»},"task":{"x":1,"taskId":«"c"»}}}',
    ['task', 'task', 'task'],
  ],
  [
    'a notification about a task',
    `{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":«"t"»,"_meta":{${related}:{"taskId":«"u"»}}}}`,
    ['task', 'related'],
  ],
  [
    'an acknowledgement',
    '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"taskIds":[«"a"»,1,{"taskIds":["no"]},«"b"»],"resourceSubscriptions":["no"]}}}',
    ['task', 'task'],
  ],
  [
    'a cancellation by number',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":«12345678901234567890»}}',
    ['request'],
  ],
  [
    'a cancellation by text',
    '{"params":{"reason":"x","requestId" : «"1"»},"jsonrpc":"2.0","method":"notifications/cancelled"}',
    ['request'],
  ],
  [
    'values that are no ids',
    '{"jsonrpc":"2.0","id":1,"result":{"taskId":1,"task":"t","tasks":{"taskId":"no"},"_meta":[]}}',
    [],
  ],
  [
    'other spellings, other depths',
    '{"jsonrpc":"2.0","id":1,"result":{"TaskId":"no","task":[{"taskId":"no"}],"result":{"taskId":"no"}}}',
    [],
  ],
  ['in an error', '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","taskId":"no"}}', []],
]

for (const [what, text, uses] of rows) {
  test(what, () => {
    const { bytes, inside } = marked(text)
    for (const size of [bytes.length, 1, 2, 3, 5, 7, 16]) {
      const { found } = read(bytes, size)
      assert.equal(
        found.map(({ start, end }) => bytes.subarray(start, end).toString()),
        inside,
        `in pieces of ${size}`,
      )
      assert.equal(
        found.map(({ id }) => id),
        inside.map((one) =>
          one.startsWith('"')
            ? { type: 'string', text: JSON.parse(one) }
            : { type: 'number', text: one },
        ),
      )
      assert.equal(
        found.map(({ use }) => use),
        uses,
      )
    }
  })
}

test('an id over 8 KiB has no text', () => {
  const long = 'x'.repeat(8 * 1024 + 1)
  const text = `{"jsonrpc":"2.0","id":1,"result":{"taskId":"${long}"}}`
  const [place] = read(Buffer.from(text), 1000).found
  assert.is(place?.id, null)
})

test('an id that is half read is known by its beginning', () => {
  const reader = new EnvelopeReader()
  const head = '{"jsonrpc":"2.0","id":1,"result":{"taskId":'
  reader.push(Buffer.from(head))
  assert.is(reader.idOpenAt, null)
  reader.push(Buffer.from('"ab'))
  assert.is(reader.idOpenAt, head.length)
  assert.equal(reader.takeIds(), [])
  reader.push(Buffer.from('c"'))
  assert.is(reader.idOpenAt, null)
  assert.equal(reader.takeIds(), [
    { use: 'task', start: head.length, end: head.length + 5, id: { type: 'string', text: 'abc' } },
  ])
})

const ids = ['1', '"1"', '-0', '1.0', '12345678901234567890', '"\\u00e9\\"\\\\"', '""']
for (const id of ids) {
  test(`the id of a request, ${id}, and where it stands`, () => {
    const bytes = Buffer.from(`{ "id" :\t${id} ,"jsonrpc":"2.0","method":"ping"}`)
    for (const size of [bytes.length, 1, 4]) {
      const { reader } = read(bytes, size)
      assert.is(reader.problem, null)
      const { start, end } = reader.idRange
      assert.is(bytes.subarray(start, end).toString(), id)
    }
  })
}

test.run()
