/** Messages of clients as tests send them, and answers with what differs each time taken out. */
import type { AuditEvent } from '../../src/domain.js'
import type { Answer } from './connection.js'
import type { Gateway, Sent } from './gateway.js'

export function request(method: string, params?: object, id: string | number = 1): object {
  return { jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }
}

export function notification(method: string, params?: object): object {
  return { jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) }
}

export function call(name: string, more: object = {}, id: string | number = 1): object {
  return request('tools/call', { name, arguments: {}, ...more }, id)
}

export const initialize = request('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test-client', version: '1.0.0' },
})

/** A request of 2026-07-28 with the headers that mirror it. */
export function modern(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string | null>> = {},
): Sent {
  const { name, uri } = params
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'modern-client', version: '2.0.0' },
  }
  return {
    headers: {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      'mcp-name': typeof name === 'string' ? name : typeof uri === 'string' ? uri : null,
      ...headers,
    },
    body: request(method, { ...params, _meta: meta }),
  }
}

/** The handshake; returns the session id that the gateway gave. */
export async function openSession(gateway: Gateway, sent: Sent = {}): Promise<string> {
  const answer = await gateway.send({ ...sent, body: initialize })
  const id = answer.headers.get('mcp-session-id')
  if (id === undefined) throw new Error(`no session: ${answer.status} ${answer.body}`)
  return id
}

/** Ids of requests and decisions differ each time; everything else of a body is pinned. */
export function pinned(text: string): string {
  return text.replace(/[A-Za-z0-9_-]{16}-[0-9a-z]{1,6}/g, '<id>')
}

/** Status, body and the headers a caller acts upon. */
export function seenByCaller(answer: Answer): {
  status: number
  headers: Record<string, string>
  body: string
} {
  const acted = ['content-type', 'www-authenticate', 'retry-after', 'allow', 'connection']
  const headers = acted.flatMap((name) => {
    const value = answer.headers.get(name)
    return value === undefined || value === 'keep-alive' ? [] : [[name, value]]
  })
  return {
    status: answer.status,
    headers: Object.fromEntries(headers),
    body: pinned(answer.body),
  }
}

export function brief({ event, outcome, code, status, method }: AuditEvent): object {
  return { event, outcome, code, status, method }
}
