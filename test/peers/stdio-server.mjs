/**
 * A server on standard input and output that does what the called tool's name says, good and bad. Of
 * either era: it knows no session and keeps nothing. With `deaf` it ignores SIGTERM and the end of
 * its input, with `exit` it ends at once, with `silent` it says nothing.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const flags = new Set(process.argv.slice(2))
if (flags.has('exit')) process.exit(3)
if (flags.has('deaf')) {
  process.on('SIGTERM', () => undefined)
  setInterval(() => undefined, 1000)
}

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
const text = (value) => ({
  resultType: 'complete',
  content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
})
/** Ids of requests that the client cancelled. */
const cancelled = []
/** What the client answered to the server's own requests, by id. */
const answered = new Map()

const tools = {
  echo: ({ id, args }) => say({ id, result: text(args) }),
  pid: ({ id }) => say({ id, result: text(String(process.pid)) }),
  env: ({ id }) => say({ id, result: text(process.env) }),
  place: ({ id }) => say({ id, result: text([process.cwd(), ...process.argv.slice(2)]) }),
  slow: ({ id, args }) => setTimeout(() => say({ id, result: text(args) }), args.ms),
  hang: () => undefined,
  cancelled: ({ id }) => say({ id, result: text(cancelled) }),
  crash: () => process.exit(3),
  'last-words': ({ id }) => {
    process.stdout.write(
      `${JSON.stringify({ jsonrpc: '2.0', id, result: text('x'.repeat(500_000)) })}\n`,
      () => process.exit(0),
    )
  },
  killed: () => process.kill(process.pid, 'SIGKILL'),
  twice: ({ id }) => {
    say({ id, result: text('first') })
    say({ id, result: text('second') })
  },
  stranger: ({ id }) => {
    say({ id: 'nobody', result: text('for nobody') })
    say({ id: String(id), result: text('another type') })
    say({ id, result: text('mine') })
  },
  doubled: ({ id }) =>
    process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{},"result":{}}\n`),
  noise: ({ id }) => {
    process.stdout.write('hello\n\n[1]\n"text"\n\xff\n{"torn":\n')
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: text('heard') })}\r\n`)
  },
  long: ({ id, args }) => say({ id, result: text('x'.repeat(args.bytes)) }),
  endless: () => {
    const piece = 'x'.repeat(65_536)
    const more = () => {
      while (process.stdout.write(piece));
      process.stdout.once('drain', more)
    }
    more()
  },
  mutter: ({ id, args }) => {
    for (let line = 0; line < args.lines; line += 1) process.stderr.write(`${args.text}${line}\n`)
    say({ id, result: text('muttered') })
  },
  fork: ({ id }) => {
    const code = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")'
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout.once('data', () => say({ id, result: text(String(child.pid)) }))
  },
  progress: ({ id, meta }) => {
    for (const progress of [1, 2]) {
      const params = { progressToken: meta.progressToken, progress, total: 2 }
      say({ method: 'notifications/progress', params })
    }
    say({ id, result: text('done') })
  },
  ask: ({ id }) => {
    answered.set('ask', (message) => say({ id, result: text(message.result ?? message.error) }))
    say({ id: 'ask', method: 'roots/list' })
  },
  'ask-twice': ({ id }) => {
    for (const own of [7, 'seven']) {
      answered.set(own, ({ error }) => {
        answered.delete(own)
        answered.set('told', [...(answered.get('told') ?? []), { id: own, error }])
        if (answered.get('told').length === 2) say({ id, result: text(answered.get('told')) })
      })
      say({ id: own, method: 'roots/list' })
    }
  },
  announce: ({ id, args }) => {
    say({ id, result: text('announced') })
    for (let index = 0; index < args.count; index += 1) {
      say({ method: 'notifications/message', params: { level: 'info', data: index } })
    }
  },
}

function receive(message) {
  const { id, method, params } = message
  if (method === undefined) return answered.get(id)?.(message)
  if (method === 'notifications/cancelled') cancelled.push(params.requestId)
  if (id === undefined || flags.has('silent')) return
  if (method === 'tools/call') {
    const tool = tools[params.name]
    if (tool === undefined) return say({ id, error: { code: -32602, message: 'no such tool' } })
    return tool({ id, args: params.arguments ?? {}, meta: params._meta ?? {} })
  }
  if (method === 'initialize') {
    const { protocolVersion } = params
    if (protocolVersion === 'none') return say({ id, error: { code: -32602, message: 'no' } })
    const serverInfo = { name: 'stdio-server', version: '1.0.0' }
    return say({ id, result: { protocolVersion, capabilities: { tools: {} }, serverInfo } })
  }
  if (method === 'tools/list') {
    const listed = Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } }))
    return say({ id, result: { resultType: 'complete', tools: listed } })
  }
  if (method === 'server/discover' && flags.has('older')) process.exit(1)
  if (method === 'server/discover')
    return say({ id, result: { supportedVersions: ['2026-07-28'] } })
  if (method === 'subscriptions/listen') {
    return say({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: {}, _meta: { 'io.modelcontextprotocol/subscriptionId': id } },
    })
  }
  say({ id, error: { code: -32601, message: 'Method not found' } })
}

createInterface({ input: process.stdin }).on('line', (line) => receive(JSON.parse(line)))
