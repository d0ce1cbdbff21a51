/** What of a page is learnt: whose bytes, where it goes on, and for whom it is. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EnvelopeReader } from '../../../src/mcp/envelope.js'
import { readPage } from '../../../src/proxy/answer/list-page.js'

function pageOf(result: string) {
  const bytes = Buffer.from(`{"jsonrpc":"2.0","id":1,"result":${result}}`)
  const reader = new EnvelopeReader()
  reader.push(bytes)
  assert.ok(reader.finish(), String(reader.problem))
  const [list] = reader.lists
  if (list === undefined) throw new Error('no list')
  return readPage(bytes, list, reader)
}

test('each item with its own bytes; one without an unambiguous name is none', () => {
  const page = pageOf(
    '{"tools":[ {"name":"a", "n":1.0} ,{"title":"x"},{"name":"b","Name":"c"}, {"name":"\\u0061b"}]}',
  )
  assert.equal(
    page.items.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]),
    [
      ['a', '{"name":"a", "n":1.0}'],
      ['ab', '{"name":"\\u0061b"}'],
    ],
  )
  assert.match(Buffer.from(page.bytes).toString(), /^\[ \{"name":"a".*\}\]$/)
})

const cursors: readonly [string, string | null][] = [
  ['"p2"', 'p2'],
  ['"p\\u0032"', 'p2'],
  ['""', null],
  ['null', null],
  ['2', null],
  ['"\\ud800"', null],
  [`"${'c'.repeat(9000)}"`, null],
]
for (const [text, cursor] of cursors) {
  test(`the next cursor: ${text.slice(0, 20)}`, () => {
    assert.is(pageOf(`{"tools":[],"nextCursor":${text}}`).next, cursor)
  })
}

const scopes: readonly [string, boolean][] = [
  ['', false],
  [',"cacheScope":"private"', false],
  [',"cacheScope":"Public"', false],
  [',"cacheScope":"\\u0070ublic"', false],
  [',"cacheScope":"public"', true],
]
for (const [text, isShared] of scopes) {
  test(`for everybody: ${text || 'not said'}`, () => {
    assert.is(pageOf(`{"tools":[]${text}}`).shared, isShared)
  })
}

test.run()
