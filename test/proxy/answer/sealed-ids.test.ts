/** Which ids of a server's message are replaced, and that no cut of a streamed result changes that. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Era } from '../../../src/domain.js'
import { EnvelopeReader } from '../../../src/mcp/envelope.js'
import { type ExchangeIds, IdStream, messageEdits } from '../../../src/proxy/answer/sealed-ids.js'
import { readServerMessage } from '../../../src/proxy/answer/server-message.js'
import { splice } from '../../../src/proxy/answer/splice.js'

function sealing(era: Era): ExchangeIds {
  return {
    era,
    tasksInResult: true,
    sealRequest: ({ type, text }) => `R-${type}-${text}`,
    sealTask: ({ text }) => `T-${text}`,
  }
}

function sealed(text: string, era: Era): string {
  const bytes = Buffer.from(text)
  const reader = new EnvelopeReader()
  reader.push(bytes)
  assert.ok(reader.finish())
  const message = readServerMessage(bytes, reader.id)
  if (message === null) throw new Error('not a message')
  const edits = messageEdits(reader, reader.takeIds(), message, sealing(era))
  return Buffer.from(splice(bytes, edits ?? [])).toString()
}

const cancelled = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}'
const rows = [
  {
    what: 'a cancellation names the server’s own request',
    era: 'legacy',
    sent: cancelled,
    left: cancelled.replace('5', '"R-number-5"'),
  },
  {
    what: 'a cancellation of 2026-07-28 names the client’s',
    era: 'modern',
    sent: cancelled,
    left: cancelled,
  },
  {
    what: 'a request for a task of the client’s own',
    era: 'legacy',
    sent: '{"jsonrpc":"2.0","id":"a","method":"tasks/get","params":{"taskId":"mine"}}',
    left: '{"jsonrpc":"2.0","id":"R-string-a","method":"tasks/get","params":{"taskId":"mine"}}',
  },
] as const
for (const { what, era, sent, left } of rows) {
  test(what, () => {
    assert.is(sealed(sent, era), left)
  })
}

test('a result that streams: the same wherever it is cut', () => {
  const result = (a: string, b: string, c: string) =>
    `{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":${a}},"x":"é","tasks":[{"taskId":${b}}],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":${c}}}}}`
  const sent = Buffer.from(result('"one"', '"tw\\u006f"', '"thr\\"ee é"'))
  const wanted = result('"T-one"', '"T-two"', '"T-thr"ee é"')
  for (let first = 0; first <= sent.length; first += 1) {
    for (const width of [0, 1, 9]) {
      const second = Math.min(first + width, sent.length)
      const reader = new EnvelopeReader()
      const stream = new IdStream(sealing('legacy'))
      const left: Uint8Array[] = []
      for (const piece of [
        sent.subarray(0, first),
        sent.subarray(first, second),
        sent.subarray(second),
      ]) {
        reader.push(piece)
        const passed = stream.pass(piece, reader)
        if (passed === null) throw new Error('not sealed')
        left.push(Uint8Array.from(passed))
      }
      assert.is(Buffer.concat(left).toString(), wanted, `cut at ${first} and ${second}`)
    }
  }
})

test.run()
