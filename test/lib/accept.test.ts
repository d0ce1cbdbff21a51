import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { acceptedForms } from '../../src/lib/accept.js'

const rows: readonly (readonly [text: string, json: boolean, events: boolean])[] = [
  ['', false, false],
  ['text/html', false, false],
  ['application/json', true, false],
  ['text/event-stream', false, true],
  ['application/json, text/event-stream', true, true],
  ['TEXT/Event-Stream,Application/JSON', true, true],
  ['*/*', true, true],
  ['application/*', true, false],
  ['text/*', false, true],
  ['*/*;q=0', false, false],
  ['*/*, application/json;q=0', false, true],
  ['application/json;q=0.0, */*;q=0.1', false, true],
  ['text/*;q=0, text/event-stream;q=0.001', false, true],
  ['application/json;q=0.000, application/json', true, false],
  ['application/jsonp, text/event-streams', false, false],
  ['application/json text/event-stream', false, false],
  [';;, application/json', true, false],
]

for (const [text, json, events] of rows) {
  test(`Accept: ${text}`, () => {
    assert.equal(acceptedForms(text), { json, events })
    assert.equal(acceptedForms(text), { json, events }, 'remembered')
  })
}

test('a text too long to be remembered is read each time', () => {
  const text = `application/json, ${'a/b, '.repeat(500)}text/event-stream`
  assert.equal(acceptedForms(text), { json: true, events: true })
})

test.run()
