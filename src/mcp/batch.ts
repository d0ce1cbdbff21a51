/**
 * Arrays of messages (JSON-RPC 2.0, 6), which only protocol version 2025-03-26 has. Says whether an
 * array may be taken apart at all; each element is then read and judged by itself.
 * Spec: 2025-03-26 base protocol, batching; lifecycle (`initialize` is never in a batch).
 */
import type { Json } from '../domain.js'
import type { Rejection } from './mirror.js'

export type Batch = { readonly ok: true; readonly elements: readonly Json[] } | Rejection

export const batchVersion = '2025-03-26'
export const maxBatchElements = 50

/** `protocolVersion`: of the header, else of the session; null when there is neither. */
export function readBatch(elements: readonly Json[], protocolVersion: string | null): Batch {
  if (protocolVersion !== batchVersion) {
    return refuse('batch', 'the body is an array: this protocol version has no batches')
  }
  if (elements.length === 0) return refuse('batch-empty', 'the batch is empty')
  if (elements.length > maxBatchElements) {
    return refuse('batch-too-long', `the batch has more than ${maxBatchElements} messages`)
  }
  const ids = new Set<string>()
  for (const element of elements) {
    if (Array.isArray(element)) return refuse('batch-nested', 'the batch has a batch in it')
    const { id, method } = typeof element === 'object' && element !== null ? element : {}
    if (method === 'initialize') {
      return refuse('batch-initialize', 'initialize has to be sent by itself')
    }
    // An answer to one could not be told from an answer to the other.
    const key = `${typeof id} ${JSON.stringify(id)}`
    if (id !== undefined && method !== undefined) {
      if (ids.has(key)) return refuse('batch-id-doubled', 'two requests of the batch share an id')
      ids.add(key)
    }
  }
  return { ok: true, elements }
}

/** Whether something is owed for it: a request, or what cannot be told from one. */
export function expectsAnswer(element: Json): boolean {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return true
  if (element['method'] === undefined) {
    return element['result'] === undefined && element['error'] === undefined
  }
  return element['id'] !== undefined
}

function refuse(auditCode: string, text: string): Rejection {
  return { ok: false, status: 400, code: -32600, text, auditCode, data: null }
}
