/**
 * A comment between the data lines of one event, or an event's other fields, never end up inside
 * the data of an event whose beginning has left already.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SseDecoder } from '../../src/mcp/sse.js'
import { passAnswer } from '../support/answer-rig.js'

const large = 'x'.repeat(70 * 1024)
const pieces = ['{"jsonrpc":"2.0","id":1,', `"result":{"a":"${large}",`, '"b":1}}']

/** The data of each event, as a reader by the standard takes it. */
function eventsOf(body: Uint8Array): string[] {
  const decoder = new SseDecoder()
  decoder.push(body)
  const read: string[] = []
  let data = ''
  for (let token = decoder.next(); token !== null; token = decoder.next()) {
    if (token.type === 'data') data += Buffer.from(token.bytes).toString()
    if (token.type !== 'dispatch') continue
    read.push(data)
    data = ''
  }
  return read
}

const between = [
  ': still here\n',
  ':\n:\n',
  'id: 7\n: still here\n',
  ': a\r\n',
  'event: message\n:\n',
]
for (const lines of between) {
  for (const chunkBytes of [1 << 20, 4096]) {
    test(`${JSON.stringify(lines)} between data lines, in pieces of ${chunkBytes}`, async () => {
      const text = `${pieces.map((piece) => `data: ${piece}\n${lines}`).join('')}\n`
      const bytes = Buffer.from(text)
      const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
        bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
      )
      const headers = { 'content-type': 'text/event-stream' }
      const view = await passAnswer(
        { status: 200, headers, chunks },
        { expected: { type: 'own', id: 1 }, allowed: () => true },
      )
      assert.is(view.failed, null)
      assert.not.ok(view.broken)
      const read = eventsOf(view.body)
      // The one event; comments before and after it are none.
      assert.equal(
        read.map((data) => JSON.parse(data)),
        [{ jsonrpc: '2.0', id: 1, result: { a: large, b: 1 } }],
      )
    })
  }
}

test('a comment between two events is still passed on', async () => {
  const headers = { 'content-type': 'text/event-stream' }
  const text = `: hello\n\ndata: ${pieces.join('')}\n\n: goodbye\n\n`
  const view = await passAnswer(
    { status: 200, headers, chunks: [Buffer.from(text)] },
    { expected: { type: 'own', id: 1 }, allowed: () => true },
  )
  const body = Buffer.from(view.body).toString()
  assert.is(body, `:\n\ndata: ${pieces.join('')}\n\n:\n\n`)
})

test.run()
