/** Lines of a server's output and words of its error output, however they arrive. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LineReader } from '../../../src/proxy/back/lines.js'
import { SpokenLines, TextLines } from '../../../src/proxy/back/spoken.js'
import { printedSeed } from '../../policy/seed.js'
import { createTestClock } from '../../support/clock.js'

function read(chunks: readonly string[], maxBytes = 10): { lines: string[]; whole: boolean } {
  const reader = new LineReader(maxBytes)
  const lines: string[] = []
  let whole = true
  for (const chunk of chunks) {
    whole = reader.push(Buffer.from(chunk), (line) => lines.push(Buffer.from(line).toString()))
  }
  return { lines, whole }
}

const rows: readonly (readonly [chunks: string[], lines: string[], whole: boolean])[] = [
  [['a\nb\n'], ['a', 'b'], true],
  [['a'], [], true],
  [['a', 'b\nc'], ['ab'], true],
  [['a\r\n\r\n\n\r\n'], ['a'], true],
  [['a\r', '\nb\rc\n'], ['a', 'b\rc'], true],
  [['0123456789\n'], ['0123456789'], true],
  [['01234567890'], [], false],
  [['a\n', '01234', '567890', '\nb\n'], ['a'], false],
  [['a\n01234567890\nb\n'], ['a'], false],
]
for (const [chunks, lines, whole] of rows) {
  test(JSON.stringify(chunks), () => assert.equal(read(chunks), { lines, whole }))
}

test('however it is cut, the same lines', () => {
  const pieces = fc.array(fc.constantFrom('a', 'ä', '\n', '\r', '{"x":1}', ''), { maxLength: 40 })
  fc.assert(
    fc.property(pieces, fc.array(fc.nat(60), { maxLength: 10 }), (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''))
      const places = [...cuts, 0, bytes.length].filter((at) => at <= bytes.length)
      places.sort((one, other) => one - other)
      const reader = new LineReader(1000)
      const lines: string[] = []
      for (const [index, from] of places.slice(0, -1).entries()) {
        const piece = bytes.subarray(from, places[index + 1])
        reader.push(piece, (line) => lines.push(Buffer.from(line).toString()))
      }
      const expected = bytes.toString().split('\n').slice(0, -1)
      assert.equal(
        lines,
        expected.map((line) => line.replace(/\r$/, '')).filter((line) => line !== ''),
      )
    }),
    { numRuns: 1000, seed: printedSeed('lines') },
  )
})

test('words: lines of any ending, the last without one, too long ones cut once', () => {
  const said: string[] = []
  const lines = new TextLines((text) => said.push(text))
  for (const text of ['a\nb\r\nc', 'd\re\n \n', 'x'.repeat(5000), 'x'.repeat(5000), '\nrest']) {
    lines.push(Buffer.from(text))
  }
  lines.end()
  assert.equal(
    said.map((line) => (line.length > 100 ? line.length : line)),
    ['a', 'b', 'cd', 'e', 4097, 'rest'],
  )
})

test('words: fifty lines a second, and how many were left out', () => {
  const clock = createTestClock()
  const written: string[] = []
  const spoken = new SpokenLines({ clock, write: (line) => written.push(line) })
  for (let line = 0; line < 80; line += 1) spoken.line(`line ${line}`)
  assert.is(written.length, 50)
  clock.forward(1000)
  spoken.line('\u001b[2Jx\u202e')
  assert.equal(written.slice(50), ['30 lines were left out', '\\u001b[2Jx\\u202e'])
})

test.run()
