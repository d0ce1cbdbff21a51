/**
 * A client over stdio: a line in, a line out, one client for the life of the front. What it writes is
 * handled in order and no more than so many requests at once. The end of its lines lets pending
 * answers finish, and so does the loss of its session, after which it is for the client to start the
 * command again; nobody reading ends everything.
 * Spec: MCP stdio transport (newline-delimited UTF-8, nothing but messages).
 */
import type { Readable, Writable } from 'node:stream'
import type { JsonLimits } from '../../mcp/json.js'
import type { Inbound } from '../inbound.js'
import { Channel } from './channel.js'
import { linesOut } from './framings.js'
import { LineReader } from './line-reader.js'
import { StreamableClient } from './streamable-client.js'
import { within } from './within.js'

export interface StdioFrontOptions {
  readonly input: Readable
  readonly output: Writable
  readonly target: string
  readonly maxBodyBytes: number
  readonly drainTimeoutMs: number
  readonly jsonLimits: JsonLimits
}

export interface StdioFrontEvents {
  handle(inbound: Inbound): Promise<void>
  /** A line that is no message to handle. Must not throw. */
  unusable(code: string): void
}

export interface StdioFront {
  /** Resolves when the client or its session has gone and what the client is owed is written. */
  readonly ended: Promise<void>
  /** It ended since the server knows the session no more, which a client over stdio cannot be told. */
  readonly sessionLost: boolean
  /** Takes nothing more, lets answers finish until the deadline, then ends. The nearest one holds. */
  drain(deadlineMs: number): Promise<void>
}

/** How long the server may take to end its session. */
const endSessionMs = 2000
/** A client on the same machine: there is no address. */
const ip = ''
const connection = { address: ip, certificate: null }
const headers = ['host', 'localhost', 'content-type', 'application/json']

export function createStdioFront(options: StdioFrontOptions, events: StdioFrontEvents): StdioFront {
  const { input, output, target, maxBodyBytes, jsonLimits } = options
  const channel = new Channel(linesOut(output))
  const client = new StreamableClient(
    { transport: 'stdio', target, jsonLimits, channel, ...events, sessionLost: onSessionLost },
    { headers, ip, connection },
  )
  const waiting: Uint8Array[] = []
  let busy = false
  let inputEnded = false
  let draining: Promise<void> | null = null
  let sessionLost = false
  const timers: NodeJS.Timeout[] = []
  let beLate: () => void = () => undefined
  const late = new Promise<void>((resolve) => {
    beLate = resolve
  })
  let settle: () => void = () => undefined
  const ended = new Promise<void>((resolve) => {
    settle = resolve
  })

  function onSessionLost(): void {
    sessionLost = true
    void drain(options.drainTimeoutMs)
  }

  const reader = new LineReader(maxBodyBytes, {
    line(bytes) {
      waiting.push(bytes)
    },
    tooLong() {
      events.unusable('body-too-large')
      const error = { code: -32600, message: 'the message is too large' }
      const text = JSON.stringify({ jsonrpc: '2.0', id: null, error })
      void channel.sender(() => undefined).message(Buffer.from(text))
    },
  })

  /** Handles what was read, then reads on. */
  async function work(): Promise<void> {
    if (busy) return
    busy = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await client.room()
      await client.post(next)
    }
    busy = false
    if (inputEnded) void drain(options.drainTimeoutMs)
    else if (draining === null) input.resume()
  }

  async function end(): Promise<void> {
    input.pause()
    waiting.length = 0
    await Promise.race([client.answered().then(written), late])
    client.leave('stopping')
    await within(endSessionMs, Promise.all([client.endSession(), written()]))
    channel.close()
    for (const timer of timers) clearTimeout(timer)
    settle()
  }

  async function written(): Promise<void> {
    await channel.below(1)
    await flushed(output)
  }

  function drain(deadlineMs: number): Promise<void> {
    timers.push(setTimeout(beLate, deadlineMs))
    draining ??= end()
    return draining
  }

  input.on('data', (chunk: Buffer) => {
    input.pause()
    reader.push(chunk)
    void work()
  })
  const onEnd = () => {
    if (inputEnded) return
    inputEnded = true
    if (reader.finish()) events.unusable('line-unfinished')
    void work()
  }
  input.once('end', onEnd)
  input.once('close', onEnd)
  input.once('error', onEnd)
  const onUnread = () => {
    channel.close()
    client.leave('client')
    void drain(0)
  }
  output.once('error', onUnread)
  output.once('close', onUnread)

  return {
    ended,
    drain,
    get sessionLost() {
      return sessionLost
    },
  }
}

function flushed(output: Writable): Promise<void> {
  if (output.destroyed || output.writableLength === 0) return Promise.resolve()
  return new Promise((resolve) => {
    output.write('', () => resolve())
  })
}
