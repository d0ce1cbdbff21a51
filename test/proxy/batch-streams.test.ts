/**
 * Batches (2025-03-26) whose elements a server answers on event streams that break off, end or stand
 * still: each element has exactly one answer, the others are not disturbed, and what was half sent is
 * no message to any reader.
 */
import type { ServerResponse } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { readers } from '../support/stream-readers.js'
import { event, events, mcpServer, result, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: { url: upstream.url, timeout: '1s' } },
})

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

interface Answer {
  readonly id?: unknown
  readonly method?: string
  readonly error?: { readonly code: number; readonly message: string }
}

/** What both readers read: responses alone. */
async function responsesOf(body: string): Promise<Answer[]> {
  const read = await Promise.all(
    Object.values(readers.events.always).map((reader) => reader([Buffer.from(body)])),
  )
  assert.equal(read[0], read[1])
  const messages: Answer[] = (read[0] ?? []).map((text) => JSON.parse(text))
  return messages.filter(({ method }) => method === undefined)
}

const large = JSON.stringify(result(2, { content: [{ type: 'text', text: 'x'.repeat(300_000) }] }))
const progress = {
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data: 1 },
}

/** How the stream of the second element goes. */
const endings: readonly (readonly [
  what: string,
  go: (response: ServerResponse) => void,
  outcome?: 'forwarded',
])[] = [
  ['breaks before anything', (response) => response.destroy()],
  [
    'breaks after its head',
    (response) => {
      events(response, ': open\n\n')
      setTimeout(() => response.destroy(), 20)
    },
  ],
  [
    'breaks inside a small message',
    (response) => {
      events(response, `data: ${JSON.stringify(result(2, { content: [] })).slice(0, 20)}`)
      setTimeout(() => response.destroy(), 20)
    },
  ],
  [
    'breaks inside a large message',
    (response) => {
      events(response, `data: ${large.slice(0, 200_000)}`)
      setTimeout(() => response.destroy(), 50)
    },
  ],
  [
    'ends inside a large message',
    (response) => {
      events(response, `data: ${large.slice(0, 200_000)}`)
      setTimeout(() => response.end(), 50)
    },
  ],
  [
    'breaks after a notification',
    (response) => {
      events(response, event(progress))
      setTimeout(() => response.destroy(), 20)
    },
  ],
  [
    'ends without an answer',
    (response) => {
      events(response, event(progress))
      response.end()
    },
  ],
  [
    'ends without an answer, to be resumed',
    (response) => {
      events(response, 'id: 7\nretry: 10\ndata: \n\n')
      response.end()
    },
    'forwarded',
  ],
  [
    'breaks after an event id',
    (response) => {
      events(response, 'id: 7\ndata: \n\n')
      setTimeout(() => response.destroy(), 20)
    },
  ],
  ['says nothing in time', () => undefined],
]
for (const [what, go, outcome = 'failed'] of endings) {
  test(`an element whose stream ${what} has one error, the others their answers`, async () => {
    upstream.script = (seen, response) =>
      seen.message.id === 2 ? go(response) : mcpServer({ sse: true })(seen, response)
    const earlier = (await gateway.audit()).length
    const answer = await gateway.send({
      headers: { 'mcp-protocol-version': '2025-03-26' },
      body: [call('open-tool', {}, 1), call('open-tool', {}, 2), call('open-tool', {}, 3)],
    })
    const messages = await responsesOf(answer.body)
    assert.equal(messages.map(({ id }) => id).sort(), [1, 2, 3], answer.body.slice(-400))
    const failed = messages.filter(({ error }) => error !== undefined)
    assert.equal(
      failed.map(({ id, error }) => [id, error?.code]),
      [[2, -32603]],
    )
    const fresh = (await gateway.audit()).slice(earlier)
    const outcomes = fresh.filter(({ direction }) => direction === 'client')
    assert.equal(outcomes.map((one) => one.outcome).sort(), [outcome, 'forwarded', 'forwarded'])
  })
}

test('a server that goes away breaks every element that waits: one error each', async () => {
  const open: ServerResponse[] = []
  upstream.script = (_, response) => {
    events(response, event(progress))
    open.push(response)
    if (open.length === 3) for (const one of open) one.destroy()
  }
  const answer = await gateway.send({
    headers: { 'mcp-protocol-version': '2025-03-26' },
    body: [call('open-tool', {}, 1), call('open-tool', {}, '1'), call('open-tool', {}, 3)],
  })
  const messages = await responsesOf(answer.body)
  const codes = messages.map(({ id, error }) => `${JSON.stringify(id)} ${error?.code}`).sort()
  assert.equal(codes, ['"1" -32603', '1 -32603', '3 -32603'])
})

test.run()
