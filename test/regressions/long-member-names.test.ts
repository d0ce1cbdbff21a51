/**
 * A member name too long to be read may be what some reader cuts down to one that is judged, so a
 * result with one does not pass, and an item of a list with one is dropped.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ClientView, passAnswer } from '../support/answer-rig.js'

const filler = 'x'.repeat(1100)
const longNames = (name: string) => [
  `${name}\\u0000${filler}`,
  `${name}${filler}`,
  `${name} ${filler}`,
  // Escaped, a short name is long on the wire.
  `${'\\u0061'.repeat(200)}`,
]

async function pass(result: string, framing: 'json' | 'sse', bytes = 1 << 20): Promise<ClientView> {
  const message = `{"jsonrpc":"2.0","id":1,"result":${result}}`
  const text = Buffer.from(framing === 'json' ? message : `data: ${message}\n\n`)
  const type = framing === 'json' ? 'application/json' : 'text/event-stream'
  const chunks: Uint8Array[] = []
  for (let at = 0; at < text.length; at += bytes) chunks.push(text.subarray(at, at + bytes))
  return passAnswer(
    { status: 200, headers: { 'content-type': type }, chunks },
    { expected: { type: 'own', id: 1 }, allowed: (_, name) => !name.startsWith('hidden') },
  )
}

const bodyOf = (view: ClientView) => Buffer.from(view.body).toString()
const brief = (name: string) => `${name.slice(0, 20)}… of ${name.length}`
const unreadable = 'an unreadable member name in a result'

for (const name of ['tools', 'prompts', 'resources', 'inputRequests'].flatMap(longNames)) {
  test(`in a result, ${brief(name)}: nothing of it passes`, async () => {
    for (const bytes of [1 << 20, 7]) {
      const result = `{"${name}":[{"name":"hidden"}]}`
      const json = await pass(result, 'json', bytes)
      assert.equal([json.status, json.failed, bodyOf(json)], [502, unreadable, ''])
      const sse = await pass(result, 'sse', bytes)
      assert.equal(sse.dropped, [unreadable])
      assert.is(bodyOf(sse), '')
      assert.equal([...json.settled, ...sse.settled], [])
    }
  })

  test(`in a result that streams, ${brief(name)}: it is broken off`, async () => {
    const result = `{"text":"${'y'.repeat(128 * 1024)}","${name}":[{"name":"hidden"}]}`
    const json = await pass(result, 'json', 16 * 1024)
    assert.equal([json.broken, json.failed], [true, unreadable])
    assert.not.match(bodyOf(json), 'hidden')
  })
}

const lists = [
  ['tools', 'name'],
  ['prompts', 'name'],
  ['resources', 'uri'],
  ['resourceTemplates', 'uriTemplate'],
] as const
for (const [list, member] of lists) {
  for (const name of longNames(member)) {
    test(`in an item of ${list}, ${brief(name)}: the item is dropped`, async () => {
      for (const framing of ['json', 'sse'] as const) {
        const items = [
          `{"${member}":"open","${name}":"hidden"}`,
          `{"${name}":"hidden","${member}":"open"}`,
          `{"${name}":"open"}`,
          `{"${member}":"kept"}`,
        ]
        const view = await pass(`{"${list}":[${items.join(',')}]}`, framing)
        assert.is(view.failed, null)
        assert.match(bodyOf(view), `"result":{"${list}":[{"${member}":"kept"}]}}`)
        assert.not.match(bodyOf(view), 'hidden')
        assert.equal(
          view.settled.map(({ hidden, dropped }) => [hidden, dropped]),
          [[0, 3]],
        )
      }
    })
  }
}

test('deeper names and long values are not looked at', async () => {
  const result = `{"tools":[{"name":"a","inputSchema":{"${filler}":1},"title":"${filler}"}]}`
  const view = await pass(result, 'json')
  assert.is(bodyOf(view), `{"jsonrpc":"2.0","id":1,"result":${result}}`)
})

test.run()
