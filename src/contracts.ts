/**
 * Types of the published documents. Generated from schemas/ by `npm run generate`; do not edit.
 */
/**
 * One line of the audit: what became of one message, or of one long-lived stream. Holds no credential, no session id, no argument and no result.
 */
export interface AuditEventDocument {
  /**
   * When the message arrived, RFC 3339 in UTC.
   */
  time: string
  /**
   * `message`: one message and its outcome. `stream.opened`, `stream.closed`: the ends of a long-lived stream. `dropped`: something from a server that was not passed on. `refused`: a request refused before there was a message, e.g. without a credential.
   */
  event: 'message' | 'stream.opened' | 'stream.closed' | 'dropped' | 'refused'
  /**
   * How it ended: passed on, refused by protocol rules, caller not identified, denied by policy, limited, failed in the gateway or behind it, or abandoned by the caller.
   */
  outcome:
    | 'forwarded'
    | 'rejected'
    | 'unauthenticated'
    | 'denied'
    | 'limited'
    | 'failed'
    | 'abandoned'
  /**
   * The gateway's identifier of the exchange; callers see it in failures.
   */
  request_id: string
  /**
   * Identifier of the decision; callers see it in denials. Null when the policy was not asked.
   */
  decision_id: string | null
  /**
   * Revision of the policy that decided; null when it was not asked.
   */
  revision: string | null
  /**
   * Reason codes of the decision, or why no caller was identified. Empty when there are none.
   */
  reasons: string[]
  /**
   * Stable code of a rejection or failure, e.g. `parse-error` or `GUARD_UPSTREAM_TIMEOUT`; null otherwise.
   */
  code: string | null
  /**
   * Who sent the message.
   */
  direction: 'client' | 'server'
  /**
   * What the message is in JSON-RPC; null when none was read.
   */
  kind: ('request' | 'notification' | 'response') | null
  /**
   * Method of the message; null when none was read.
   */
  method: string | null
  /**
   * Protocol era of the message; null when it is not known.
   */
  era: ('legacy' | 'modern') | null
  /**
   * Configured name of the server behind the gateway; null when no route was found.
   */
  server: string | null
  /**
   * The item the message names; null when it names none.
   */
  resource: {
    /**
     * Kind of the item, as in the facts.
     */
    type: string
    /**
     * Name or URI of the item.
     */
    id: string
  } | null
  /**
   * The verified caller; null when nobody was identified.
   */
  subject: {
    /**
     * Identifier of the caller, unique within the issuer.
     */
    id: string
    /**
     * Who vouches for the identifier.
     */
    issuer: string
    /**
     * The caller's organisation; null where tenants are not used.
     */
    tenant: string | null
    /**
     * How the caller proved who it is, e.g. `api-key`.
     */
    method: string
  } | null
  /**
   * Fingerprint of the credential, never the credential; null when nobody was identified.
   */
  credential: string | null
  /**
   * What the client program says of itself, not verified; null when it says nothing.
   */
  client: {
    /**
     * Name the client program gives itself.
     */
    name: string
    /**
     * Version the client program gives itself.
     */
    version: string
  } | null
  /**
   * Short fingerprint of the legacy session; null where there is none.
   */
  session: string | null
  /**
   * Address of the caller; empty over stdio.
   */
  ip: string
  /**
   * How the caller is connected, e.g. `http`.
   */
  transport: string
  /**
   * Buckets that were charged; empty: unlimited; null: the message was not allowed, so nothing was charged.
   */
  limits:
    | {
        /**
         * What is limited.
         */
        name: string
        /**
         * Tier the numbers came from.
         */
        tier: string
      }[]
    | null
  /**
   * Items of a list that the policy hid from the caller.
   */
  hidden: number
  /**
   * Items of a list that were left out because they could not be read with certainty.
   */
  dropped: number
  /**
   * HTTP status sent to the caller; null where none was sent.
   */
  status: number | null
  /**
   * Bytes of the message's body as it arrived.
   */
  bytes_in: number
  /**
   * Bytes of the body sent to the caller.
   */
  bytes_out: number
  /**
   * Where the time went, in microseconds.
   */
  duration_us: {
    /**
     * From the first byte of the message to the record.
     */
    total: number
    /**
     * Spent on the policy's decisions.
     */
    decide: number
    /**
     * Spent waiting for the server.
     */
    upstream: number
  }
}

/**
 * The policy's output, the value of `data.mcpguard.main.decision`. `allow` alone is a complete answer. An unknown member, a wrong type, a value out of bounds or more than 16 KiB of JSON make the decision malformed, and a malformed decision is a denial.
 */
export interface DecisionDocument {
  /**
   * True lets the message pass (or, for an item question, shows the item); false refuses it.
   */
  allow: boolean
  /**
   * Codes that say why, for audit and operator; the caller never sees them. At most 32. Default: none.
   *
   * @maxItems 32
   */
  reasons?: string[]
  /**
   * What has to be done before the message may pass. No obligation is defined yet, so the list is empty: an entry makes the decision malformed. Default: none.
   *
   * @maxItems 0
   */
  obligations?: {
    [k: string]: unknown
  }[]
  /**
   * Buckets to be charged, all of them or none; at most 8. Absent: the configured `limits.default` applies. Empty: unlimited. Only the decision about a message counts, not the one about an item.
   *
   * @maxItems 8
   */
  limits?: {
    /**
     * What is limited, e.g. `user` or `tool`. Part of the bucket's identity; shown in audit and metrics. At most 64 characters.
     */
    name: string
    /**
     * Name of the tier the numbers come from, for audit and metrics; a caller that changes tier keeps its bucket. At most 64 characters.
     */
    tier: string
    /**
     * Whose bucket it is, e.g. tenant and subject. 1 to 8 parts; ["a", "b"] and ["ab"] are different keys.
     *
     * @minItems 1
     * @maxItems 8
     */
    key: string[]
    /**
     * Tokens this message takes; 0 only looks whether the bucket is in debt. At most `burst`.
     */
    cost: number
    /**
     * Tokens the bucket gains in each `per`. More than 0.
     */
    tokens: number
    /**
     * The period in which `tokens` are gained: a duration such as `250ms`, `30s`, `1m`, `24h` or `7d`, from 1s to 31d.
     */
    per: string
    /**
     * Most tokens the bucket holds; a fresh bucket is full. More than 0, at least `cost`.
     */
    burst: number
  }[]
  /**
   * What would turn this denial into permission: an OAuth caller is told which scopes to ask for (403 `insufficient_scope`), everyone else gets the plain denial. Counts only in a denial.
   */
  challenge?: {
    /**
     * Scopes the caller lacks, 1 to 16.
     *
     * @minItems 1
     * @maxItems 16
     */
    scopes: string[]
    /**
     * `show`: the item stays in lists although its use is refused, so that a client can start the step-up. Default: `hide`.
     */
    listing?: 'show' | 'hide'
  }
}

/**
 * The policy's input: who does what to which resource, and in which circumstances. A decision is a pure function of the policy revision and these facts; a policy needs no clock, no randomness and no network.
 */
export interface Facts {
  /**
   * The verified caller. Nothing in here comes from an unverified source.
   */
  subject: {
    /**
     * Identifier of the caller, unique within the issuer.
     */
    id: string
    /**
     * A person, a program, or nobody in particular (only where the operator switched anonymous access on).
     */
    kind: 'user' | 'service' | 'anonymous'
    /**
     * Who vouches for the identifier: the token's issuer, or a name for a list of local keys.
     */
    issuer: string
    /**
     * How the caller proved who it is.
     */
    method: 'api-key' | 'anonymous' | 'jwt' | 'oauth' | 'client-cert'
    /**
     * Identifier of the OAuth client the credential was issued to; null where there is none.
     */
    client_id: string | null
    /**
     * Who acts on the subject's behalf, nearest first; empty when the subject acts for itself.
     */
    actors: string[]
    /**
     * Roles of the subject; the shipped grants are keyed by them.
     */
    roles: string[]
    /**
     * Groups of the subject, as its identity provider names them.
     */
    groups: string[]
    /**
     * OAuth scopes of the credential.
     */
    scopes: string[]
    /**
     * The organisation the subject belongs to; null where tenants are not used.
     */
    tenant: string | null
    /**
     * When the credential dies, RFC 3339 in UTC; null = never.
     */
    expires_at: string | null
    /**
     * Further claims of the verified credential, as they arrived.
     */
    claims: {
      [k: string]: unknown
    }
  }
  /**
   * What is being done.
   */
  action: {
    /**
     * The method, e.g. `tools/call`; `response` for an answer; `stream/open` and `session/close` for a GET stream and a DELETE.
     */
    name: string
    /**
     * Coarse class of the method: keeping a session, listing, using an item, notifying, answering the other side, or a method the gateway does not know.
     */
    class: 'session' | 'list' | 'use' | 'notify' | 'answer' | 'unknown'
  }
  /**
   * What it is done to.
   */
  resource: {
    /**
     * Kind of the resource, by the method: the item that a message names, else the server.
     */
    type: 'server' | 'tool' | 'prompt' | 'resource' | 'resource_template' | 'task' | 'completion'
    /**
     * Name of the tool or prompt, URI of the resource, text of the resource template, id of the task; the server's name where the server itself is meant.
     */
    id: string
    /**
     * Configured name of the server behind the gateway.
     */
    server: string
    /**
     * Labels the operator gave the server in the configuration; empty by default.
     */
    labels: {
      /**
       * Value of one label.
       */
      [k: string]: string
    }
    /**
     * True when the gateway knows the definition of the item from the server. False = unknown: there are no annotations and no digest, and a careful policy treats the item as destructive.
     */
    known: boolean
    /**
     * What the server says of the item, e.g. `readOnlyHint`. The server's word, not a fact: let it tighten, never loosen, unless the digest is pinned or the server trusted. Absent when the item is not known.
     */
    annotations?: {
      [k: string]: unknown
    }
    /**
     * Digest of the item's definition, `sha256:` and 64 hex digits. Absent when the item is not known.
     */
    digest?: string
    /**
     * The parts of `id` as a URI. Present where `type` is `resource` or `resource_template` (there: of the template's text, its braces allowed as they stand).
     */
    uri?: {
      /**
       * Scheme in lower case without the colon; empty when `id` is not a URI.
       */
      scheme: string
      /**
       * Host and port as written, without the slashes; empty when there is none.
       */
      authority: string
      /**
       * Path as written, without query and fragment.
       */
      path: string
      /**
       * True when `id` is a URI that every parser reads alike: no dot segments, encoded or not, no empty segments but a last one, no backslash, control or non-ASCII characters, no needless percent-encoding, scheme and host in lower case. False for anything else, also for what is not a URI.
       */
      canonical: boolean
    }
    /**
     * Arguments of the call. Absent in an item question; in a message question about an item always an object, `{}` when the message has none.
     */
    arguments?: {
      [k: string]: unknown
    }
    /**
     * The remaining parameters of the message, without `_meta`. Absent in an item question.
     */
    params?: {
      [k: string]: unknown
    }
  }
  /**
   * The circumstances.
   */
  context: {
    /**
     * `item`: may the caller use this item at all? Asked for each item of a list and before each message that names the item; carries neither `arguments` nor `params`. `message`: may this very message pass?
     */
    question: 'item' | 'message'
    /**
     * Who sent the message: the client or the server.
     */
    direction: 'client' | 'server'
    /**
     * What the message is in JSON-RPC.
     */
    kind: 'request' | 'notification' | 'response'
    /**
     * When the message arrived, RFC 3339 in UTC.
     */
    time: string
    /**
     * The same in nanoseconds since the epoch, in whole milliseconds.
     */
    time_ns: number
    /**
     * The date in UTC, `YYYY-MM-DD`.
     */
    date: string
    /**
     * The hour of the day in UTC.
     */
    hour: number
    /**
     * The day of the week in UTC.
     */
    weekday: 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday'
    /**
     * Address of the caller, behind trusted proxies the one they vouch for; empty over stdio.
     */
    ip: string
    /**
     * How the caller is connected.
     */
    transport: 'http' | 'sse' | 'stdio'
    /**
     * `legacy`: protocol revisions with an initialize handshake, up to 2025-11-25. `modern`: per-request metadata, from 2026-07-28.
     */
    era: 'legacy' | 'modern'
    /**
     * Protocol revision in use; null before it is known.
     */
    protocol_version: string | null
    /**
     * What the client program says of itself; null when it says nothing. Not verified: never grant anything by it.
     */
    client: {
      /**
       * Name the client program gives itself.
       */
      name: string
      /**
       * Version the client program gives itself.
       */
      version: string
    } | null
    /**
     * Short fingerprint of the legacy session; null where there is none.
     */
    session: string | null
    /**
     * The gateway's identifier of the exchange, as in the audit.
     */
    request_id: string
  }
}
