/**
 * One client: a connection, a legacy session on it, and calls one after the other, each with the
 * next id (1, 2, 3 … in every session, so that answers can be told apart by their session alone)
 * and an argument no call had before. Every answer is checked for status, id and text.
 */
import { connect, type Socket } from 'node:net'
import { type HttpMessage, HttpMessages } from './http-messages.js'

export interface Target {
  readonly host: string
  readonly port: number
  readonly path: string
  /** Name and value alternate. */
  readonly headers: readonly string[]
}

interface Answer {
  readonly id?: unknown
  readonly result?: { readonly content?: readonly { readonly text?: unknown }[] }
}

export interface SessionEvents {
  /** The time from the call's last byte handed over to its answer checked. */
  answered(ms: number): void
  wrong(why: string): void
}

const sessionHeader = /\r\nmcp-session-id: *([^\r]*)/i

export class Session {
  readonly #name: string
  readonly #events: SessionEvents
  readonly #socket: Socket
  readonly #messages = new HttpMessages()
  readonly #target: Target
  #head = ''
  #waiting: ((message: HttpMessage) => void) | null = null
  #failed: ((error: Error) => void) | null = null
  #id = 0
  #sentAtMs = 0
  #stopped: (() => void) | null = null

  /** `name` is part of every argument; it has to be one of its own. */
  constructor(target: Target, name: string, events: SessionEvents) {
    this.#target = target
    this.#name = name
    this.#events = events
    this.#socket = connect({ host: target.host, port: target.port, noDelay: true })
    this.#socket.on('data', (bytes) => this.#received(bytes))
    this.#socket.on('error', (error) => this.#broken(error))
    this.#socket.on('close', () => this.#broken(new Error('the connection was closed')))
    this.#writeHead('')
  }

  get calls(): number {
    return this.#id
  }

  async open(): Promise<void> {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'bench', version: '1.0.0' },
    }
    const opened = await this.#ask({ jsonrpc: '2.0', id: 0, method: 'initialize', params })
    const sessionId = sessionHeader.exec(opened.head)?.[1]
    if (sessionId === undefined) throw new Error(`no session: ${opened.head} ${opened.body}`)
    this.#writeHead(`mcp-session-id: ${sessionId}\r\nmcp-protocol-version: 2025-11-25\r\n`)
    const ready = await this.#ask({ jsonrpc: '2.0', method: 'notifications/initialized' })
    if (!ready.head.startsWith('HTTP/1.1 202')) throw new Error(`not 202: ${ready.head}`)
  }

  /** Call after call, until `stop`. */
  start(): void {
    this.#waiting = (message) => this.#check(message)
    this.#failed = (error) => {
      this.#events.wrong(error.message)
      this.#stopped?.()
      this.#stopped = () => undefined
    }
    this.#call()
  }

  /** Waits for the answer that is due, then closes the connection. */
  stop(): Promise<void> {
    const done = new Promise<void>((resolve) => {
      if (this.#socket.destroyed) resolve()
      else this.#stopped = resolve
    })
    return done.finally(() => {
      this.#failed = null
      this.#socket.destroy()
    })
  }

  #writeHead(more: string): void {
    const { host, port, path, headers } = this.#target
    let head = `POST ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\ncontent-type: application/json\r\n`
    head += 'accept: application/json, text/event-stream\r\nuser-agent: bench\r\n'
    for (let index = 0; index + 1 < headers.length; index += 2) {
      head += `${headers[index]}: ${headers[index + 1]}\r\n`
    }
    this.#head = `${head}${more}content-length: `
  }

  #send(body: string): void {
    this.#socket.write(`${this.#head}${body.length}\r\n\r\n${body}`, 'latin1')
  }

  #ask(message: object): Promise<HttpMessage> {
    return new Promise((resolve, reject) => {
      this.#waiting = resolve
      this.#failed = reject
      this.#send(JSON.stringify(message))
    })
  }

  #call(): void {
    this.#id += 1
    const params = `{"name":"echo","arguments":{"message":"${this.#name}-${this.#id}"}}`
    this.#sentAtMs = performance.now()
    this.#send(`{"jsonrpc":"2.0","id":${this.#id},"method":"tools/call","params":${params}}`)
  }

  #check({ head, body }: HttpMessage): void {
    const wrong = this.#problemOf(head, body)
    if (wrong === null) this.#events.answered(performance.now() - this.#sentAtMs)
    else this.#events.wrong(wrong)
    if (this.#stopped === null) this.#call()
    else this.#stopped()
  }

  #problemOf(head: string, body: string): string | null {
    if (!head.startsWith('HTTP/1.1 200')) return `${head.slice(9, 12)} ${body.slice(0, 120)}`
    const { id, result } = JSON.parse(body) as Answer
    if (id !== this.#id) return `the answer to another call: ${id} in place of ${this.#id}`
    const text = result?.content?.[0]?.text
    return text === `${this.#name}-${this.#id}` ? null : `another text: ${body.slice(0, 120)}`
  }

  #received(bytes: Buffer): void {
    try {
      for (const message of this.#messages.push(bytes)) this.#waiting?.(message)
    } catch (error) {
      this.#broken(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #broken(error: Error): void {
    const failed = this.#failed
    this.#failed = null
    failed?.(error)
    this.#socket.destroy()
  }
}
