/**
 * A list is cut to what its caller may use wherever it turns up: as the answer to a list request, to
 * a call, on a stream of either kind. What is unreadable in it is dropped alone; a list that cannot
 * be understood does not pass at all.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { call, modern, openSession, pinned, request } from '../support/messages.js'
import { event, events, json, result, type Script, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  callers: { alice: [], narrow: ['deny:tools/call'] },
})

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

const asJson =
  (text: string): Script =>
  (_, response) =>
    json(response, text)
const asEvent =
  (text: string): Script =>
  (_, response) => {
    events(response, event(text))
    response.end()
  }
const data = (body: string) =>
  body
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6))
const invalid =
  '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"the server behind the gateway gave an answer that cannot be passed on","data":{"requestId":"<id>"}}}'

const cut: readonly {
  what: string
  method: string
  sent: string
  gets: string
  hidden: number
  dropped: number
}[] = [
  {
    what: 'tools, everything else untouched',
    method: 'tools/list',
    sent: '{"jsonrpc":"2.0","id":1,"result":{"x":[1e9, 2],"tools":[ {"name":"a","n":1.0} ,{"name":"hidden-b"}, {"title":"c","name":"c"}],"nextCursor":"p\\u0032","_meta":{"k":null}}}',
    gets: '{"jsonrpc":"2.0","id":1,"result":{"x":[1e9, 2],"tools":[{"name":"a","n":1.0},{"title":"c","name":"c"}],"nextCursor":"p\\u0032","_meta":{"k":null}}}',
    hidden: 1,
    dropped: 0,
  },
  {
    what: 'prompts, nothing hidden, not one byte changed',
    method: 'prompts/list',
    sent: '{"id":1, "jsonrpc":"2.0","result":{"prompts" : [ {"name":"a"} , {"name":"b"} ] }}',
    gets: '{"id":1, "jsonrpc":"2.0","result":{"prompts" : [ {"name":"a"} , {"name":"b"} ] }}',
    hidden: 0,
    dropped: 0,
  },
  {
    what: 'resources, by their URI',
    method: 'resources/list',
    sent: '{"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"file:///hidden/a","name":"open"},{"uri":"file:///b","name":"hidden"}]}}',
    gets: '{"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"file:///b","name":"hidden"}]}}',
    hidden: 1,
    dropped: 0,
  },
  {
    what: 'templates, all hidden',
    method: 'resources/templates/list',
    sent: '{"jsonrpc":"2.0","id":1,"result":{"resourceTemplates":[{"uriTemplate":"file:///hidden/{a}","name":"t"}]}}',
    gets: '{"jsonrpc":"2.0","id":1,"result":{"resourceTemplates":[]}}',
    hidden: 1,
    dropped: 0,
  },
  {
    what: 'items that cannot be understood',
    method: 'tools/list',
    sent: '{"jsonrpc":"2.0","id":1,"result":{"tools":[7,{"name":"a"},{"name":"b","name":"c"},{"name":"d","Name":"e"},{"name":1},{"title":"f"},{"name":"a","second":1}]}}',
    gets: '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"}]}}',
    hidden: 0,
    dropped: 6,
  },
  {
    what: 'a list for every cache, made private',
    method: 'tools/list',
    sent: '{"jsonrpc":"2.0","id":1,"result":{"ttlMs":9,"cacheScope":"public","tools":[{"name":"a"}]}}',
    gets: '{"jsonrpc":"2.0","id":1,"result":{"ttlMs":9,"cacheScope":"private","tools":[{"name":"a"}]}}',
    hidden: 0,
    dropped: 0,
  },
]

for (const { what, method, sent, gets, hidden, dropped } of cut) {
  for (const asked of [method, 'tools/call']) {
    const body = asked === 'tools/call' ? call('open-tool') : request(method)
    test(`${what}; asked by ${asked}, as JSON and as an event`, async () => {
      const earlier = (await gateway.audit()).length
      upstream.script = asJson(sent)
      const plain = await gateway.send({ body })
      upstream.script = asEvent(sent)
      const stream = await gateway.send({ body })
      assert.is(plain.body, gets)
      assert.is(plain.headers.get('content-length'), String(Buffer.byteLength(gets)))
      assert.is(plain.headers.get('cache-control'), 'no-store')
      assert.equal(data(stream.body), [gets])
      const recorded = (await gateway.audit()).slice(earlier)
      assert.equal(
        recorded.map((one) => [one.outcome, one.hidden, one.dropped]),
        [
          ['forwarded', hidden, dropped],
          ['forwarded', hidden, dropped],
        ],
      )
    })
  }
}

test('hidden and refused are the same set', async () => {
  const names = ['a', 'hidden-a', 'hidden', 'b-hidden', 'Hidden']
  upstream.script = (seen, response) =>
    json(
      response,
      result(
        seen.message.id,
        seen.message.method === 'tools/list'
          ? { tools: names.map((name) => ({ name })) }
          : { content: [] },
      ),
    )
  for (const as of ['alice', 'narrow']) {
    const list = await gateway.send({ as, body: request('tools/list') })
    const listed = JSON.parse(list.body).result.tools.map(({ name }: { name: string }) => name)
    const callable: string[] = []
    for (const name of names) {
      const answer = JSON.parse((await gateway.send({ as, body: call(name) })).body)
      if (answer.result.isError !== true) callable.push(name)
    }
    assert.equal(listed, callable)
    assert.equal(listed, as === 'alice' ? ['a', 'b-hidden', 'Hidden'] : [])
  }
})

const refused = [
  {
    what: 'tools is no array',
    text: '{"jsonrpc":"2.0","id":1,"result":{"tools":{"0":{"name":"hidden"}}}}',
  },
  {
    what: 'tools twice',
    text: '{"jsonrpc":"2.0","id":1,"result":{"tools":[],"tools":[{"name":"hidden"}]}}',
  },
  {
    what: 'Tools beside tools',
    text: '{"jsonrpc":"2.0","id":1,"result":{"tools":[],"Tools":[{"name":"hidden"}]}}',
  },
  {
    what: 'result twice',
    text: '{"jsonrpc":"2.0","id":1,"result":{},"result":{"tools":[{"name":"hidden"}]}}',
  },
  {
    what: 'an unknown member beside it',
    text: '{"jsonrpc":"2.0","id":1,"result":{"tools":[]},"Result":{"tools":[{"name":"hidden"}]}}',
  },
  {
    what: 'a trailing comma',
    text: '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"hidden"},]}}',
  },
  {
    what: '10,001 items',
    text: `{"jsonrpc":"2.0","id":1,"result":{"tools":[${Array(10_001).fill('{"name":"hidden"}')}]}}`,
  },
  {
    what: 'over 8 MiB',
    text: `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"hidden","d":"${'x'.repeat(8 * 1024 * 1024)}"}]}}`,
  },
  {
    what: 'a list behind 1 MB of a result',
    text: `{"jsonrpc":"2.0","id":1,"result":{"content":"${'x'.repeat(1_000_000)}","tools":[{"name":"hidden"}]}}`,
    streamed: true,
  },
]
for (const { what, text, streamed } of refused) {
  test(`a list that cannot be understood, ${what}: nothing of it passes`, async () => {
    const earlier = (await gateway.audit()).length
    upstream.script = asJson(text)
    if (streamed) {
      const connection = await gateway.open({ body: request('tools/list') })
      const body = await readAll(connection)
      assert.not.ok(body.includes('hidden'))
      assert.ok(body.endsWith('<broken off>'), 'no reader takes it for a whole answer')
    } else {
      const answer = await gateway.send({ body: request('tools/list') })
      assert.is(answer.status, 502)
      assert.is(pinned(answer.body), invalid)
    }
    const [recorded, ...more] = (await gateway.audit()).slice(earlier)
    assert.equal(more, [])
    assert.equal([recorded?.outcome, recorded?.code], ['failed', 'GUARD_UPSTREAM_INVALID'])
  })
}

test('a response to another id is dropped and recorded, the right one passes', async () => {
  const earlier = (await gateway.audit()).length
  const right = JSON.stringify(result(1, { content: [] }))
  upstream.script = (_, response) => {
    events(
      response,
      event(result(2, { tools: [{ name: 'hidden' }] })),
      event(result('1', { tools: [{ name: 'hidden' }] })),
      event(right),
      event(result(1, { tools: [{ name: 'hidden-late' }] })),
    )
    response.end()
  }
  const answer = await gateway.send({ body: call('open-tool') })
  assert.equal(data(answer.body), [right])
  const recorded = (await gateway.audit()).slice(earlier)
  assert.equal(
    recorded.map((one) => [one.event, one.outcome, one.code]),
    [
      ['dropped', 'failed', 'a-response-to-another-request'],
      ['dropped', 'failed', 'a-response-to-another-request'],
      ['message', 'forwarded', null],
      ['dropped', 'failed', 'a-response-to-another-request'],
    ],
  )
})

test('an event that is no message is dropped, the rest of the stream passes', async () => {
  const right = JSON.stringify(result(1, { content: [] }))
  upstream.script = (_, response) => {
    events(response, event('{"jsonrpc":'), event([right]), event('hello'), event(right))
    response.end()
  }
  const answer = await gateway.send({ body: call('open-tool') })
  assert.equal(data(answer.body), [right])
})

test('a stream that ends without the answer: an error takes its place', async () => {
  upstream.script = asEvent(JSON.stringify(result(2, {})))
  const answer = await gateway.send({ body: call('open-tool') })
  assert.equal(data(pinned(answer.body)), [invalid])
})

test('on a GET stream a list is a response to nobody', async () => {
  const session = await openSessionOn()
  upstream.script = (_, response) => {
    events(response, event(result(1, { tools: [{ name: 'open' }] })))
    response.end()
  }
  const answer = await gateway.send({ verb: 'GET', headers: { 'mcp-session-id': session } })
  assert.equal(data(answer.body), [])
  await gateway.event(({ event: kind, method }) => kind === 'dropped' && method === 'stream/open')
})

test('on a resumed stream a list is filtered', async () => {
  const session = await openSessionOn()
  upstream.script = (_, response) => {
    events(response, event(result(1, { tools: [{ name: 'open' }, { name: 'hidden' }] }), 'id: 5\n'))
    response.end()
  }
  const headers = { 'mcp-session-id': session, 'last-event-id': '4' }
  const answer = await gateway.send({ verb: 'GET', headers })
  assert.equal(data(answer.body), ['{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"open"}]}}'])
  assert.is(upstream.seen.at(-1)?.headers.get('last-event-id'), '4')
})

test('modern lists are filtered alike', async () => {
  upstream.script = asJson(
    '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","tools":[{"name":"hidden"},{"name":"a"}]}}',
  )
  const answer = await gateway.send(modern('tools/list'))
  assert.is(
    answer.body,
    '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","tools":[{"name":"a"}]}}',
  )
})

async function openSessionOn(): Promise<string> {
  upstream.script = (seen, response) => {
    response.setHeader('mcp-session-id', 'session-of-the-upstream')
    json(response, result(seen.message.id, {}))
  }
  return openSession(gateway)
}

async function readAll(connection: {
  head(): Promise<unknown>
  piece(): Promise<Buffer | null>
}): Promise<string> {
  let body = ''
  await connection.head()
  try {
    for (let piece = await connection.piece(); piece !== null; piece = await connection.piece()) {
      body += piece.toString()
    }
  } catch {
    return `${body}<broken off>`
  }
  return body
}

test.run()
