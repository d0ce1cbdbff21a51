import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../src/domain.js'
import { frameBundle, readBundleFrame } from '../../src/rego/bundle-frame.js'
import { jsonPieces } from '../../src/rego/json-pieces.js'

const compiled: JsonObject = {
  wasm: Buffer.from('a\nmodule').toString('base64'),
  data: { text: 'ä\n', list: [1] },
  revision: 'sha256:1',
  contract: 1,
  paths: [['resource', 'id']],
  hostModule: true,
  serial: 7,
  signedDigest: 'sha256:2',
  warnings: [{ code: 'glob_match', message: 'slow', file: 'a.rego', row: 3, col: 1 }],
}
const frame = Buffer.from(frameBundle(compiled) ?? [])

test('a frame that is not whole, or says what it does not hold, is no bundle', () => {
  const header = (change: JsonObject) => {
    const end = frame.indexOf('\n')
    const line = { ...JSON.parse(frame.toString('utf8', 0, end)), ...change }
    return Buffer.concat([Buffer.from(JSON.stringify(line)), frame.subarray(end)])
  }
  const rows: readonly (readonly [what: string, bytes: Uint8Array])[] = [
    ['nothing', new Uint8Array()],
    ['no line', Buffer.from('{}')],
    ['no JSON', Buffer.from('no\n')],
    ['no object', Buffer.from('null\n')],
    ['cut short', frame.subarray(0, -1)],
    ['a byte more', Buffer.concat([frame, Buffer.from(' ')])],
    ['a length below zero', header({ wasmBytes: -1, dataBytes: frame.length })],
    ['a length that is no integer', header({ wasmBytes: 1.5 })],
    ['no length', header({ dataBytes: null })],
    ['no revision', header({ revision: 1 })],
    ['no contract', header({ contract: '1' })],
    ['no paths', header({ paths: [1] })],
    ['no serial', header({ serial: undefined as unknown as null })],
    ['a serial that is no number', header({ serial: '7' })],
    ['a serial below zero', header({ serial: -1 })],
    ['nothing said of a signature', header({ signedDigest: undefined as unknown as null })],
    ['a digest that is no text', header({ signedDigest: 2 })],
    ['no warnings', header({ warnings: null })],
    ['neither with nor without the host module', header({ hostModule: null })],
  ]
  for (const [what, bytes] of rows) assert.is(readBundleFrame(bytes), null, what)
  assert.is(frameBundle({ ...compiled, wasm: null }), null)
  assert.is(frameBundle({ ...compiled, data: [] }), null)
})

test('a bundle arrives as it was compiled', () => {
  const framed = readBundleFrame(frame)
  assert.ok(framed)
  if (framed === null) return
  const { wasm, data, ...rest } = framed.bundle
  assert.is(Buffer.from(wasm).toString(), 'a\nmodule')
  assert.equal(JSON.parse(Buffer.from(data).toString()), compiled['data'])
  const { wasm: _wasm, data: _data, warnings: _warnings, ...unframed } = compiled
  const { serial: _serial, signedDigest: _digest, ...expected } = unframed
  assert.equal(rest, expected)
  const [warning] = framed.warnings
  assert.equal([warning?.code, warning?.file, warning?.hint], ['glob_match', 'a.rego', null])
  assert.equal([framed.serial, framed.signedDigest], [7, 'sha256:2'])
  const whole = readBundleFrame(frameBundle({ ...compiled, paths: null, serial: null }) ?? frame)
  assert.equal([whole?.bundle.paths, whole?.serial], [null, null])
})

test('JSON in pieces is the same JSON', () => {
  const long = '\u{1f600}"\\\u0000'.repeat(400_000)
  for (const value of [{}, [], 1, null, { a: {}, b: [{}], '"': long }, { long: { long } }]) {
    const pieces = [...jsonPieces(value)]
    assert.equal(JSON.parse(pieces.join('')), value)
    assert.ok(Math.max(...pieces.map((piece) => piece.length)) < 7_000_000)
  }
})

test.run()
