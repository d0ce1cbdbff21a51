/**
 * A policy that reads what servers say of their items decides alike for a list and for a call, also
 * for a client that never listed; what is not known, or not clear, is unknown to both.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pagesPerMinute } from '../../src/catalogue/budget.js'
import { maxPages } from '../../src/catalogue/list.js'
import type { ListKind } from '../../src/domain.js'
import { startGateway, writePolicy } from '../support/gateway.js'
import { call, modern, openSession, request } from '../support/messages.js'
import { type Pages, startOffering } from '../support/offering.js'
import { event, events, json, result } from '../support/upstream.js'

/** Items that are known and say that they only read; everything else about the server. */
const readOnly = {
  'main.rego': `package mcpguard.main

default decision := {"allow": false, "reasons": ["not-read-only"]}

decision := {"allow": true, "reasons": ["server"]} if input.resource.type == "server"

decision := {"allow": true, "reasons": ["read-only"]} if {
	input.resource.known
	input.resource.annotations.readOnlyHint == true
}
`,
}

const server = await startOffering()
const gateway = await startGateway({
  upstreams: { up: { url: server.upstream.url, timeout: '1s' } },
  callers: { alice: [], bob: [] },
  policy: readOnly,
})

test.after(async () => {
  await gateway.close()
  await server.upstream.close()
})

const reads = (name: string, more: object = {}) => ({
  name,
  annotations: { readOnlyHint: true },
  ...more,
})
const writes = (name: string, more: object = {}) => ({ name, ...more })

interface Client {
  readonly session: string
  send(body: object): Promise<string>
  /** Names of a list, all pages. */
  list(kind?: ListKind): Promise<string[]>
  mayCall(name: string): Promise<boolean>
}

async function connect(): Promise<Client> {
  const session = await openSession(gateway)
  const headers = { 'mcp-session-id': session }
  const send = async (body: object) => (await gateway.send({ headers, body })).body
  const methods = { tools: 'tools/list', prompts: 'prompts/list', resources: 'resources/list' }
  return {
    session,
    send,
    async list(kind = 'tools') {
      const names: string[] = []
      let cursor: string | undefined
      do {
        const method = methods[kind as keyof typeof methods]
        const answer = JSON.parse(
          await send(request(method, cursor === undefined ? {} : { cursor })),
        )
        for (const item of answer.result[kind]) names.push(item.uri ?? item.name)
        cursor = answer.result.nextCursor
      } while (cursor !== undefined)
      return names
    },
    mayCall: async (name) => isAllowed(await send(call(name))),
  }
}

function isAllowed(body: string): boolean {
  const text = body.includes('data: ') ? body.slice(body.indexOf('data: ') + 6) : body
  const { result: answer, error } = JSON.parse(text)
  return error === undefined && answer.isError !== true
}

async function fetches(): Promise<string[]> {
  const { body } = await gateway.admin('/metrics')
  return body.split('\n').filter((line) => line.startsWith('mcp_guard_catalogue_fetches_total'))
}

test.before.each(() => server.clear())

test('a client that never lists: the gateway asks, judges, and nobody sees that it asked', async () => {
  server.offer = { tools: [[reads('look'), writes('wipe')]] }
  const client = await connect()
  const earlier = (await gateway.audit()).length
  const answer = await client.send(call('look', {}, 7))
  assert.is(answer, '{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"done"}]}}')
  assert.not.ok(await client.mayCall('wipe'))
  assert.not.ok(await client.mayCall('unheard-of'))
  assert.equal(server.used(), ['look'])

  const { own, clients } = server.asked('tools')
  assert.equal([own.length, clients.length], [1, 0])
  assert.is(own[0]?.headers.get('mcp-session-id'), 'session-1')
  assert.is(own[0]?.headers.get('accept'), 'application/json, text/event-stream')
  assert.is(own[0]?.headers.has('authorization'), false)
  assert.equal(own[0]?.message.params, {})
  const recorded = (await gateway.audit()).slice(earlier)
  assert.equal(
    recorded.map(({ method, resource, outcome }) => [method, resource?.id, outcome]),
    [
      ['tools/call', 'look', 'forwarded'],
      ['tools/call', 'wipe', 'denied'],
      ['tools/call', 'unheard-of', 'denied'],
    ],
  )
  assert.equal(await fetches(), [
    'mcp_guard_catalogue_fetches_total{server="up",list="tools",result="learnt"} 1',
  ])
})

test('a client that listed: nothing is asked for again', async () => {
  server.offer = { tools: [[reads('look'), writes('wipe')], [reads('peek')]] }
  const client = await connect()
  assert.equal(await client.list(), ['look', 'peek'])
  assert.equal(await Promise.all(['look', 'wipe', 'peek', 'unheard-of'].map(client.mayCall)), [
    true,
    false,
    true,
    false,
  ])
  assert.equal(server.asked('tools').own.length, 0)
})

test('a client that listed the first of two pages: the rest is asked for when it is named', async () => {
  server.offer = { tools: [[reads('look')], [reads('peek'), writes('wipe')]] }
  const client = await connect()
  await client.send(request('tools/list'))
  assert.ok(await client.mayCall('look'))
  assert.is(server.asked('tools').own.length, 0)
  assert.ok(await client.mayCall('peek'))
  assert.equal(
    server.asked('tools').own.map(({ message }) => message.params),
    [{}, { cursor: 'p1' }],
  )
})

for (const sse of [false, true]) {
  test(`all pages are asked for, answered ${sse ? 'as events' : 'as JSON'}`, async () => {
    server.sse = sse
    server.offer = { tools: [[writes('wipe')], [], [reads('look')]] }
    const client = await connect()
    assert.ok(await client.mayCall('look'))
    assert.is(server.asked('tools').own.length, 3)
    assert.not.ok(await client.mayCall('wipe'))
    assert.is(server.asked('tools').own.length, 3)
  })
}

test('one asks for all who call at once', async () => {
  server.offer = { tools: [[reads('look')]] }
  const client = await connect()
  const answers = await Promise.all(Array.from({ length: 5 }, () => client.mayCall('look')))
  assert.equal(answers, [true, true, true, true, true])
  assert.is(server.asked('tools').own.length, 1)
})

test('only the list of what is named is asked for', async () => {
  const uri = 'file:///a'
  const template = 'file:///{name}'
  server.offer = {
    prompts: [[{ name: 'p', annotations: { readOnlyHint: true } }]],
    resources: [[{ uri, name: 'r', annotations: { readOnlyHint: true } }]],
    resourceTemplates: [
      [{ uriTemplate: template, name: 't', annotations: { readOnlyHint: true } }],
    ],
  }
  const client = await connect()
  const complete = (ref: object) =>
    request('completion/complete', { ref, argument: { name: 'a', value: '' } })
  const cases: readonly [object, ListKind][] = [
    [request('prompts/get', { name: 'p' }), 'prompts'],
    [request('resources/read', { uri }), 'resources'],
    [complete({ type: 'ref/resource', uri: template }), 'resourceTemplates'],
  ]
  const kinds = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const
  const asked: ListKind[] = []
  for (const [body, kind] of cases) {
    assert.ok(isAllowed(await client.send(body)), kind)
    asked.push(kind)
    assert.equal(
      kinds.map((one) => server.asked(one).own.length),
      kinds.map((one) => Number(asked.includes(one))),
    )
  }
  assert.not.ok(isAllowed(await client.send(complete({ type: 'ref/prompt', name: 'q' }))))
  assert.is(server.asked('prompts').own.length, 1)
})

test('each session has its own lists', async () => {
  server.offer = { tools: [[reads('look')]] }
  const [one, two] = [await connect(), await connect()]
  assert.ok(await one.mayCall('look'))
  server.offer = { tools: [[writes('look')]] }
  assert.not.ok(await two.mayCall('look'))
  assert.ok(await one.mayCall('look'), 'believed until it is too old or said to have changed')
  assert.is(server.asked('tools').own.length, 2)
})

test('a definition that changes silently between list and call: the next list is judged by the new one', async () => {
  server.offer = { tools: [[reads('look')]] }
  const client = await connect()
  assert.equal(await client.list(), ['look'])
  server.offer = { tools: [[writes('look')]] }
  assert.ok(await client.mayCall('look'))
  assert.equal(await client.list(), [])
  assert.not.ok(await client.mayCall('look'))
})

for (const where of ['the stream of a call', 'a GET stream'] as const) {
  test(`list_changed on ${where}: the list is asked for again`, async () => {
    server.offer = { tools: [[reads('look')]] }
    const client = await connect()
    assert.ok(await client.mayCall('look'))
    server.offer = { tools: [[writes('look')]] }
    const changed = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' }
    server.instead = ({ verb, message }, response) => {
      const here = where === 'a GET stream' ? verb === 'GET' : message.method === 'tools/call'
      if (here) {
        events(response, event(changed), ...(verb === 'GET' ? [] : [event(result(message.id, {}))]))
        if (verb !== 'GET') response.end()
      }
      return here
    }
    if (where === 'a GET stream') {
      const stream = await gateway.open({
        verb: 'GET',
        headers: { 'mcp-session-id': client.session },
      })
      await stream.head()
      await stream.piece()
      stream.close()
    } else await client.send(call('look'))
    server.instead = () => false
    assert.not.ok(await client.mayCall('look'))
    assert.is(server.asked('tools').own.length, 2)
  })
}

test('a session that the server does not know any more: its lists are forgotten', async () => {
  server.offer = { tools: [[reads('look')]] }
  const client = await connect()
  assert.ok(await client.mayCall('look'))
  server.offer = { tools: [[writes('look')]] }
  server.instead = ({ message }, response) => {
    if (message.method !== 'ping') return false
    response.writeHead(404).end()
    return true
  }
  await client.send(request('ping'))
  assert.not.ok(await client.mayCall('look'))
  assert.is(server.asked('tools').own.length, 2)
})

const unclear: readonly { what: string; tools: Pages }[] = [
  { what: 'twice with different definitions', tools: [[reads('x'), writes('x'), reads('look')]] },
  { what: 'twice, the harmless one last', tools: [[writes('x'), reads('x'), reads('look')]] },
  { what: 'twice, on two pages', tools: [[reads('x'), reads('look')], [writes('x')]] },
  {
    what: 'with a huge definition',
    tools: [[reads('x', { description: 'd'.repeat(300_000) }), reads('look')]],
  },
  {
    what: 'with huge annotations',
    tools: [
      [{ name: 'x', annotations: { readOnlyHint: true, title: 'd'.repeat(5000) } }, reads('look')],
    ],
  },
  {
    what: 'with annotations that are a list',
    tools: [[{ name: 'x', annotations: [{ readOnlyHint: true }] }, reads('look')]],
  },
]
for (const { what, tools } of unclear) {
  test(`a tool ${what} is unknown, in the list and in the call; others are not touched`, async () => {
    server.offer = { tools }
    const [lists, calls] = [await connect(), await connect()]
    const listed = await lists.list()
    // What a page said before another contradicted it was judged before.
    if (tools.length === 1) assert.equal(listed, ['look'])
    for (const client of [lists, calls]) {
      assert.equal([await client.mayCall('x'), await client.mayCall('look')], [false, true])
    }
  })
}

test('a member twice in a definition: unknown in the list and in the call', async () => {
  const text =
    '{"name":"x","annotations":{"readOnlyHint":false},"annotations":{"readOnlyHint":true}}'
  server.instead = ({ message }, response) => {
    if (message.method !== 'tools/list') return false
    json(
      response,
      `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{"tools":[${text}]}}`,
    )
    return true
  }
  const [lists, calls] = [await connect(), await connect()]
  assert.equal(await lists.list(), [])
  assert.not.ok(await calls.mayCall('x'))
  assert.equal(server.used(), [])
})

test(`a tool on page ${maxPages + 1}: unknown in the list and in the call`, async () => {
  const pages = Array.from({ length: maxPages + 1 }, (_, index) => [reads(`t${index}`)])
  server.offer = { tools: pages }
  const [lists, calls] = [await connect(), await connect()]
  const listed = await lists.list()
  assert.is(listed.length, maxPages)
  for (const client of [lists, calls]) {
    assert.ok(await client.mayCall(`t${maxPages - 1}`))
    assert.not.ok(await client.mayCall(`t${maxPages}`))
  }
  assert.is(server.asked('tools').own.length, maxPages)
})

test('a list that never ends is left after its last page that counts, and not asked for again', async () => {
  let page = 0
  server.instead = ({ message }, response) => {
    if (message.method !== 'tools/list') return false
    page += 1
    json(response, result(message.id, { tools: [reads(`t${page}`)], nextCursor: `c${page}` }))
    return true
  }
  const client = await connect()
  assert.ok(await client.mayCall('t3'))
  assert.not.ok(await client.mayCall('unheard-of'))
  assert.is(page, maxPages)
})

test('a cursor that leads to itself is followed once', async () => {
  server.instead = ({ message }, response) => {
    if (message.method !== 'tools/list') return false
    json(response, result(message.id, { tools: [reads('look')], nextCursor: 'again' }))
    return true
  }
  const client = await connect()
  assert.ok(await client.mayCall('look'))
  assert.not.ok(await client.mayCall('unheard-of'))
  assert.is(server.asked('tools').own.length, 2)
})

const failing: readonly {
  what: string
  answer: (id: string | number | undefined) => string
  sse?: boolean
  log: string
}[] = [
  {
    what: 'an error',
    answer: (id) => JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }),
    log: 'GUARD_UPSTREAM_INVALID: no list in the answer',
  },
  {
    what: 'a result without a list',
    answer: (id) => JSON.stringify(result(id, {})),
    log: 'GUARD_UPSTREAM_INVALID: no list in the answer',
  },
  {
    what: 'another list',
    answer: (id) => JSON.stringify(result(id, { prompts: [reads('look')] })),
    log: 'GUARD_UPSTREAM_INVALID: no list in the answer',
  },
  {
    what: 'the list under another id',
    answer: () => JSON.stringify(result('mcp-guard-0', { tools: [reads('look')] })),
    log: 'GUARD_UPSTREAM_INVALID: a response to another request',
  },
  {
    what: 'the list under another id, as an event',
    answer: () => JSON.stringify(result(1, { tools: [reads('look')] })),
    sse: true,
    log: 'GUARD_UPSTREAM_INVALID: the answer ended without a response',
  },
  {
    what: 'a list that is no JSON',
    answer: (id) => `{"jsonrpc":"2.0","id":"${id}","result":{"tools":[{"name":"look",}]}}`,
    log: 'GUARD_UPSTREAM_INVALID: missing member name',
  },
  {
    what: 'a large result without a list',
    answer: (id) => JSON.stringify(result(id, { content: 'x'.repeat(200_000) })),
    log: 'GUARD_UPSTREAM_INVALID: no list in the answer',
  },
  {
    what: 'a request for input',
    answer: (id) =>
      JSON.stringify(result(id, { inputRequests: { a: { method: 'roots/list' } }, tools: [] })),
    log: 'GUARD_UPSTREAM_INVALID: the server asks for input before it lists',
  },
]
for (const { what, answer, sse = false, log } of failing) {
  test(`asked for its tools the server answers with ${what}: they are unknown, and it is asked once`, async () => {
    server.instead = ({ message }, response) => {
      if (message.method !== 'tools/list') return false
      if (sse) {
        events(response, event(answer(message.id)))
        response.end()
      } else json(response, answer(message.id))
      return true
    }
    const client = await connect()
    const before = gateway.logged.length
    assert.not.ok(await client.mayCall('look'))
    assert.not.ok(await client.mayCall('look'))
    assert.is(server.asked('tools').own.length, 1)
    assert.equal(server.used(), [])
    assert.equal(gateway.logged.slice(before), [`warn the tools of a server stay unknown: ${log}`])
  })
}

test('a list that does not come: the call is judged when the time of the server is over', async () => {
  server.instead = ({ message }) => message.method === 'tools/list'
  const client = await connect()
  const startMs = performance.now()
  assert.not.ok(await client.mayCall('look'))
  assert.not.ok(await client.mayCall('look'))
  const tookMs = performance.now() - startMs
  assert.ok(tookMs > 900 && tookMs < 3000, String(tookMs))
  assert.is(server.asked('tools').own.length, 1)
  assert.ok(gateway.logged.at(-1)?.includes('GUARD_UPSTREAM_TIMEOUT'), gateway.logged.at(-1))
})

test('a list that comes page by slow page takes no longer than any answer', async () => {
  let page = 0
  server.instead = ({ message }, response) => {
    if (message.method !== 'tools/list') return false
    page += 1
    const next = `c${page}`
    setTimeout(
      () => json(response, result(message.id, { tools: [reads(next)], nextCursor: next })),
      150,
    )
    return true
  }
  const client = await connect()
  const startMs = performance.now()
  assert.ok(await client.mayCall('c2'), 'what had come by then is known')
  assert.ok(performance.now() - startMs < 3000)
  assert.ok(page < 10, String(page))
})

test('what a server asks or says while it lists ends at the gateway', async () => {
  server.offer = { tools: [[reads('look')]] }
  server.instead = ({ message }, response) => {
    if (message.method !== 'tools/list') return false
    events(
      response,
      event({ jsonrpc: '2.0', id: 99, method: 'roots/list' }),
      event({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x' } }),
      event(result(message.id, { tools: [reads('look')] })),
    )
    return true
  }
  const client = await connect()
  assert.ok(await client.mayCall('look'))
  const refusal = await server.upstream.arrives(({ message }) => message.id === 99)
  assert.is(refusal.message.error?.code, 1403)
})

test('a list in the answer to a call is judged by the list that the server gives when asked, and changes nothing', async () => {
  server.offer = { tools: [[reads('look'), writes('wipe')]] }
  server.instead = ({ message }, response) => {
    if (message.method !== 'tools/call') return false
    json(
      response,
      result(message.id, { tools: [reads('look'), reads('wipe'), reads('unheard-of')] }),
    )
    return true
  }
  const client = await connect()
  const answer = JSON.parse(await client.send(call('look')))
  assert.equal(
    answer.result.tools.map(({ name }: { name: string }) => name),
    ['look'],
  )
  assert.not.ok(await client.mayCall('wipe'))
  assert.not.ok(await client.mayCall('unheard-of'))
  assert.is(server.asked('tools').own.length, 1)
  server.offer = { tools: [[reads('look', { description: 'another' })]] }
  assert.equal(JSON.parse(await client.send(call('look'))).result.tools.length, 1, 'still believed')
})

test('a list that was asked for with more than a cursor says nothing of what is not in it', async () => {
  server.offer = { tools: [[reads('look'), reads('peek')]] }
  server.instead = ({ message }, response) => {
    if (message.params?.['topic'] === undefined) return false
    json(response, result(message.id, { tools: [reads('look')] }))
    return true
  }
  const client = await connect()
  const answer = JSON.parse(await client.send(request('tools/list', { topic: 'x' })))
  assert.equal(answer.result.tools.length, 1)
  assert.ok(await client.mayCall('peek'))
})

test('modern: asked with the caller’s own envelope and routing headers, kept per principal', async () => {
  server.offer = { tools: [[reads('look')]] }
  assert.ok(isAllowed((await gateway.send(modern('tools/call', { name: 'look' }))).body))
  const [asked] = server.asked('tools').own
  assert.equal(
    ['mcp-method', 'mcp-protocol-version', 'mcp-name', 'mcp-session-id'].map((name) =>
      asked?.headers.get(name),
    ),
    ['tools/list', '2026-07-28', undefined, undefined],
  )
  assert.equal(asked?.message.params?.['_meta'], {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'modern-client', version: '2.0.0' },
  })
  assert.ok(
    isAllowed((await gateway.send({ ...modern('tools/call', { name: 'look' }), as: 'bob' })).body),
  )
  assert.is(server.asked('tools').own.length, 2, 'bob may be shown other tools than alice')
})

test('modern: what the server calls public is everybody’s', async () => {
  const prompts = [[{ name: 'p', annotations: { readOnlyHint: true } }]]
  server.offer = { prompts }
  server.more = { cacheScope: 'public', ttlMs: 1000 }
  const get = modern('prompts/get', { name: 'p' })
  assert.ok(isAllowed((await gateway.send(get)).body))
  assert.ok(isAllowed((await gateway.send({ ...get, as: 'bob' })).body))
  assert.is(server.asked('prompts').own.length, 1)
})

test('modern: who says malformed things of itself keeps nobody else from a public list', async () => {
  const other = await startGateway({
    upstreams: { up: { url: server.upstream.url, timeout: '1s' } },
    callers: { bob: [], mallory: [] },
    policy: readOnly,
    catalogue: { maxAge: '1s' },
  })
  try {
    server.offer = { tools: [[reads('look')]] }
    server.more = { cacheScope: 'public', ttlMs: 1000 }
    // A strict server: it wants a client that names itself, and no baggage.
    server.instead = ({ message, headers }, response) => {
      if (message.method !== 'tools/list') return false
      const meta = message.params?.['_meta'] as Record<string, unknown>
      const client = meta['io.modelcontextprotocol/clientInfo']
      if (typeof client === 'object' && !headers.has('baggage')) return false
      json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32602, message: 'no' } })
      return true
    }
    const asBob = async () =>
      isAllowed((await other.send({ ...modern('tools/call', { name: 'look' }), as: 'bob' })).body)
    const malformed = modern('tools/call', { name: 'look' }, { baggage: 'a=b' })
    const body = structuredClone(malformed.body) as { params: { _meta: Record<string, unknown> } }
    body.params._meta['io.modelcontextprotocol/clientInfo'] = 5
    body.params._meta['io.modelcontextprotocol/clientCapabilities'] = { sampling: 5 }
    const asMallory = () => other.send({ ...malformed, body, as: 'mallory' })

    assert.not.ok(isAllowed((await asMallory()).body), 'not known to be public yet')
    assert.ok(await asBob())
    const before = server.asked('tools').own.length
    await new Promise((resolve) => setTimeout(resolve, 1100))
    assert.ok(isAllowed((await asMallory()).body))
    assert.ok(await asBob())
    const asked = server.asked('tools').own
    assert.is(asked.length, before + 1, 'once for both')
    assert.equal(asked.at(-1)?.message.params?.['_meta'], {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'mcp-guard', version: '1' },
    })
    assert.is(asked.at(-1)?.headers.get('mcp-protocol-version'), '2026-07-28')
    assert.equal(asked[0]?.message.params?.['_meta'], {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': { sampling: 5 },
    })
  } finally {
    await other.close()
  }
})

test('one caller in many sessions does not make the gateway ask without end', async () => {
  const other = await startGateway({
    upstreams: { up: { url: server.upstream.url, timeout: '30s' } },
    callers: { alice: [], bob: [] },
    policy: readOnly,
  })
  try {
    server.offer = { tools: Array.from({ length: maxPages + 1 }, (_, at) => [reads(`t${at}`)]) }
    const lastPage = call(`t${maxPages - 1}`)
    const use = async (as: string) => {
      const session = await openSession(other, { as })
      const answer = await other.send({
        as,
        headers: { 'mcp-session-id': session },
        body: lastPage,
      })
      return isAllowed(answer.body)
    }
    const startMs = performance.now()
    const whole = pagesPerMinute / maxPages
    const answers: boolean[] = []
    for (let at = 0; at < whole; at += 1) answers.push(await use('alice'))
    assert.ok(answers.every(Boolean))
    assert.not.ok(await use('alice'))
    assert.not.ok(await use('alice'))
    const refilled = ((performance.now() - startMs) / 60_000) * pagesPerMinute
    const asked = server.asked('tools').own.length
    assert.ok(asked >= pagesPerMinute && asked <= pagesPerMinute + refilled, String(asked))
    assert.ok(await use('bob'))
  } finally {
    await other.close()
  }
})

test('a client that leaves while the list is asked for: nothing is forwarded, and that is on record', async () => {
  const client = await connect()
  const held: (() => void)[] = []
  server.instead = ({ message }, response) => {
    if (message.method !== 'tools/list') return false
    held.push(() => json(response, result(message.id, { tools: [reads('look')] })))
    return true
  }
  const headers = { 'mcp-session-id': client.session }
  const connection = await gateway.open({ headers, body: call('look', {}, 'left') })
  await server.upstream.arrives(({ message }) => message.method === 'tools/list')
  connection.close()
  const recorded = await gateway.event(
    ({ outcome, method }) => outcome === 'abandoned' && method === 'tools/call',
  )
  assert.equal(
    [recorded.method, recorded.resource?.id, recorded.status, recorded.decision_id],
    ['tools/call', 'look', null, null],
  )
  for (const answer of held) answer()
  assert.ok(await client.mayCall('look'), 'what was asked for was learnt')
  assert.equal(server.used(), ['look'])
})

test('the policy that is newest when the list has come is the one that judges', async () => {
  const everything = readOnly['main.rego'].replace('"allow": false', '"allow": true')
  const other = await startGateway({ upstreams: { up: server.upstream.url }, policy: readOnly })
  try {
    const held: (() => void)[] = []
    server.instead = ({ message }, response) => {
      if (message.method !== 'tools/list') return false
      held.push(() => json(response, result(message.id, { tools: [writes('wipe')] })))
      return true
    }
    const answer = other.send({ body: call('wipe') })
    await server.upstream.arrives(({ message }) => message.method === 'tools/list')
    await writePolicy(other.policyFolder, { 'main.rego': everything })
    assert.ok((await other.guard.reload()).ok)
    for (const send of held) send()
    assert.ok(isAllowed((await answer).body))
  } finally {
    await other.close()
  }
})

test('a gateway that stops does not wait for a list', async () => {
  const other = await startGateway({
    upstreams: { up: server.upstream.url },
    policy: readOnly,
    listen: { drainTimeout: '100ms' },
  })
  server.instead = ({ message }) => message.method === 'tools/list'
  const answer = other.send({ body: call('look') })
  await server.upstream.arrives(({ message }) => message.method === 'tools/list')
  await other.close()
  assert.is((await answer).status, 503)
  assert.equal(server.used(), [])
})

test('a policy that does not read definitions: nothing is asked for, read or kept', async () => {
  const other = await startGateway({ upstreams: { up: server.upstream.url } })
  try {
    server.offer = { tools: [[{ name: 'look', annotations: [] }, writes('wipe')]] }
    const session = await openSession(other)
    const headers = { 'mcp-session-id': session }
    assert.ok(isAllowed((await other.send({ headers, body: call('wipe') })).body))
    await other.send({ headers, body: request('tools/list') })
    assert.is(server.asked('tools').own.length, 0)
    // What passed under that policy was not learnt: the next one has to ask.
    await writePolicy(other.policyFolder, readOnly)
    assert.ok((await other.guard.reload()).ok)
    assert.not.ok(isAllowed((await other.send({ headers, body: call('wipe') })).body))
    assert.is(server.asked('tools').own.length, 1)
  } finally {
    await other.close()
  }
})

test.run()
