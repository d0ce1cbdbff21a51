/**
 * The words of the project as types. No code, no imports of code: every room may import this file.
 * Facts and Decision follow the published schemas in `schemas/` (the policy's input and output);
 * everything else is what the rooms hand to each other.
 */

// ── JSON ────────────────────────────────────────────────────────────────────────────────────────

export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [member: string]: Json
}

// ── Identity ────────────────────────────────────────────────────────────────────────────────────

/** The principal as policy sees it: `input.subject`. Only verified things are in here. */
export interface Subject {
  id: string
  kind: 'user' | 'service' | 'anonymous'
  issuer: string
  method: 'api-key' | 'anonymous' | 'jwt' | 'oauth' | 'client-cert'
  client_id: string | null
  actors: string[]
  roles: string[]
  groups: string[]
  scopes: string[]
  tenant: string | null
  expires_at: string | null
  claims: JsonObject
}

/** A verified caller. `binding` is what sessions are tied to: it survives a refreshed credential. */
export interface Identity {
  readonly subject: Subject
  /** SHA-256 (base64url) over issuer, subject, tenant, client_id and actors, length-prefixed. */
  readonly binding: string
  /** Milliseconds since the epoch after which the credential is dead; null = never. */
  readonly expiresAtMs: number | null
  /** Fingerprint of the credential for audit; never the credential. */
  readonly credentialId: string
}

/** Why nobody was identified. The caller is told none of it; the audit is. */
export type UnidentifiedReason =
  | 'credential-missing'
  | 'credential-malformed'
  | 'credential-unknown'
  | 'credential-doubled'
  | 'credential-expired'
  | 'credential-not-yet-valid'
  | 'credential-disabled'
  /** Of an open stream: what its credential stands for has been changed. */
  | 'credential-changed'
  /** A token that is not one, or is not in its one canonical form. */
  | 'token-malformed'
  | 'token-algorithm'
  | 'token-issuer'
  | 'token-audience'
  | 'token-type'
  | 'token-key-unknown'
  | 'token-signature'
  | 'token-claims'
  /** It is on the list of revoked ones. */
  | 'token-revoked'
  /** The authorization server does not vouch for it: unknown there, over or revoked. */
  | 'token-inactive'
  /** Bound to a client certificate (RFC 8705) that is not this connection's. */
  | 'token-unbound'
  | 'certificate-malformed'
  | 'certificate-unverified'
  | 'certificate-unknown'
  /** Too many wrong credentials from this address: this one was not looked at. */
  | 'failures-limited'

export type Identification =
  | { readonly ok: true; readonly identity: Identity }
  | {
      readonly ok: false
      readonly reason: UnidentifiedReason
      /** With `failures-limited`: when it is worth coming again. */
      readonly retryAfterMs?: number
    }

/** Headers as they arrived: name and value alternate, names in any case, duplicates kept. */
export type RawHeaders = readonly string[]

/** What the other end of a connection proved by that alone. */
export interface Connection {
  /** Of the socket's other end, be it the client or a proxy; empty where there is no network. */
  readonly address: string
  /** DER of the certificate that our own TLS listener verified; null: none. */
  readonly certificate: Uint8Array | null
}

/** Everything an Identity may be made of. */
export interface Presented {
  readonly headers: RawHeaders
  /** Of the client, which may be known through a trusted proxy; empty where there is no network. */
  readonly address: string
  readonly connection: Connection
  /** Name of the upstream that is asked for: a token is made out to one of them. */
  readonly server: string
}

/**
 * Credential in, Identity out. A throw or a rejection means that nobody could tell (a key server is
 * down): the caller is refused all the same.
 */
export type Identify = (
  presented: Presented,
  nowMs: number,
) => Identification | Promise<Identification>

// ── Messages ────────────────────────────────────────────────────────────────────────────────────

/** `legacy`: initialize handshake, up to 2025-11-25. `modern`: per-request metadata, 2026-07-28. */
export type Era = 'legacy' | 'modern'
export type Direction = 'client' | 'server'
export type MessageKind = 'request' | 'notification' | 'response'

/** A JSON-RPC id. The type is part of the id: 1 and "1" are two ids. */
export type MessageId = string | number

/**
 * The text that an object was parsed from: equal texts, equal objects. Where members are of no
 * consequence but being the same again, it saves writing the object. Bound to the object itself, so
 * that it is never taken for another's.
 */
export interface Spelling {
  readonly of: JsonObject
  readonly text: string
}

/** One JSON-RPC message after the strict parse. `raw` is the object that is judged and sent. */
export interface Message {
  readonly kind: MessageKind
  readonly id: MessageId | null
  /** A server's id as it was written, where JSON would write the number in another way: 1.0. */
  readonly idText?: string
  /** For a response: the constant `response`. */
  readonly method: string
  readonly params: JsonObject | undefined
  readonly raw: JsonObject
  /** Of `params.arguments`; null: there are none, or the text is long or was not kept. */
  readonly spelling: Spelling | null
}

/** The kinds of list an upstream answers with, by the result's member name. */
export type ListKind = 'tools' | 'prompts' | 'resources' | 'resourceTemplates'

export interface ClientInfo {
  name: string
  version: string
}

// ── The question to the policy and its answer ───────────────────────────────────────────────────

/** What is the same for every question of one exchange. */
export interface Circumstances {
  readonly nowMs: number
  readonly ip: string
  readonly transport: 'http' | 'sse' | 'stdio'
  readonly era: Era
  readonly protocolVersion: string | null
  readonly client: ClientInfo | null
  /** A short fingerprint of the legacy session; never the session id itself. */
  readonly session: string | null
  readonly requestId: string
}

export interface Server {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** What a server last said of one of its items. */
export interface Definition {
  /** `sha256:` and 64 hex digits, over the definition with its members sorted. */
  readonly digest: string
  /** The server's word. Frozen. */
  readonly annotations: JsonObject
}

/**
 * What the catalogue knows of one server's items, for one exchange. The same object for the same
 * state of knowledge: whoever remembers something by it need not compare what is inside.
 */
export interface Definitions {
  of(type: string, id: string): Definition | null
}

/** Everything the decision point needs to know about one message. Facts are built from it. */
export interface Question {
  readonly identity: Identity
  readonly server: Server
  /** null: nothing is known of any item. */
  readonly definitions: Definitions | null
  readonly direction: Direction
  readonly kind: MessageKind
  readonly method: string
  readonly params: JsonObject | undefined
  /** Of `params.arguments`, for whoever remembers by them. It never decides anything. */
  readonly spelling?: Spelling | null
  readonly circumstances: Circumstances
}

/** One bucket to be charged. `per` is in milliseconds here, a duration text in the policy. */
export interface Limit {
  readonly name: string
  readonly tier: string
  readonly key: readonly string[]
  readonly cost: number
  readonly tokens: number
  readonly perMs: number
  readonly burst: number
}

export interface Challenge {
  readonly scopes: readonly string[]
  readonly listing: 'show' | 'hide'
}

/** What the policy said, after the one fail-closed parser. */
export type Decision =
  | {
      readonly allow: true
      readonly reasons: readonly string[]
      /** null: the decision names none and the configured default applies; []: unlimited. */
      readonly limits: readonly Limit[] | null
    }
  | {
      readonly allow: false
      readonly reasons: readonly string[]
      readonly challenge: Challenge | null
    }

/** A decision with what ties it to a record. */
export interface Judgement {
  readonly decisionId: string
  readonly revision: string
  readonly decision: Decision
}

/**
 * The policy decision point under one revision. Total: whatever the engine does, the answer is a
 * Judgement, and a fault is a denial with a reason.
 */
export interface DecisionPoint {
  readonly revision: string
  /** The policy can read what servers say of their items: `known`, `annotations` or `digest`. */
  readonly readsDefinitions: boolean
  /** Judges one message: first the question of each item it names, then the message itself. */
  judge(question: Question): Judgement
  /**
   * For a list that answers `question`'s exchange: which of the named items the caller may use (or
   * is challenged for with `listing: show`). Same order and length as `ids`. Yields to the event
   * loop between chunks of 200 that are not remembered.
   */
  visible(question: Question, kind: ListKind, ids: readonly string[]): Promise<boolean[]>
}

/** Holds the active policy. `current` is null until the first activation. */
export interface PolicyHolder {
  current(): DecisionPoint | null
}

// ── Limits ──────────────────────────────────────────────────────────────────────────────────────

export type LimitResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly name: string; readonly retryAfterMs: number }

/** Takes all limits together or none of them. */
export interface Limiter {
  take(limits: readonly Limit[]): LimitResult | Promise<LimitResult>
}

// ── Outcomes, audit, observers ──────────────────────────────────────────────────────────────────

/** How an exchange ended. Closed: `respond` maps every one of them. */
export type OutcomeKind =
  | 'forwarded'
  | 'rejected'
  | 'unauthenticated'
  | 'denied'
  | 'limited'
  | 'failed'
  | 'abandoned'

/** One line of the audit. Mirrors schemas/audit-event.schema.json; snake_case as written. */
export interface AuditEvent {
  time: string
  event: 'message' | 'stream.opened' | 'stream.closed' | 'dropped' | 'refused'
  outcome: OutcomeKind
  request_id: string
  decision_id: string | null
  revision: string | null
  reasons: string[]
  /** Stable code of a rejection or failure, e.g. `json-syntax`, `GUARD_UPSTREAM_TIMEOUT`. */
  code: string | null
  direction: Direction
  kind: MessageKind | null
  method: string | null
  era: Era | null
  server: string | null
  resource: { type: string; id: string } | null
  subject: { id: string; issuer: string; tenant: string | null; method: string } | null
  credential: string | null
  client: ClientInfo | null
  session: string | null
  ip: string
  transport: string
  limits: { name: string; tier: string }[] | null
  /** Items of a list that policy hid, and items dropped because they could not be read. */
  hidden: number
  dropped: number
  /** HTTP status sent to the caller; null where none was sent. */
  status: number | null
  bytes_in: number
  bytes_out: number
  duration_us: { total: number; decide: number; upstream: number }
}

/** Room in the audit, taken before anything is forwarded. Exactly one of the three is called. */
export interface Reservation {
  /** Throws GuardError GUARD_AUDIT_UNAVAILABLE when the event could not be written. */
  record(event: AuditEvent): void
  /**
   * Writes the event with all others of this turn of the event loop, or at once when no other room
   * is taken, then tells whether it is written: null, or why not. What the event is the record of
   * has to wait for that.
   */
  recordSoon(event: AuditEvent, done: (problem: unknown) => void): void
  release(): void
}

export interface AuditLog {
  /** null: there is no room, the message must be refused. */
  reserve(): Reservation | null
  /** Writes now what `recordSoon` was told. */
  flush(): void
  close(): Promise<void>
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Watches; never decides. A throwing observer is ignored by whoever calls it. */
export interface Observer {
  outcome?(event: AuditEvent): void
  policy?(event: PolicyEvent): void
  catalogue?(event: CatalogueEvent): void
  keys?(event: KeysEvent): void
  log?(level: LogLevel, text: string, fields?: Record<string, Json>): void
}

export type PolicyEvent =
  | { readonly type: 'activated'; readonly revision: string; readonly durationMs: number }
  | { readonly type: 'refused'; readonly message: string; readonly keeps: string | null }
  /** The server of a bundle URL was asked whether there is a new one. */
  | { readonly type: 'asked'; readonly result: 'changed' | 'unchanged' | 'failed' }
  /** An operator's rollback began, or is over; then `revision` is what is active at that moment. */
  | {
      readonly type: 'rolled-back' | 'released'
      readonly revision: string | null
      readonly from: readonly string[]
    }
  | { readonly type: 'fault'; readonly revision: string; readonly reason: string }
  /** A principal's questions caused at least so many faults within the time. */
  | {
      readonly type: 'alarm'
      readonly revision: string
      readonly subject: string
      readonly issuer: string
      readonly faults: number
      readonly windowMs: number
    }

/** The gateway asked a server for a list on its own account. */
export interface CatalogueEvent {
  readonly server: string
  readonly list: ListKind
  readonly result: 'learnt' | 'failed'
}

/** The verification keys of an issuer of tokens were asked for. */
export interface KeysEvent {
  readonly issuer: string
  /** `failed`: nothing came, or nothing that may be used. */
  readonly result: 'loaded' | 'failed'
}

// ── Policy bundles ──────────────────────────────────────────────────────────────────────────────

/** What the compiler hands over and the decision point activates. */
export interface CompiledBundle {
  readonly wasm: Uint8Array
  /** JSON text in UTF-8: an object. */
  readonly data: Uint8Array
  /** Content digest, `sha256:` + 64 hex digits. */
  readonly revision: string
  /** `mcpguard.contract` of the manifest's metadata; absent = 1. */
  readonly contract: number
  /** `input` paths the policy can read, e.g. ["resource", "id"]; null = unknown, send everything. */
  readonly paths: readonly (readonly string[])[] | null
  /** True when the host's own list module (`mcpguard/host/decisions`) is compiled in. */
  readonly hostModule: boolean
}
