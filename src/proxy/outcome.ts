/** How an exchange can end before anything was forwarded, and what is known of what was asked. */
import type {
  Era,
  JsonObject,
  Judgement,
  MessageId,
  MessageKind,
  UnidentifiedReason,
} from '../domain.js'
import type { GuardError } from '../errors.js'

/** The closed union of refusals; `respond` maps each to an answer, `record` to an audit event. */
export type Refusal =
  | Rejected
  | {
      readonly kind: 'unauthenticated'
      readonly reason: UnidentifiedReason
      readonly retryAfterMs?: number
    }
  | { readonly kind: 'denied'; readonly judgement: Judgement }
  | {
      readonly kind: 'limited'
      readonly judgement: Judgement
      readonly limit: string
      readonly retryAfterMs: number
    }
  | { readonly kind: 'failed'; readonly error: GuardError }

/** Not a message the protocol allows. The texts are constant: nothing a caller sent is in them. */
export interface Rejected {
  readonly kind: 'rejected'
  readonly status: number
  /** JSON-RPC error code. */
  readonly code: number
  readonly text: string
  /** Stable kebab-case code for audit and metrics. */
  readonly auditCode: string
  readonly data?: JsonObject
  readonly headers?: readonly string[]
}

/** What is known of the request when it is refused. */
export interface Asked {
  readonly verb: string
  era: Era | null
  kind: MessageKind | null
  id: MessageId | null
  method: string | null
  /** A call that asks for a task: its refusal cannot be a plain tool result. */
  task: boolean
}

export interface HttpAnswer {
  readonly status: number
  /** Name and value alternate. */
  readonly headers: readonly string[]
  readonly body: string | null
}

export function rejected(
  status: number,
  code: number,
  auditCode: string,
  text: string,
  more: Pick<Rejected, 'data' | 'headers'> = {},
): Rejected {
  return { kind: 'rejected', status, code, auditCode, text, ...more }
}
