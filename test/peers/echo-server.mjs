/**
 * A server that answers late, out of order and with chatter in between, on any transport: what it
 * says always carries the token of the call it belongs to, so that a reader sees whose it is.
 *
 *     node echo-server.mjs stdio | http | sse      (http and sse print their URL)
 *
 * With TICK_MS in the environment, `http` also sends a numbered event on every open stream that often.
 * Tool `echo {token, delay, chatter, late}`: milliseconds before the answer; progress and a log
 * message before it; a log message on the session after it.
 */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const mode = process.argv[2] ?? 'stdio'
const modernVersion = 'io.modelcontextprotocol/protocolVersion'
const tools = [{ name: 'echo', inputSchema: { type: 'object' } }]
const log = (data) => ({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data },
})

/** `say`: about this request; `sayLate`: of the session, when the request is over. */
async function answer(message, say, sayLate) {
  const { id, method, params = {} } = message
  const isModern = params._meta?.[modernVersion] !== undefined
  const reply = (result) => {
    const type = isModern ? { resultType: 'complete' } : {}
    say({ jsonrpc: '2.0', id, result: { ...type, ...result } })
  }
  if (id === undefined || method === undefined) return
  if (method === 'initialize') {
    const { protocolVersion } = params
    const capabilities = { tools: {}, logging: {} }
    return reply({ protocolVersion, capabilities, serverInfo: { name: 'echo', version: '1' } })
  }
  if (method === 'tools/list') return reply({ tools, ttlMs: 0, cacheScope: 'private' })
  if (method !== 'tools/call') {
    return say({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })
  }
  const { token, delay = 0, chatter = false, late = false } = params.arguments
  const progressToken = params._meta?.progressToken
  if (chatter && progressToken !== undefined) {
    const progress = { progressToken, progress: 1, message: token }
    say({ jsonrpc: '2.0', method: 'notifications/progress', params: progress })
  }
  if (chatter && !isModern) say(log(token))
  if (delay > 0) await sleep(delay)
  reply({ content: [{ type: 'text', text: token }] })
  if (late && !isModern) sayLate(log(token))
}

/** What the client of a session calls itself. */
const names = new Map()

function serveStdio() {
  const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => void answer(JSON.parse(line), say, say))
  lines.on('close', () => process.exit(0))
}

async function readBody(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString())
}

const event = (message) => `event: message\ndata: ${JSON.stringify(message)}\n\n`

function openStream(response, headers = {}) {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
  response.flushHeaders()
}

/** Numbers the events of a stream, as long as it is open. */
function tick(response, made) {
  const everyMs = Number(process.env['TICK_MS'] ?? 0)
  if (everyMs === 0) return
  let n = 0
  const timer = setInterval(() => response.write(event(made(n++))), everyMs)
  response.on('close', () => clearInterval(timer))
}

const subscription = 'io.modelcontextprotocol/subscriptionId'

/** `subscriptions/listen`: the one resource that is asked for changes with every tick. */
function listen({ id, params }, response) {
  const [uri] = params.notifications.resourceSubscriptions
  const notify = (method, more) => ({
    jsonrpc: '2.0',
    method,
    params: { ...more, _meta: { [subscription]: id } },
  })
  openStream(response)
  const { notifications } = params
  response.write(event(notify('notifications/subscriptions/acknowledged', { notifications })))
  tick(response, (n) => notify('notifications/resources/updated', { uri, number: n }))
}

async function serveHttpRequest(sessions, request, response) {
  const sessionId = request.headers['mcp-session-id']
  if (request.method === 'GET') {
    openStream(response)
    sessions.set(sessionId, response)
    tick(response, (n) => log(`token:${names.get(sessionId)}:${n}`))
    return
  }
  if (request.method !== 'POST') return response.writeHead(200).end()
  const message = await readBody(request)
  const isModern = message.params?._meta?.[modernVersion] !== undefined
  const begins = message.method === 'initialize'
  if (!begins && !isModern && !sessions.has(sessionId)) return response.writeHead(404).end()
  if (message.id === undefined) return response.writeHead(202).end()
  const own = randomUUID()
  if (begins) {
    sessions.set(own, null)
    names.set(own, message.params.clientInfo.name)
  }
  if (message.method === 'subscriptions/listen') return listen(message, response)
  const said = []
  const talkative = message.params?.arguments?.chatter === true
  if (talkative) openStream(response)
  const say = (one) => (talkative ? response.write(event(one)) : said.push(one))
  const sayLate = (one) => sessions.get(sessionId)?.write(event(one))
  await answer(message, say, sayLate)
  if (talkative) return response.end()
  const headers = begins ? { 'mcp-session-id': own } : {}
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(said[0]))
}

async function serveSseRequest(sessions, request, response) {
  const url = new URL(request.url, 'http://localhost')
  if (request.method === 'GET') {
    const own = randomUUID()
    openStream(response)
    sessions.set(own, response)
    response.on('close', () => sessions.delete(own))
    return response.write(`event: endpoint\ndata: /messages?id=${own}\n\n`)
  }
  const stream = sessions.get(url.searchParams.get('id'))
  if (stream === undefined) return response.writeHead(404).end()
  const message = await readBody(request)
  response.writeHead(202).end('Accepted')
  const say = (one) => stream.write(event(one))
  await answer(message, say, say)
}

function serve(handle, path) {
  const sessions = new Map()
  const server = createServer((request, response) => {
    handle(sessions, request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`http://127.0.0.1:${server.address().port}${path}\n`)
  })
}

if (mode === 'stdio') serveStdio()
else if (mode === 'http') serve(serveHttpRequest, '/mcp')
else serve(serveSseRequest, '/sse')
