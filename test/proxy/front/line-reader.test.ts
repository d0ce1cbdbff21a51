import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LineReader } from '../../../src/proxy/front/line-reader.js'
import { printedSeed } from '../../policy/seed.js'

function read(chunks: readonly Uint8Array[], maxBytes = 1000) {
  const said: string[] = []
  const reader = new LineReader(maxBytes, {
    line: (bytes) => said.push(Buffer.from(bytes).toString()),
    tooLong: () => said.push('<too long>'),
  })
  for (const chunk of chunks) reader.push(chunk)
  return { said, rest: reader.finish() }
}

const rows: readonly (readonly [what: string, text: string, said: string[], rest: boolean])[] = [
  ['nothing', '', [], false],
  ['one line', '{}\n', ['{}'], false],
  ['a line without an end', '{"a":', [], true],
  ['CRLF is left to the JSON parser, which takes it for white space', '{}\r\n', ['{}\r'], false],
  ['blank lines', '\n\r\n \t\n{}\n\n', ['{}'], false],
  ['white space at the end', '{}\n  ', ['{}'], false],
  ['a byte order mark is the line’s', '\ufeff{}\n', ['\ufeff{}'], false],
  ['too long, once, and then the next', `${'x'.repeat(30)}\n{}\n`, ['<too long>', '{}'], false],
  ['too long to its very end', 'x'.repeat(30), ['<too long>'], false],
  ['exactly as long as allowed', `${'x'.repeat(10)}\n`, ['x'.repeat(10)], false],
  ['one byte more', `${'x'.repeat(11)}\n`, ['<too long>'], false],
]

for (const [what, text, said, rest] of rows) {
  test(what, () => {
    const bytes = Buffer.from(text)
    assert.equal(read([bytes], 10), { said, rest })
    assert.equal(
      read(
        [...bytes].map((byte) => Uint8Array.of(byte)),
        10,
      ),
      { said, rest },
      'by byte',
    )
  })
}

test('however the bytes are cut, the lines are the same', () => {
  const text = fc.array(fc.constantFrom('{"ü":"€"}', 'a', '\n', '\r\n', '𝄞', ' ', 'xxxxxxxxxxxx'))
  void fc.assert(
    fc.property(text, fc.array(fc.nat(60)), (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(''))
      const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length]
      edges.sort((one, other) => one - other)
      const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
      assert.equal(read(chunks, 20), read([bytes], 20))
    }),
    { seed: printedSeed('lines'), numRuns: 500 },
  )
})

test.run()
