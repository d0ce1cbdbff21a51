/**
 * Asking other services over HTTP on the gateway's own account: keys, metadata, introspection,
 * tokens. Types only; what is guarded against stands in create-fetcher.ts.
 */
import type { Json } from '../domain.js'

export interface Fetcher {
  /** The JSON that a GET is answered with. Rejects with a GuardError as `postForm` does. */
  getJson(url: string, rules: FetchRules): Promise<Json>
  /**
   * The JSON that a form is answered with. Rejects with GuardError GUARD_IDENTITY_UNAVAILABLE, whose
   * message names the service, what went wrong and what to do; never a value of the form.
   */
  postForm(url: string, form: Form, rules: FetchRules): Promise<Json>
  /**
   * The bytes that a GET is answered with, or that they are still those of `etag`. Rejects with
   * GuardError GUARD_POLICY_UNAVAILABLE as `postForm` does.
   */
  getBytes(url: string, asked: BytesAsked, rules: FetchRules): Promise<BytesAnswer>
  /** Ends what is under way and refuses everything afterwards. */
  close(): Promise<void>
}

export interface FetchRules {
  /** Whether names may lead to addresses of private networks and of this machine. */
  readonly privateAddresses: boolean
  /** For all of it: waiting, name, connection, answer. Default 5 s. */
  readonly timeoutMs?: number
  /** Largest answer. Default 1 MiB. */
  readonly maxBytes?: number
}

export interface BytesAsked {
  /** Names and values in turn, beside the fetcher's own. */
  readonly headers: readonly string[]
  /** Of what was answered before; null: nothing. */
  readonly etag: string | null
  /** Whether an answer may be of this media type; null: it says none. */
  readonly accepts: (essence: string | null) => boolean
  /** What is asked for, for the text that tells of something else. */
  readonly wanted: string
}

export type BytesAnswer =
  | { readonly changed: false; readonly type: string | null }
  | {
      readonly changed: true
      readonly bytes: Uint8Array
      /** null: there is none, or none that could be sent back. */
      readonly etag: string | null
      readonly type: string | null
    }

export interface Form {
  readonly fields: Readonly<Record<string, string>>
  /** Sent as `client_secret_basic` (RFC 6749 2.3.1); null: the service asks for none. */
  readonly client: { readonly id: string; readonly secret: string } | null
}
