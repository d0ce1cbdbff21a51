/**
 * Bytes that come in pieces of any size: joined in order, in a small multiple of their size, and
 * without writing into what somebody else may still hold.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ByteBuffer } from '../../src/lib/bytes.js'
import { threadMs } from '../support/thread-time.js'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString()

function collect(pieces: readonly Uint8Array[]): ByteBuffer {
  const buffer = new ByteBuffer()
  for (const piece of pieces) buffer.append(piece)
  return buffer
}

test('whatever the pieces, what is taken is their bytes in order', () => {
  const piece = fc.uint8Array({ maxLength: 3000 })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const whole = Buffer.concat(pieces)
      const buffer = collect(pieces)
      assert.is(buffer.length, whole.length)
      assert.ok(whole.equals(buffer.take()))
      assert.is(buffer.length, 0)
    }),
  )
})

test('single bytes are kept in twice their number, not in a piece each', () => {
  const count = 100_000
  const pieces = Array.from({ length: count }, (_, index) => Uint8Array.of(index % 251))
  const taken = collect(pieces).take()
  assert.is(taken.length, count)
  assert.ok(taken.every((byte, index) => byte === index % 251))
  assert.ok(taken.buffer.byteLength <= 2 * count, `${taken.buffer.byteLength} bytes are held`)
})

test('growing is rare, so that many small pieces cost what one large one does', () => {
  const buffer = new ByteBuffer()
  const startedMs = threadMs()
  for (let count = 0; count < 200_000; count++) buffer.append(Uint8Array.of(1))
  const tookMs = threadMs() - startedMs
  assert.is(buffer.take().length, 200_000)
  assert.ok(tookMs < 1000, `it took ${tookMs} ms`)
})

test('a single piece is handed on uncopied, empty ones beside it or not', () => {
  for (const others of [0, 3]) {
    const piece = bytesOf('only')
    const empty = Array.from({ length: others }, () => new Uint8Array())
    const taken = collect([...empty, piece, ...empty]).take()
    assert.is(taken.buffer, piece.buffer)
    assert.is(textOf(taken), 'only')
  }
})

test('the memory around the first piece is never written into', () => {
  const pool = bytesOf('first|the next message of somebody else')
  const buffer = collect([pool.subarray(0, 5)])
  buffer.append(bytesOf('-second'))
  buffer.append(bytesOf('-third'))
  assert.is(textOf(buffer.take()), 'first-second-third')
  assert.is(textOf(pool), 'first|the next message of somebody else')
})

test('what was taken stays as it is when the buffer is used again', () => {
  const buffer = collect([bytesOf('a'), bytesOf('b')])
  const taken = buffer.take()
  buffer.append(bytesOf('c'))
  buffer.append(bytesOf('d'))
  assert.is(textOf(taken), 'ab')
  assert.is(textOf(buffer.take()), 'cd')
  assert.is(buffer.take().length, 0)
})

test.run()
