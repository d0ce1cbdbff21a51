/**
 * Answers on event streams: fields and order survive, framing is written anew so that every reader
 * sees the same events, and what comes in between is passed or refused by what it is.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { call, modern, notification, openSession, request } from '../support/messages.js'
import { event, events, mcpServer, result, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  callers: {
    alice: [],
    strict: ['deny:sampling/createMessage', 'deny:notifications/message', 'deny:roots/list'],
  },
})

test.before.each(() => {
  upstream.script = mcpServer()
  upstream.seen.length = 0
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const answer = JSON.stringify(result(1, { content: [] }))

function answersWith(...texts: string[]): void {
  upstream.script = (_, response) => {
    events(response, ...texts)
    response.end()
  }
}

const rows: readonly { what: string; sent: string[]; gets: string }[] = [
  { what: 'one event', sent: [`data: ${answer}\n\n`], gets: `data: ${answer}\n\n` },
  {
    what: 'CRLF and no space',
    sent: [`event:message\r\ndata:${answer}\r\n\r\n`],
    gets: `data: ${answer}\nevent: message\n\n`,
  },
  { what: 'CR alone', sent: [`data: ${answer}\r\r`], gets: `data: ${answer}\n\n` },
  {
    what: 'priming event, id and retry',
    sent: ['id: 1-0\nretry: 500\ndata:\n\n', `id: 1-1\ndata: ${answer}\n\n`],
    gets: `data: \nid: 1-0\nretry: 500\n\ndata: ${answer}\nid: 1-1\n\n`,
  },
  {
    what: 'comments',
    sent: [': ping\n\n', `data: ${answer}\n\n`, ':\n\n'],
    gets: `:\n\ndata: ${answer}\n\n:\n\n`,
  },
  {
    what: 'retry by itself',
    sent: ['retry: 10\n\n', `data: ${answer}\n\n`],
    gets: `retry: 10\n\ndata: ${answer}\n\n`,
  },
  {
    what: 'one message on several data lines',
    sent: [`data: ${answer.slice(0, 17)}\ndata: ${answer.slice(17)}\n\n`],
    gets: `data: ${answer.slice(0, 17)} ${answer.slice(17)}\n\n`,
  },
  {
    what: 'one byte at a time',
    sent: [...`id: a\ndata: ${answer}\n\n`],
    gets: `data: ${answer}\nid: a\n\n`,
  },
  {
    what: 'fields nobody knows, an id with NUL',
    sent: [`foo: bar\nid: a\0b\nbar\ndata: ${answer}\n\n`],
    gets: `data: ${answer}\n\n`,
  },
  {
    what: 'progress before the answer',
    sent: [
      event(notification('notifications/progress', { progressToken: 1, progress: 1 })),
      event(answer),
    ],
    gets:
      'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}\n\n' +
      `data: ${answer}\n\n`,
  },
  {
    what: 'an event that the end cuts off',
    sent: [event(answer), 'data: {"jsonrpc":"2.0","method":"notifications/message"}\n'],
    gets: `data: ${answer}\n\n`,
  },
]

for (const { what, sent, gets } of rows) {
  test(what, async () => {
    answersWith(...sent)
    const got = await gateway.send({ body: call('open-tool') })
    assert.is(got.status, 200)
    assert.is(got.headers.get('content-type'), 'text/event-stream')
    assert.is(got.body, gets)
  })
}

test('the head and each event leave at once', async () => {
  const written: (() => void)[] = []
  upstream.script = (_, response) => {
    events(response, ': hi\n\n')
    written.push(
      () => response.write(event(notification('notifications/message', { level: 'info' }))),
      () => response.end(event(answer)),
    )
  }
  const connection = await gateway.open({ body: call('open-tool') })
  assert.is((await connection.head())?.status, 200)
  await connection.until(':\n\n')
  written[0]?.()
  assert.match(await connection.until('\n\n'), 'notifications/message')
  written[1]?.()
  assert.match(await connection.body(), answer)
  connection.close()
})

test('every message of the server is judged: denied notification dropped, allowed passes', async () => {
  const log = event(notification('notifications/message', { level: 'info', data: 'x' }))
  const progress = event(notification('notifications/progress', { progressToken: 1 }))
  for (const [as, expected] of [
    ['alice', log + progress + event(answer)],
    ['strict', progress + event(answer)],
  ] as const) {
    const earlier = (await gateway.audit()).length
    answersWith(log, progress, event(answer))
    assert.is((await gateway.send({ as, body: call('open-tool') })).body, expected)
    const recorded = (await gateway.audit()).slice(earlier)
    assert.equal(
      recorded.map((one) => [one.direction, one.kind, one.method, one.outcome]),
      [
        [
          'server',
          'notification',
          'notifications/message',
          as === 'alice' ? 'forwarded' : 'denied',
        ],
        ['server', 'notification', 'notifications/progress', 'forwarded'],
        ['client', 'request', 'tools/call', 'forwarded'],
      ],
    )
  }
})

const sampling = request('sampling/createMessage', { messages: [], maxTokens: 1 }, 'ask-1')

test('a server’s request that policy allows reaches the client, and the answer the server', async () => {
  const session = await openSession(gateway)
  upstream.script = (seen, response) => {
    if (seen.message.method !== 'tools/call') return mcpServer()(seen, response)
    return events(response, event(sampling))
  }
  const connection = await gateway.open({
    headers: { 'mcp-session-id': session },
    body: call('open-tool'),
  })
  await connection.head()
  const asked = await connection.until('\n\n')
  const { id } = JSON.parse(asked.slice('data: '.length))
  assert.is(asked, event({ ...sampling, id }))
  const reply = { jsonrpc: '2.0', id, result: { role: 'assistant' } }
  const posted = await gateway.send({ headers: { 'mcp-session-id': session }, body: reply })
  assert.is(posted.status, 202)
  const arrived = await upstream.arrives(({ message }) => message.result !== undefined)
  assert.equal(arrived.message, { ...reply, id: 'ask-1' })
  connection.close()
})

test('a server’s request that policy denies: the server gets an error, the client nothing', async () => {
  const session = await openSession(gateway, { as: 'strict' })
  upstream.script = (seen, response) => {
    if (seen.message.error !== undefined) return void response.writeHead(202).end()
    events(response, event(sampling), event(request('roots/list', undefined, 7)))
    upstream
      .arrives(({ message }) => message.id === 7 && message.error !== undefined)
      .then(() => response.end(event(answer)))
      .catch(() => response.destroy())
  }
  const got = await gateway.send({
    as: 'strict',
    headers: { 'mcp-session-id': session },
    body: call('open-tool'),
  })
  assert.is(got.body, event(answer))
  const refusals = upstream.seen.filter(({ message }) => message.error !== undefined)
  assert.equal(
    refusals.map(({ body }) => body),
    [
      '{"jsonrpc":"2.0","id":"ask-1","error":{"code":1403,"message":"refused by the gateway"}}',
      '{"jsonrpc":"2.0","id":7,"error":{"code":1403,"message":"refused by the gateway"}}',
    ],
  )
  assert.ok(refusals.every(({ headers }) => headers.get('mcp-session-id') !== undefined))
  await gateway.event(
    (one) =>
      one.method === 'sampling/createMessage' &&
      one.outcome === 'denied' &&
      one.direction === 'server',
  )
})

test('a server’s message that two parsers read differently is dropped', async () => {
  const twice =
    'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"a":1,"a":2}}\n\n'
  answersWith(twice, event(answer))
  assert.is((await gateway.send({ body: call('open-tool') })).body, event(answer))
})

test('a stream that can be resumed may end before the answer', async () => {
  const session = await openSession(gateway)
  const headers = { 'mcp-session-id': session }
  answersWith('id: 7\nretry: 1\ndata:\n\n')
  const cut = await gateway.send({ headers, body: call('open-tool') })
  assert.is(cut.body, 'data: \nid: 7\nretry: 1\n\n')
  answersWith(`id: 8\n${event(answer)}`)
  const resumed = await gateway.send({
    verb: 'GET',
    headers: { ...headers, 'last-event-id': '7' },
  })
  assert.is(resumed.body, `data: ${answer}\nid: 8\n\n`)
  assert.is(upstream.seen.at(-1)?.headers.get('last-event-id'), '7')
})

test('an event id of any letters comes and goes in the bytes it has', async () => {
  const session = await openSession(gateway)
  const id = 'é-日本'
  answersWith(`id: ${id}\n${event(answer)}`)
  const headers = { 'mcp-session-id': session }
  const got = await gateway.send({ headers, body: call('open-tool') })
  assert.is(got.body, `data: ${answer}\nid: ${id}\n\n`)
  const said = Buffer.from(id).toString('latin1')
  await gateway.send({ verb: 'GET', headers: { ...headers, 'last-event-id': said } })
  const sent = upstream.seen.at(-1)?.headers.get('last-event-id') ?? ''
  assert.is(Buffer.from(sent, 'latin1').toString(), id)
})

test('modern answers stream as well', async () => {
  answersWith(event(notification('notifications/progress', { progressToken: 1 })), event(answer))
  const got = await gateway.send(modern('tools/call', { name: 'open-tool' }))
  assert.match(got.body, 'notifications/progress')
  assert.ok(got.body.endsWith(event(answer)))
})

test.run()
