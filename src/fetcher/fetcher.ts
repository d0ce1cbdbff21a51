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

export interface Form {
  readonly fields: Readonly<Record<string, string>>
  /** Sent as `client_secret_basic` (RFC 6749 2.3.1); null: the service asks for none. */
  readonly client: { readonly id: string; readonly secret: string } | null
}
