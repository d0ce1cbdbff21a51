/**
 * One total mapping from how an exchange was refused to what the caller gets, for either era.
 * The caller learns a constant text, a code and an id to quote; never a reason, a rule or anything
 * that was sent. A refusal of a modern request never looks like a server of the other era
 * (2026-07-28: only 401, 403 and 5xx are no evidence of an era to a client that probes).
 */
import type { Judgement, UnidentifiedReason } from '../domain.js'
import { isKnownMethod } from '../mcp/methods.js'
import type { Asked, HttpAnswer, Refusal, Rejected } from './outcome.js'
import { insufficientScope, type ProtectedResource, unauthorized } from './protected-resource.js'

/** JSON-RPC error codes of our own, outside the range that JSON-RPC 2.0 reserves. */
export const rpcCodes = {
  unauthenticated: 1401,
  denied: 1403,
  limited: 1429,
  failed: -32603,
} as const

export interface RefusalForms {
  readonly deniedCall: 'result' | 'error' | 'http'
  readonly denied: 'error' | 'http'
  readonly limitedCall: 'http' | 'result' | 'error'
  readonly limited: 'http' | 'error'
}

/** What OAuth has to say to whoever is refused. */
export interface OauthTerms {
  /** null: OAuth is not configured, or no server was asked for. */
  readonly resource: ProtectedResource | null
  /** Scopes of a caller who can be told to get more; null: it cannot. */
  readonly held: readonly string[] | null
}

const noOauth: OauthTerms = { resource: null, held: null }

export const jsonHeaders = [
  'content-type',
  'application/json',
  'cache-control',
  'no-store',
  'x-content-type-options',
  'nosniff',
]

export function respond(
  refusal: Refusal,
  asked: Asked,
  requestId: string,
  forms: RefusalForms,
  oauth: OauthTerms = noOauth,
): HttpAnswer {
  switch (refusal.kind) {
    case 'rejected':
      return rejection(refusal, asked, requestId)
    case 'unauthenticated':
      if (refusal.retryAfterMs !== undefined) {
        return tooManyFailures(Math.ceil(refusal.retryAfterMs / 1000), asked, requestId)
      }
      return errorAnswer(401, asked, rpcCodes.unauthenticated, 'authentication required', {
        data: { requestId },
        headers: ['www-authenticate', unauthorized(oauth.resource, isToken(refusal.reason))],
      })
    case 'denied':
      return stepUp(refusal.judgement, asked, oauth) ?? denial(refusal.judgement, asked, forms)
    case 'limited':
      return limitation(refusal.judgement, Math.ceil(refusal.retryAfterMs / 1000), asked, forms)
    case 'failed': {
      const { status, publicMessage } = refusal.error
      return errorAnswer(status, asked, rpcCodes.failed, publicMessage, {
        data: { requestId },
        headers: status === 503 ? ['retry-after', '1'] : [],
      })
    }
    default:
      return refusal satisfies never
  }
}

/** The same for whoever comes from that address, with whatever credential. */
function tooManyFailures(seconds: number, asked: Asked, requestId: string): HttpAnswer {
  return errorAnswer(429, asked, rpcCodes.unauthenticated, 'authentication required', {
    data: { requestId },
    headers: ['retry-after', String(Math.max(1, seconds))],
  })
}

/** The text of a denial. Agents read it, so it says that retrying will not help. */
export function denialText(decisionId: string): string {
  return `Denied by policy (decision ${decisionId}). Retrying will not help.`
}

function limitText(decisionId: string, seconds: number): string {
  return `Too many requests (decision ${decisionId}). Retry after ${seconds} s.`
}

function rejection(refusal: Rejected, asked: Asked, requestId: string): HttpAnswer {
  // Accepted, as far as its sender is concerned; such an answer has no body.
  if (refusal.status === 202) return { status: 202, headers: [], body: null }
  return errorAnswer(refusal.status, asked, refusal.code, refusal.text, {
    data: { ...refusal.data, requestId },
    headers: refusal.headers ?? [],
  })
}

/** A certificate is none: whoever sends it has no other token to get. */
function isToken(reason: UnidentifiedReason): boolean {
  return reason !== 'credential-missing' && !reason.startsWith('certificate-')
}

/**
 * Of a request that more scopes would let through. Not of a stream: a client opens it by itself and
 * does without, and nobody should have to log in for that.
 */
function stepUp(
  { decision, decisionId }: Judgement,
  asked: Asked,
  { resource, held }: OauthTerms,
): HttpAnswer | null {
  if (decision.allow || decision.challenge === null || resource === null || held === null) {
    return null
  }
  const { kind, method } = asked
  if (kind !== 'request' || (method !== null && !isKnownMethod(method))) return null
  const challenge = insufficientScope(resource, held, decision.challenge.scopes)
  if (challenge === null) return null
  return errorAnswer(403, asked, rpcCodes.denied, denialText(decisionId), {
    data: { decisionId },
    headers: ['www-authenticate', challenge],
  })
}

function denial(judgement: Judgement, asked: Asked, forms: RefusalForms): HttpAnswer {
  const { decisionId } = judgement
  const text = denialText(decisionId)
  const error = (status: number, headers: readonly string[] = []) =>
    errorAnswer(status, asked, rpcCodes.denied, text, { data: { decisionId }, headers })
  if (asked.verb === 'GET') return error(405, ['allow', 'POST, DELETE'])
  if (asked.verb === 'DELETE') return error(403)
  if (asked.kind !== 'request') return { status: 202, headers: [], body: null }
  if (asked.method === 'server/discover') return error(403)
  // For the caller a method that nobody has heard of is one that is not there.
  if (asked.method !== null && !isKnownMethod(asked.method)) {
    const status = asked.era === 'modern' ? 404 : 200
    return errorAnswer(status, asked, -32601, 'method not found', {
      data: { decisionId },
      headers: [],
    })
  }
  if (isPlainCall(asked) && forms.deniedCall === 'result') return callResult(asked, text)
  const form = isPlainCall(asked) ? forms.deniedCall : forms.denied
  return error(form === 'http' ? 403 : 200)
}

function limitation(
  { decisionId }: Judgement,
  seconds: number,
  asked: Asked,
  forms: RefusalForms,
): HttpAnswer {
  const text = limitText(decisionId, seconds)
  if (isPlainCall(asked) && forms.limitedCall === 'result') return callResult(asked, text)
  const form = isPlainCall(asked) ? forms.limitedCall : forms.limited
  const inBand = form === 'error' && asked.kind === 'request' && asked.verb === 'POST'
  const outOfBand = asked.method === 'server/discover' ? 503 : 429
  const status = inBand && outOfBand === 429 ? 200 : outOfBand
  return errorAnswer(status, asked, rpcCodes.limited, text, {
    data: { decisionId, retryAfterSeconds: seconds },
    headers: ['retry-after', String(seconds)],
  })
}

function isPlainCall(asked: Asked): boolean {
  return asked.kind === 'request' && asked.method === 'tools/call' && !asked.task
}

function callResult(asked: Asked, text: string): HttpAnswer {
  const result = {
    ...(asked.era === 'modern' ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text }],
    isError: true,
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: asked.id, result })
  return { status: 200, headers: jsonHeaders, body }
}

function errorAnswer(
  status: number,
  asked: Asked,
  code: number,
  message: string,
  more: { data: object; headers: readonly string[] },
): HttpAnswer {
  return {
    status,
    headers: [...jsonHeaders, ...more.headers],
    body: rpcError(asked, code, message, more.data),
  }
}

/** A JSON-RPC error message; the id is null where none could be read (JSON-RPC 2.0, 5.1). */
export function rpcError(
  asked: Pick<Asked, 'id'>,
  code: number,
  message: string,
  data: object,
): string {
  return JSON.stringify({ jsonrpc: '2.0', id: asked.id, error: { code, message, data } })
}
