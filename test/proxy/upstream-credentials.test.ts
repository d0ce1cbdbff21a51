/**
 * What a server is shown: the gateway's own credential and nothing of the caller's, on every way to
 * a server; and that neither shows in an answer, the audit, the log or the metrics.
 */
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, keyOf, type Sent, startGateway } from '../support/gateway.js'
import { call, modern, openSession } from '../support/messages.js'
import { answer, type Service, startService } from '../support/service.js'
import { stdioServer } from '../support/stdio.js'
import { json, mcpServer, type Script, startUpstream } from '../support/upstream.js'

const secrets = {
  header: 'canary-header-31c0',
  client: 'canary-client-77aa',
  token: 'canary-token-',
  caller: keyOf('alice'),
  cookie: 'canary-cookie-5d',
}
let issued = 0
const tokenEndpoint: Service = await startService((asked, response) => {
  issued += 1
  const token = `${secrets.token}${issued}`
  answer({ access_token: token, token_type: 'Bearer', expires_in: 3600 })(asked, response)
})
const honest = mcpServer()
const withHeader = await startUpstream(honest)
const withToken = await startUpstream(honest)
const plain = await startUpstream(honest)
const events = await startEventServer()
const clientCredentials = {
  tokenUrl: `${tokenEndpoint.url}/token`,
  clientId: 'guard',
  clientSecret: secrets.client,
}
const gateway = await startGateway({
  upstreams: {
    fixed: {
      url: withHeader.url,
      credential: { header: { name: 'X-Api-Key', value: secrets.header } },
    },
    token: { url: withToken.url, credential: { clientCredentials } },
    plain: plain.url,
    events: {
      url: events.url,
      transport: 'sse',
      credential: { header: { name: 'Authorization', value: `Bearer ${secrets.header}` } },
    },
    command: stdioServer(),
    dead: {
      url: plain.url,
      credential: {
        clientCredentials: { ...clientCredentials, tokenUrl: `${tokenEndpoint.url}/dead` },
      },
    },
  },
})
const answers: string[] = []

test.after(async () => {
  await gateway.close()
  await Promise.all([withHeader, withToken, plain, tokenEndpoint].map(stop))
  await events.close()
})

async function stop(server: { close(): Promise<void> } | Service): Promise<void> {
  if ('down' in server) await server.down()
  else await server.close()
}

/** A server of HTTP+SSE that keeps the headers of all that it is asked. */
async function startEventServer() {
  const seen: string[][] = []
  let stream: ServerResponse | null = null
  const server = createServer((request, response) => {
    seen.push(request.rawHeaders)
    if (request.method === 'GET') {
      stream = response
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      return void response.write('event: endpoint\ndata: /post\n\n')
    }
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      response.writeHead(202).end()
      const { id, params } = JSON.parse(body)
      if (id === undefined) return
      const { protocolVersion = '2025-11-25' } = params
      const serverInfo = { name: 'events', version: '1' }
      const result = { protocolVersion, capabilities: {}, serverInfo, content: [] }
      stream?.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`,
    seen,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The caller shows all that it has. */
const showing: readonly Readonly<Record<string, string | null>>[] = [
  {},
  { authorization: null, 'x-api-key': secrets.caller },
  {
    cookie: `session=${secrets.cookie}`,
    'proxy-authorization': `Basic ${secrets.cookie}`,
    'x-forwarded-access-token': secrets.cookie,
    'x-amzn-oidc-data': secrets.cookie,
    'x-client-cert': secrets.cookie,
  },
]

async function send(sent: Sent, through: Gateway = gateway) {
  const got = await through.send(sent)
  answers.push(JSON.stringify([...got.headers]), got.body)
  return got
}

async function callAs(server: string, headers: Readonly<Record<string, string | null>>) {
  const path = `/mcp/${server}`
  const session = await openSession(gateway, { path, headers })
  const body = call('open-tool', { arguments: {} })
  return await send({ path, headers: { ...headers, 'mcp-session-id': session }, body })
}

function linesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => {
    return index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name
  })
}

for (const [index, headers] of showing.entries()) {
  test(`a caller's own credentials go to no server: ${index + 1}`, async () => {
    for (const server of ['fixed', 'token', 'plain', 'events']) {
      const got = await callAs(server, headers)
      assert.is(got.status, 200, `${server} ${got.body}`)
    }
    const path = '/mcp/plain'
    await send({ path, verb: 'GET', headers: { ...headers, 'mcp-session-id': 'x' } })
    const sent = modern('tools/call', { name: 'open-tool', arguments: {} })
    await send({ ...sent, path, headers: { ...sent.headers, ...headers } })
    for (const seen of [withHeader, withToken, plain].flatMap((upstream) => upstream.seen)) {
      const shown = seen.rawHeaders.join('\n') + seen.body
      assert.not.match(shown, secrets.caller)
      assert.not.match(shown, secrets.cookie)
    }
    for (const rawHeaders of events.seen) {
      assert.not.match(rawHeaders.join('\n'), secrets.caller)
      assert.not.match(rawHeaders.join('\n'), secrets.cookie)
    }
  })
}

test('a command is told nothing of who calls but in messages', async () => {
  const path = '/mcp/command'
  const session = await openSession(gateway, { path, headers: showing[2] ?? {} })
  const headers = { ...showing[2], 'mcp-session-id': session }
  const got = await send({ path, headers, body: call('env', { arguments: {} }) })
  assert.not.match(got.body, 'canary')
  assert.not.match(got.body, secrets.caller)
})

test('each server gets its own credential, once, with every request', () => {
  assert.ok(withHeader.seen.length >= 6)
  for (const { rawHeaders } of withHeader.seen) {
    assert.equal(linesOf(rawHeaders, 'x-api-key'), [secrets.header])
    assert.equal(linesOf(rawHeaders, 'authorization'), [])
  }
  for (const { rawHeaders } of withToken.seen) {
    assert.equal(linesOf(rawHeaders, 'authorization'), [`Bearer ${secrets.token}1`])
  }
  assert.is(issued, 1, 'one token for all')
  const { resource } = Object.fromEntries(new URLSearchParams(tokenEndpoint.asked[0]?.body))
  assert.is(resource, withToken.url)
  for (const { rawHeaders } of plain.seen) assert.equal(linesOf(rawHeaders, 'authorization'), [])
  assert.ok(events.seen.length >= 6, 'streams and posts')
  for (const rawHeaders of events.seen) {
    assert.equal(linesOf(rawHeaders, 'authorization'), [`Bearer ${secrets.header}`])
  }
})

/** Takes only the token with that number. */
const taking =
  (number: number): Script =>
  (seen, response) => {
    if (seen.headers.get('authorization') === `Bearer ${secrets.token}${number}`) {
      return honest(seen, response)
    }
    json(response, { error: `not ${secrets.token}` }, 401)
  }

test('a server that takes no new token is not asked for ever', async () => {
  withToken.script = taking(0)
  const before = { issued, seen: withToken.seen.length }
  const got = await send({ path: '/mcp/token', body: call('open-tool') })
  assert.is(got.status, 502)
  assert.is(issued, before.issued, 'the token is younger than ten seconds')
  assert.is(withToken.seen.length, before.seen + 1)
  const event = await gateway.event(({ server, status }) => server === 'token' && status === 502)
  assert.is(event.code, 'GUARD_UPSTREAM_INVALID')
  withToken.script = honest
})

test('without a token the call is answered 502, recorded, and sent nowhere', async () => {
  tokenEndpoint.reply = answer({ error: 'invalid_client', secret: secrets.client }, undefined, 401)
  const before = plain.seen.length
  const got = await send({ path: '/mcp/dead', body: call('open-tool') })
  assert.is(got.status, 502)
  assert.match(got.body, 'the server behind the gateway cannot be reached')
  assert.is(plain.seen.length, before)
  const event = await gateway.event(
    ({ server, outcome }) => server === 'dead' && outcome === 'failed',
  )
  assert.is(event.code, 'GUARD_UPSTREAM_UNREACHABLE')
  assert.is(event.subject?.id, 'alice')
  const told = gateway.logged.find((line) => line.includes('no credential for the server'))
  assert.match(told ?? '', 'answers 401 (invalid_client)')
})

test('no secret shows in answers, audit, log or metrics', async () => {
  const audit = readFileSync(join(gateway.folder, 'audit.ndjson'), 'utf8')
  const metrics = (await gateway.admin('/metrics')).body
  const state = (await gateway.admin('/health')).body
  const shown = {
    audit,
    metrics,
    state,
    log: gateway.logged.join('\n'),
    answers: answers.join('\n'),
  }
  for (const [where, text] of Object.entries(shown)) {
    assert.ok(text.length > 0, where)
    for (const [which, secret] of Object.entries(secrets)) {
      assert.not(text.includes(secret), `${which} in ${where}`)
      const encoded = Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -2)
      assert.not(text.includes(encoded), `${which} in ${where}, in base64`)
    }
  }
})

test.run()
