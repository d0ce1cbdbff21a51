/**
 * A small MCP client over Streamable HTTP, enough to ask one thing and say goodbye: the legacy
 * handshake (2025-11-25) or one self-contained request (2026-07-28). It answers no request of the
 * server, resumes no stream, and waits for the response to its own id only.
 */

import type { Json, JsonObject } from '../domain.js'
import { SseDecoder } from '../mcp/sse.js'

export type Answer =
  | { readonly kind: 'result'; readonly result: JsonObject }
  | {
      readonly kind: 'error'
      readonly status: number
      /** null: an HTTP error without a JSON-RPC body. */
      readonly code: number | null
      readonly message: string
      readonly data: Json
    }

/** An answer and the bytes it came as, for whoever has to know more than what they mean. */
export interface RawAnswer {
  readonly answer: Answer
  readonly message: Uint8Array
}

export interface McpClient {
  /** null: connected; else what refused the handshake. */
  connect(): Promise<Answer | null>
  request(method: string, params: JsonObject): Promise<Answer>
  requestRaw(method: string, params: JsonObject): Promise<RawAnswer>
  close(): Promise<void>
}

export interface McpClientOptions {
  readonly url: string
  readonly key: string | null
  readonly modern: boolean
  readonly version: string
  readonly timeoutMs: number
}

const legacyVersion = '2025-11-25'
const modernVersion = '2026-07-28'
const maxAnswerBytes = 64 * 1024 * 1024

export function createMcpClient(options: McpClientOptions): McpClient {
  const { url, key, modern, timeoutMs } = options
  const clientInfo = { name: 'mcp-guard', version: options.version }
  let session: string | null = null
  let version = modern ? modernVersion : legacyVersion
  let lastId = 0

  function headers(more: Record<string, string>): Record<string, string> {
    return {
      accept: 'application/json, text/event-stream',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(session === null ? {} : { 'mcp-session-id': session }),
      ...more,
    }
  }

  function send(verb: 'POST' | 'DELETE', message: JsonObject | null, more: Record<string, string>) {
    return fetch(url, {
      method: verb,
      headers: headers({
        ...(message === null ? {} : { 'content-type': 'application/json' }),
        ...more,
      }),
      body: message === null ? null : JSON.stringify(message),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
  }

  async function exchange(method: string, params: JsonObject, more: Record<string, string>) {
    lastId += 1
    const response = await send('POST', { jsonrpc: '2.0', id: lastId, method, params }, more)
    return { response, ...(await readAnswer(response, lastId)) }
  }

  async function connect(): Promise<Answer | null> {
    if (modern) return null
    const params = { protocolVersion: legacyVersion, capabilities: {}, clientInfo }
    const { response, answer } = await exchange('initialize', params, {})
    if (answer.kind === 'error') return answer
    session = response.headers.get('mcp-session-id')
    const agreed = answer.result['protocolVersion']
    if (typeof agreed === 'string') version = agreed
    const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' }
    await (await send('POST', initialized, { 'mcp-protocol-version': version })).body?.cancel()
    return null
  }

  async function request(method: string, params: JsonObject): Promise<Answer> {
    return (await requestRaw(method, params)).answer
  }

  function requestRaw(method: string, params: JsonObject): Promise<RawAnswer> {
    const plain = { 'mcp-protocol-version': version }
    if (!modern) return exchange(method, params, plain)
    const name = params['name'] ?? params['uri']
    const envelope = {
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': clientInfo,
    }
    return exchange(
      method,
      { ...params, _meta: envelope },
      {
        ...plain,
        'mcp-method': method,
        ...(typeof name === 'string' ? { 'mcp-name': headerValue(name) } : {}),
      },
    )
  }

  async function close(): Promise<void> {
    if (session === null) return
    // The answer is already here; a server that keeps the session loses it by age.
    const goodbye = send('DELETE', null, { 'mcp-protocol-version': version })
    await goodbye.then((response) => response.body?.cancel()).catch(() => undefined)
  }

  return { connect, request, requestRaw, close }
}

/** 2026-07-28: what a header cannot carry as it is goes as base64 of its UTF-8. */
function headerValue(text: string): string {
  const plain =
    /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith('=?base64?')
  return plain ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`
}

async function readAnswer(response: Response, id: number): Promise<RawAnswer> {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type === 'text/event-stream' && response.ok) {
    for await (const bytes of readEvents(response)) {
      const message = parseMessage(bytes)
      if (message?.['id'] === id && message['method'] === undefined) {
        await response.body?.cancel().catch(() => undefined)
        return { answer: parseAnswer(message, response.status), message: bytes }
      }
    }
    const answer = failure(response.status, 'the stream ended before the answer came')
    return { answer, message: new Uint8Array() }
  }
  const bytes = await readBytes(response)
  const status = `${response.status} ${response.statusText}`.trim()
  if (type === 'application/json') return rawAnswer(bytes, response.status, status)
  return { answer: failure(response.status, `HTTP ${status}`), message: bytes }
}

/** `shown`: the status as people are told of it, where there is no answer. */
export function rawAnswer(bytes: Uint8Array, status: number, shown = String(status)): RawAnswer {
  const message = parseMessage(bytes)
  const answer = message === null ? failure(status, `HTTP ${shown}`) : parseAnswer(message, status)
  return { answer, message: bytes }
}

async function* readChunks(response: Response): AsyncGenerator<Uint8Array> {
  let bytes = 0
  const reader = response.body?.getReader()
  for (;;) {
    const next = await reader?.read()
    if (next === undefined || next.done) return
    bytes += next.value.byteLength
    if (bytes > maxAnswerBytes) throw new Error(`the answer is larger than ${maxAnswerBytes} bytes`)
    yield next.value
  }
}

async function readBytes(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readChunks(response)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function* readEvents(response: Response): AsyncGenerator<Uint8Array> {
  const decoder = new SseDecoder()
  let data: Uint8Array[] = []
  for await (const chunk of readChunks(response)) {
    decoder.push(chunk)
    for (let token = decoder.next(); token !== null; token = decoder.next()) {
      if (token.type === 'data') data.push(token.bytes.slice())
      if (token.type !== 'dispatch') continue
      if (token.hasData) yield Buffer.concat(data)
      data = []
    }
  }
}

function parseMessage(bytes: Uint8Array): JsonObject | null {
  try {
    // Takes a byte order mark off, which some servers put there.
    const value = JSON.parse(new TextDecoder().decode(bytes)) as Json
    return typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

function parseAnswer(message: JsonObject, status: number): Answer {
  const { result, error } = message
  if (isObject(result)) return { kind: 'result', result }
  if (!isObject(error)) return failure(status, 'the answer is not a JSON-RPC response')
  const { code, message: text, data } = error
  return {
    kind: 'error',
    status,
    code: typeof code === 'number' ? code : null,
    message: typeof text === 'string' ? text : 'no message',
    data: data ?? null,
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function failure(status: number, message: string): Answer {
  return { kind: 'error', status, code: null, message, data: null }
}
