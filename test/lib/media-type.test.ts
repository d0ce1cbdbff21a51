import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseMediaType } from '../../src/lib/media-type.js'
import { threadMs } from '../support/thread-time.js'

const garbage: [string, string][] = [
  ['empty', ''],
  ['a space', ' '],
  ['no subtype', 'text'],
  ['an empty subtype', 'text/'],
  ['an empty type', '/plain'],
  ['two slashes', 'text/plain/x'],
  ['a space in it', 'text /plain'],
  ['a list', 'application/json, text/html'],
  ['a parameter without a value', 'text/plain; charset'],
  ['an empty value', 'text/plain; charset='],
  ['a space before =', 'text/plain; charset =utf-8'],
  ['a space after =', 'text/plain; charset= utf-8'],
  ['a doubled parameter', 'text/plain; charset=utf-8; CHARSET=utf-8'],
  ['an open quote', 'text/plain; charset="utf-8'],
  ['text after a quote', 'text/plain; charset="utf-8"x'],
  ['a line end in a quote', 'text/plain; a="b\r\nc"'],
  ['NUL', 'text/plain\0'],
  ['a letter outside ASCII', 'text/pl\u00e4in'],
  ['a lone surrogate', 'text/plain; a="\ud800"'],
  ['over 1,024 characters', `text/plain; a=${'b'.repeat(1024)}`],
]

const readable: [string, string, Record<string, string>, string | null][] = [
  ['application/json', 'application/json', {}, null],
  ['Application/JSON', 'application/json', {}, null],
  [' \ttext/event-stream \t', 'text/event-stream', {}, null],
  ['text/plain;', 'text/plain', {}, null],
  ['text/plain;;a=1', 'text/plain', { a: '1' }, null],
  ['application/json;charset=UTF-8', 'application/json', { charset: 'UTF-8' }, 'utf-8'],
  ['application/json ; Charset="utf-8"', 'application/json', { charset: 'utf-8' }, 'utf-8'],
  ['text/plain; a="b\\"c; d=e"', 'text/plain', { a: 'b"c; d=e' }, null],
  ['text/plain; a=""', 'text/plain', { a: '' }, null],
  ['text/plain; __proto__=x', 'text/plain', { ['__proto__']: 'x' }, null],
  ['image/svg+xml', 'image/svg+xml', {}, null],
]

test('what is not one media type is null', () => {
  for (const [what, text] of garbage) assert.is(parseMediaType(text), null, what)
})

test('type and names in lower case, values unquoted', () => {
  for (const [text, essence, parameters, charset] of readable) {
    const parsed = parseMediaType(text)
    assert.is(parsed?.essence, essence, text)
    assert.equal([...(parsed?.parameters ?? [])], Object.entries(parameters), text)
    assert.is(parsed?.charset, charset, text)
  }
})

test('hostile text is read in linear time', () => {
  const startMs = threadMs()
  for (const piece of ['; ', ';\t', '\\"', ' ', '"', 'a=', ';a=";']) {
    parseMediaType(`text/plain; a="${piece.repeat(500)}`.slice(0, 1024))
  }
  assert.ok(threadMs() - startMs < 200)
})

test.run()
