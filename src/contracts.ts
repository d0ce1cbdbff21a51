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
   * Reason codes of the decision. Empty when there are none; why no caller was identified is in `code`.
   */
  reasons: string[]
  /**
   * Stable code of a rejection or failure, e.g. `json-syntax` or `GUARD_UPSTREAM_TIMEOUT`; null otherwise.
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
   * The item the message names, or the server when it names none; null without a message.
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
   * How the caller is connected, e.g. `http`; where there is none, how the server is.
   */
  transport: string
  /**
   * Buckets that apply: charged unless the outcome is `limited`; empty: unlimited; null: the message was not allowed.
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
   * Items of a list that were left out because they could not be read with certainty, or are tools that no client over HTTP may take (2026-07-28); of an event `dropped` that belongs to no exchange, how many messages of the server it stands for.
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
 * One file of decision cases: what the policy has to say to given facts. `mcp-guard test-policy` puts each case to the compiled policy as the gateway would: first the question of each item that the message names, then the message itself. The facts of a case are merged into the file's `defaults`, where lists and texts stand in the place of the defaults' own. Files are YAML, read as strictly as the configuration, except that an explicit `null` is a value.
 */
export interface CasesDocument {
  defaults?: PartialFacts
  /**
   * Data for the cases of this file in place of the policy's own, by the first name of their path, such as `quarantine`. The policy has to have data of that name. Default: the policy's own data.
   */
  data?: {
    [k: string]: unknown
  }
  /**
   * The cases, at least one.
   *
   * @minItems 1
   */
  cases: DecisionCase[]
}
/**
 * Any part of the policy's input (see facts). What is left out is completed: class and kind of resource from the method, `uri` from the id, `arguments` with {}, all of the clock from a part of it, everything else with what is usual: `alice`, known by an API key, without roles; an item that the gateway knows. The method (or the type of an item), `resource.server` and the id of an item have to be said.
 */
export interface PartialFacts {
  /**
   * The verified caller. Nothing in here comes from an unverified source.
   */
  subject?: {
    /**
     * Identifier of the caller, unique within the issuer.
     */
    id?: string
    /**
     * A person, a program, or nobody in particular (only where the operator switched anonymous access on).
     */
    kind?: 'user' | 'service' | 'anonymous'
    /**
     * Who vouches for the identifier: the token's issuer, or a name for a list of local keys.
     */
    issuer?: string
    /**
     * How the caller proved who it is.
     */
    method?: 'api-key' | 'anonymous' | 'jwt' | 'oauth' | 'client-cert'
    /**
     * Identifier of the OAuth client the credential was issued to; null where there is none.
     */
    client_id?: string | null
    /**
     * Who acts on the subject's behalf, nearest first; empty when the subject acts for itself.
     */
    actors?: string[]
    /**
     * Roles of the subject; the shipped grants are keyed by them.
     */
    roles?: string[]
    /**
     * Groups of the subject, as its identity provider names them.
     */
    groups?: string[]
    /**
     * OAuth scopes of the credential.
     */
    scopes?: string[]
    /**
     * The organisation the subject belongs to; null where tenants are not used.
     */
    tenant?: string | null
    /**
     * When the credential dies, RFC 3339 in UTC; null = never.
     */
    expires_at?: string | null
    /**
     * Further claims of the verified credential, as they arrived.
     */
    claims?: {
      [k: string]: unknown
    }
  }
  /**
   * What is being done.
   */
  action?: {
    /**
     * The method, e.g. `tools/call`; `response` for an answer; `stream/open` and `session/close` for a GET stream and a DELETE.
     */
    name?: string
    /**
     * Coarse class of the method: keeping a session, listing, using an item, notifying, answering the other side, or a method the gateway does not know.
     */
    class?: 'session' | 'list' | 'use' | 'notify' | 'answer' | 'unknown'
  }
  /**
   * What it is done to.
   */
  resource?: {
    /**
     * Kind of the resource, by the method: the item that a message names, else the server.
     */
    type?: 'server' | 'tool' | 'prompt' | 'resource' | 'resource_template' | 'task' | 'completion'
    /**
     * Name of the tool or prompt, URI of the resource, text of the resource template, id of the task; the server's name where the server itself is meant.
     */
    id?: string
    /**
     * Configured name of the server behind the gateway.
     */
    server?: string
    /**
     * Labels the operator gave the server in the configuration; empty by default.
     */
    labels?: {
      /**
       * Value of one label.
       */
      [k: string]: string
    }
    /**
     * True when the gateway knows the definition of the item from the server. False = unknown: there are no annotations and no digest, and a careful policy treats the item as destructive.
     */
    known?: boolean
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
      scheme?: string
      /**
       * Host and port as written, without the slashes; empty when there is none.
       */
      authority?: string
      /**
       * Path as written, without query and fragment.
       */
      path?: string
      /**
       * True when `id` is a URI that every parser reads alike: no dot segments, encoded or not, no empty segments but a last one, no backslash, control or non-ASCII characters, no needless percent-encoding, scheme and host in lower case. False for anything else, also for what is not a URI.
       */
      canonical?: boolean
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
  context?: {
    /**
     * `item`: may the caller use this item at all? Asked for each item of a list and before each message that names the item; carries neither `arguments` nor `params`. `message`: may this very message pass?
     */
    question?: 'item' | 'message'
    /**
     * Who sent the message: the client or the server.
     */
    direction?: 'client' | 'server'
    /**
     * What the message is in JSON-RPC.
     */
    kind?: 'request' | 'notification' | 'response'
    /**
     * When the message arrived, RFC 3339 in UTC.
     */
    time?: string
    /**
     * The same in nanoseconds since the epoch, in whole milliseconds.
     */
    time_ns?: number
    /**
     * The date in UTC, `YYYY-MM-DD`.
     */
    date?: string
    /**
     * The hour of the day in UTC.
     */
    hour?: number
    /**
     * The day of the week in UTC.
     */
    weekday?: 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday'
    /**
     * The clock in each time zone of the configuration's `policy.timeZones`, by the zone's IANA name; empty when none is configured.
     */
    zones?: {
      /**
       * The clock in one zone.
       */
      [k: string]: {
        /**
         * The date there, `YYYY-MM-DD`.
         */
        date?: string
        /**
         * The hour of the day there.
         */
        hour?: number
        /**
         * The minute of the hour there.
         */
        minute?: number
        /**
         * The day of the week there.
         */
        weekday?: 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday'
      }
    }
    /**
     * Address of the client: IPv4 in dots, IPv6 as RFC 5952 writes it. Behind listen.trustedProxies the one that they report; empty over stdio.
     */
    ip?: string
    /**
     * How the caller is connected.
     */
    transport?: 'http' | 'sse' | 'stdio'
    /**
     * `legacy`: protocol revisions with an initialize handshake, up to 2025-11-25. `modern`: per-request metadata, from 2026-07-28.
     */
    era?: 'legacy' | 'modern'
    /**
     * Protocol revision in use; null before it is known.
     */
    protocol_version?: string | null
    /**
     * What the client program says of itself; null when it says nothing. Not verified: never grant anything by it.
     */
    client?: {
      /**
       * Name the client program gives itself.
       */
      name?: string
      /**
       * Version the client program gives itself.
       */
      version?: string
    } | null
    /**
     * Short fingerprint of the legacy session; null where there is none.
     */
    session?: string | null
    /**
     * The gateway's identifier of the exchange, as in the audit.
     */
    request_id?: string
  }
}
/**
 * One case.
 */
export interface DecisionCase {
  /**
   * What the case shows, in a sentence. Each name is in a file once.
   */
  name: string
  facts?: PartialFacts
  /**
   * For a method that lists: what the server's list has, at least one, each judged by its own question. Default: none.
   *
   * @minItems 1
   * @maxItems 200
   */
  items?: (
    | string
    | {
        /**
         * Name of the tool or prompt, URI of the resource, text of the template.
         */
        id: string
        /**
         * Whether the gateway knows the item's definition. Default true.
         */
        known?: boolean
        /**
         * What the server says of the item. Default {} for an item that is known.
         */
        annotations?: {
          [k: string]: unknown
        }
        /**
         * Digest of the definition, `sha256:` and 64 hex digits. Default: zeros for an item that is known.
         */
        digest?: string
      }
  )[]
  expect: Expectation
}
/**
 * What the policy has to say; at least one member. What is left out is not looked at.
 */
export interface Expectation {
  /**
   * Whether the message passes. Of a list: whether the list itself may be asked for.
   */
  allow?: boolean
  /**
   * All reason codes of the decision, in any order. Instead of `reason`.
   *
   * @maxItems 32
   */
  reasons?: string[]
  /**
   * A reason code that has to be among those of the decision. Instead of `reasons`.
   */
  reason?: string
  /**
   * The tier that all buckets to be charged come from; null: no bucket is charged.
   */
  tier?: string | null
  /**
   * All buckets to be charged, in any order; []: unlimited; null: the policy names none, and `limits.default` of the configuration applies.
   *
   * @maxItems 8
   */
  limits?:
    | (
        | string
        | {
            /**
             * What is limited.
             */
            name: string
            /**
             * Tier that the numbers come from.
             */
            tier?: string
            /**
             * Whose bucket it is.
             */
            key?: string[]
            /**
             * Tokens that the message takes.
             */
            cost?: number
            /**
             * Tokens that the bucket gains in each `per`.
             */
            tokens?: number
            /**
             * The period, such as 30s, 1m or 24h.
             */
            per?: string
            /**
             * Most tokens that the bucket holds.
             */
            burst?: number
          }
      )[]
    | null
  /**
   * Scopes that the denial asks for, in any order; []: it asks for none.
   *
   * @maxItems 16
   */
  challenge?: string[]
  /**
   * Those of `items` that the caller gets to see, in any order.
   */
  visible?: string[]
}

/**
 * One YAML file. Every key except `upstreams` has a safe default. Any text may hold references: `${env:NAME}` is replaced by that environment variable, `${file:./path}` by the content of that file (relative to the configuration file, one trailing newline cut; the file must not be readable by group or others). Anchors, aliases, tags, merge keys, duplicate keys and empty values are refused.
 */
export interface ConfigFile {
  /**
   * The listener that MCP clients talk to, with every bound on what a client may send.
   */
  listen?: {
    /**
     * Address to listen on: an IP address, or a name of this machine. Default 127.0.0.1, reachable from this machine only; 0.0.0.0 or :: opens the gateway to every network the machine is in, without TLS of its own.
     */
    host?: string
    /**
     * TCP port, 0 to 65535; 0 takes any free port. Default 8080.
     */
    port?: number
    /**
     * The http or https URL under which clients reach the gateway when it stands behind a proxy. Its host and origin are accepted in Host and Origin headers. Default: none, clients use the listening address.
     */
    publicUrl?: string | null
    /**
     * Further names accepted in the Host header, in lower case and without a port, at most 64. Default none: only localhost, 127.0.0.1, [::1], the listening address and the host of publicUrl. Under every name listed here a web page could reach the gateway by DNS rebinding.
     *
     * @maxItems 64
     */
    allowedHosts?: string[]
    /**
     * Further origins accepted in the Origin header, as `scheme://host[:port]` in lower case, at most 64. Default none: only origins whose host is accepted in the Host header; requests without an Origin header (no browser) always pass this check. Scripts of every origin listed here may call the gateway from a user's browser.
     *
     * @maxItems 64
     */
    allowedOrigins?: string[]
    /**
     * TLS 1.2 or later on the listener for clients. Default: none, plain HTTP, for this machine alone or behind a proxy that terminates TLS. The files are read at start and, for new connections, with every SIGHUP.
     */
    tls?: {
      /**
       * PEM file with the certificate of the gateway and those between it and its root, relative to the configuration file. No default.
       */
      cert: string
      /**
       * PEM file with the private key of that certificate, relative to the configuration file. It must not be readable by group or others. No default.
       */
      key: string
      /**
       * PEM file with the certificates of those who issue client certificates, relative to the configuration file. Clients are then asked for one, and a connection with one that does not verify (other issuer, ended, not for clients) is closed. Whoever can get a certificate of these issuers passes this check. Default: no certificate is asked for.
       */
      clientCa?: string | null
      /**
       * optional: a client may come without a certificate and show another credential. required: it is not served, health probes included. Default optional.
       */
      clientCertificate?: 'optional' | 'required'
    } | null
    /**
     * Addresses of proxies whose word is taken: `X-Forwarded-For` for the client's address, and the headers of `identity.clientCertificates.format` for its certificate. IPv4 and IPv6, as an address or with a prefix (10.0.0.0/8), at most 64; not /0. Default none: such headers mean nothing, and the address in facts and audit is the connection's. Whoever can connect from one of these addresses can be anybody.
     *
     * @maxItems 64
     */
    trustedProxies?: string[]
    /**
     * Largest request body in bytes, 1024 to 67108864 (64 MiB). Default 1048576 (1 MiB). A larger body is answered 413. Each open request may hold this much memory.
     */
    maxBodyBytes?: number
    /**
     * Deepest nesting of a JSON body in levels, 4 to 64. Default 64. Deeper bodies are refused, so that no parser or policy recurses without bound.
     */
    maxDepth?: number
    /**
     * Most object members and array elements in one JSON body, 16 to 1000000. Default 10000. Bounds the memory and time a small body can cost.
     */
    maxMembers?: number
    /**
     * Largest header section of a request in bytes, 1024 to 65536. Default 16384 (16 KiB). Held for every connection, known or not.
     */
    maxHeaderBytes?: number
    /**
     * Most header fields of a request, 16 to 1000. Default 100.
     */
    maxHeaders?: number
    /**
     * Most client connections at a time, 1 to 65535. Default 1024. Further connections are closed at once; file descriptors must suffice for these and for the upstream connections.
     */
    maxConnections?: number
    /**
     * Time for a client to send its whole header section, 100ms to 2m. Default 10s. Afterwards 408 and the connection is closed; a long time lets slow senders hold connections.
     */
    headersTimeout?: string
    /**
     * Time for a client to send its whole body after the headers, 100ms to 10m. Default 30s. Afterwards 408 and the connection is closed.
     */
    bodyTimeout?: string
    /**
     * On stop: time for calls in flight to finish before they are cut, 0ms to 10m. Default 8s. Keep it below the time your service manager waits before it kills.
     */
    drainTimeout?: string
  }
  /**
   * The listener for operators: metrics, policy revision, last error. Never put it on a public network.
   */
  admin?: {
    /**
     * Address to listen on: an IP address, or a name of this machine. Default 127.0.0.1. Any other than a loopback address needs `token`.
     */
    host?: string
    /**
     * TCP port, 0 to 65535; 0 takes any free port. Default 9090.
     */
    port?: number
    /**
     * Secret that operators send as `Authorization: Bearer`, 32 to 512 printable characters without spaces; take it from `${env:NAME}` or `${file:./path}`. Default: none, anyone who reaches the address may read metrics and state.
     */
    token?: string | null
  }
  /**
   * The Rego policy that decides every message.
   */
  policy?: {
    /**
     * A folder of Rego sources or an OPA bundle file, relative to the configuration file, or the https URL of a bundle (http on loopback only). Default ./policies. Whoever can write there decides who may do what.
     */
    path?: string
    /**
     * Who must have signed the policy: it then has to be an OPA bundle with a signature that is right, and not older than one that was active before. Default: none, nobody's signature is asked for.
     */
    verify?: {
      /**
       * Public key of whoever signs, as PEM; take it from `${file:./path}`. No default. Whoever can change it can let in a policy of their own.
       */
      key: string
      /**
       * JWS algorithm of the signature, which the key has to be made for. Default ES256. A signature with another one is refused.
       */
      algorithm?:
        | 'ES256'
        | 'ES384'
        | 'ES512'
        | 'RS256'
        | 'RS384'
        | 'RS512'
        | 'PS256'
        | 'PS384'
        | 'PS512'
      /**
       * The key id that the signature has to name, 1 to 128 characters without spaces. Default: whatever it names.
       */
      keyId?: string | null
      /**
       * The scope that the signature has to have, up to 128 characters without spaces. Default: empty, a signature without a scope. It keeps a bundle that was signed for one purpose from being used for another.
       */
      scope?: string
    } | null
    /**
     * How a bundle at a URL is asked for; without meaning for a policy on disk.
     */
    poll?: {
      /**
       * Time between two questions whether there is a new bundle, 1s to 24h, up to a tenth more by chance. Default 60s. A policy that was taken back is in force for that long.
       */
      interval?: string
      /**
       * How long a server that knows long polling may keep a question open until there is a new bundle, 0s to 5m; 0s never asks for it. Default 30s.
       */
      longPoll?: string
      /**
       * Secret sent as `Authorization: Bearer`, up to 4096 printable characters without spaces; take it from `${env:NAME}`. Default: none is sent. For one that changes while the gateway runs use `tokenFile`.
       */
      token?: string | null
      /**
       * File that holds such a token, relative to the configuration file, read for each question. Default none. It must not be open to others.
       */
      tokenFile?: string | null
      /**
       * Whether the name in the URL may lead to an address of a private network or of this machine. Default false.
       */
      privateAddresses?: boolean
    }
    /**
     * Folder of the gateway's own for the last revisions that were active, relative to the configuration file: for `mcp-guard rollback`, and for a start without the server of a bundle URL. In it each `policy.path` has a folder to itself. Default `$XDG_STATE_HOME/mcp-guard`, or `~/.local/state/mcp-guard`. Whoever can write there decides who may do what, unless `policy.verify` is set.
     */
    state?: string | null
    /**
     * Most work of one evaluation of the policy in units, 10000 to 100000000. Default 1000000. A unit is one round of a loop or one entry of a function in the compiled policy: a usual decision takes a few thousand, a million take about 10 ms. Each character of arguments that the policy reads adds 5. Beyond it the message is denied with `policy-budget`; the question whether an item may be used at all, and 200 of these together for a list, may take twice of it. A high value lets a costly policy hold up every caller.
     */
    budget?: number
    /**
     * IANA names of time zones, such as `Europe/Berlin`, whose clocks the policy is told as `input.context.zones`; at most 16. Default none.
     *
     * @maxItems 16
     */
    timeZones?: string[]
  }
  /**
   * What servers say of their tools, prompts and resources, remembered for rules about annotations and digests.
   */
  catalogue?: {
    /**
     * How long what a server said of an item is believed without asking again, 1s to 1h. Default 60s. A changed definition may be judged by its old annotations and digest for that long.
     */
    maxAge?: string
  }
  /**
   * The MCP servers behind the gateway, by name; at least 1, at most 256. The name is `resource.server` in policies: 1 to 64 letters, digits, `.`, `_` and `-`. No default.
   */
  upstreams: {
    /**
     * One MCP server.
     */
    [k: string]: {
      /**
       * The http or https URL of the server's endpoint, without credentials and fragment. Default none: each server has either this or `command`. Whoever reaches this URL directly is not guarded: keep it off public networks.
       */
      url?: string | null
      /**
       * What the server speaks at `url`: `http` (Streamable HTTP) or `sse` (HTTP+SSE of 2024-11-05, the older era only). Default http. With `sse`, the address for messages that the server names must have the origin of `url`.
       */
      transport?: 'http' | 'sse'
      /**
       * The program of a server that speaks stdio: a name found on PATH, or a path. Default none: each server has either this or `url`. It runs as the gateway's user, without a shell, in a process group of its own; one process for each legacy session, and for modern requests one that serves one caller and one request at a time.
       */
      command?: string | null
      /**
       * Arguments of `command`, one text each, at most 256. Default none. Nothing of a request ever becomes one. Every user of the machine can see them: hand secrets over in `env`.
       *
       * @maxItems 256
       */
      args?: string[]
      /**
       * Environment variables of `command`, at most 128. Default none. Beside these it gets PATH, HOME, LANG, LC_ALL, TZ, TMPDIR, USER and LOGNAME of the gateway and nothing else, so that no secret of the gateway reaches a server by accident.
       */
      env?: {
        /**
         * Text of the variable; take secrets from `${env:NAME}` or `${file:./path}`.
         */
        [k: string]: string
      }
      /**
       * Working directory of `command`, relative to the configuration file. Default: that of the gateway.
       */
      cwd?: string | null
      /**
       * Most processes of `command` at a time, 1 to 1000. Default 64. When all are in use, up to 256 callers wait within `timeout`; the others get 503.
       */
      maxChildren?: number
      /**
       * Time after which a session with this server in which nothing happens ends, 1s to 24h; for `command`, also an idle process. Default 10m. The client then gets 404 and starts another. Counts for `command` and `transport: sse`.
       */
      idleTimeout?: string
      /**
       * Time after which a process of `command` is not used for another request and ends, 1m to 24h. Default 24h.
       */
      maxLifetime?: string
      /**
       * Largest message of a server with `command` or `transport: sse` in bytes, 65536 (64 KiB) to 268435456 (256 MiB). Default 16777216 (16 MiB). What such a server says is held whole; a larger message ends its process or session, and its pending requests fail.
       */
      maxLineBytes?: number
      /**
       * The gateway's own credential for the server at `url`: `header` or `clientCredentials`. Default none. What callers present to the gateway never goes to a server; every caller that the policy lets through acts with this one. A server with `command` gets its secrets in `env`.
       */
      credential?: {
        /**
         * A header that goes with every request, for a fixed token or key. Default none.
         */
        header?: {
          /**
           * Authorization, or a name that begins with X-, at most 64 characters. No default.
           */
          name: string
          /**
           * Its whole value, such as `Bearer ${env:GITHUB_TOKEN}`: printable ASCII, at most 8192 characters. No default. Take the secret from `${env:NAME}` or `${file:./path}`.
           */
          value: string
        } | null
        /**
         * A token that the gateway gets for itself (OAuth 2.0 client credentials) and sends as `Authorization: Bearer`. Default none. It is kept until shortly before its end, at most an hour, and fetched anew when the server answers 401. Without one, calls are answered 502.
         */
        clientCredentials?: {
          /**
           * The https URL of the token endpoint, or http on this machine. No default. The client's secret is sent there.
           */
          tokenUrl: string
          /**
           * Name of the gateway at the token endpoint, 1 to 512 characters. No default.
           */
          clientId: string
          /**
           * Secret of that client, 1 to 4096 characters, sent as `client_secret_basic`; take it from `${env:NAME}` or `${file:./path}`. No default.
           */
          clientSecret: string
          /**
           * Scopes to ask for, at most 64. Default none: those that the authorization server gives by itself. Ask for no more than the policy lets callers do.
           *
           * @maxItems 64
           */
          scopes?: string[]
          /**
           * The server that the token is to be for (RFC 8707). Default: `url` without a query. An empty text leaves it out, for authorization servers that refuse it; the token may then be good elsewhere too.
           */
          resource?: string | null
          /**
           * Whether the name in `tokenUrl` may lead to an address of a private network or of this machine. Default false.
           */
          privateAddresses?: boolean
        } | null
      } | null
      /**
       * Path of this server on the listener: segments of letters, digits, `.`, `_`, `~` and `-`, without a trailing slash; not /health, /live or /ready, and not above or below another server's path. Default /mcp/<name>.
       */
      path?: string | null
      /**
       * Free labels, `resource.labels` in policies; at most 32. Default none. They are the operator's word, so policies may rely on them.
       */
      labels?: {
        /**
         * Text of the label, at most 256 characters.
         */
        [k: string]: string
      }
      /**
       * Whether the gateway is ready only while this server answers. Default false.
       */
      required?: boolean
      /**
       * Time to the first byte of an answer, 100ms to 1h. Default 60s. Afterwards 504; a stream that has begun has no idle limit. Starting a process of `command` counts.
       */
      timeout?: string
      /**
       * Time to open a connection to `url`, 50ms to 2m. Default 5s. Afterwards 502.
       */
      connectTimeout?: string
      /**
       * Most connections for calls to `url` at a time, 1 to 10000. Default 128; further calls wait within `timeout`. A caller gets a further one only while more are free than it has: one alone has half of them, and never keeps others out. Open streams have connections of their own, at most one for each of `listen.maxConnections`. With `transport: sse` it also bounds the sessions at a time; a further one gets 503.
       */
      maxConnections?: number
    }
  }
  /**
   * Who may knock at all. What an identified caller may do is decided by the policy.
   */
  identity?: {
    /**
     * Accepted API keys, at most 100000. Default none: every call is answered 401 unless `anonymous` is true. Only digests stand here; `mcp-guard keygen` makes both.
     *
     * @maxItems 100000
     */
    apiKeys?: {
      /**
       * `subject.id` in policies and audit; 1 to 128 characters without spaces. No default. Two entries may share it while a key is being replaced: they are one principal, so everything but `sha256`, `expires`, `notBefore` and `disabled` has to be the same.
       */
      id: string
      /**
       * SHA-256 of the whole key text, prefix included, as 64 hex digits (`mcp-guard hash-key` prints it); unique in the list. No default. Safe to publish only because generated keys hold 256 random bits.
       */
      sha256: string
      /**
       * `subject.kind` in policies: user or service. Default user.
       */
      kind?: 'user' | 'service'
      /**
       * `subject.roles` in policies, at most 256. Default none: the shipped policy then grants nothing but housekeeping.
       *
       * @maxItems 256
       */
      roles?: string[]
      /**
       * `subject.groups` in policies, at most 256. Default none.
       *
       * @maxItems 256
       */
      groups?: string[]
      /**
       * `subject.scopes` in policies, at most 256. Default none.
       *
       * @maxItems 256
       */
      scopes?: string[]
      /**
       * Further facts of the principal: `subject.claims` in policies, at most 64 members. Default none.
       */
      claims?: {
        [k: string]: unknown
      }
      /**
       * `subject.tenant` in policies, 1 to 128 characters without spaces. Default: none.
       */
      tenant?: string | null
      /**
       * Instant from which the key is dead, in RFC 3339 with a time zone, such as 2027-01-01T00:00:00Z. Default: never; a key without an end lives as long as its copies.
       */
      expires?: string | null
      /**
       * Instant before which the key is refused, in RFC 3339 with a time zone. Default: valid at once.
       */
      notBefore?: string | null
      /**
       * true refuses the key and keeps its entry for the record. Default false.
       */
      disabled?: boolean
    }[]
    /**
     * File with further API keys, relative to the configuration file: YAML with the one key `apiKeys`, whose entries are those of `identity.apiKeys`. It is read again within a second of being saved; while what it says is wrong, the keys before stay and the log says why. Default none. Whoever may write it decides who gets in.
     */
    apiKeyFile?: string | null
    /**
     * Issuers whose JSON Web Tokens (RFC 7519) are accepted as `Authorization: Bearer`, at most 64, each `issuer` once. Default none. Each needs `audience` and one of `secret`, `jwks` and `discovery`.
     *
     * @maxItems 64
     */
    jwt?: TokenIssuer[]
    /**
     * The gateway as a resource server of OAuth 2.1, as MCP describes it: it tells clients where to get a token (RFC 9728), and accepts those made out to the server they ask for. Needs `listen.publicUrl`. Default: none.
     */
    oauth?: {
      /**
       * Authorization servers whose access tokens are accepted as `Authorization: Bearer`, 1 to 16, each `issuer` once here and in `identity.jwt`. No default. Clients are told of them in this order. `audience` defaults to `listen.publicUrl` and the path of the server that is asked for; set it only where the authorization server cannot make tokens out to such a URL (RFC 8707): they are then good for every server of this gateway.
       *
       * @minItems 1
       * @maxItems 16
       */
      authorizationServers: TokenIssuer[]
      /**
       * Scopes that a client should ask for to begin with, at most 64: `scopes_supported` of the metadata and `scope` of the 401. Default none: the client decides. Keep it to the least that is useful; a policy asks for more by `challenge`.
       *
       * @maxItems 64
       */
      scopes?: string[]
    } | null
    /**
     * Client certificates as credentials, from the listener's own TLS (`listen.tls.clientCa`) or reported by a trusted proxy. Default: none, a certificate identifies nobody; tokens may still be bound to it.
     */
    clientCertificates?: {
      /**
       * The headers by which the proxies of `listen.trustedProxies` report a verified certificate; they must set each of them on every request, else a client could. nginx: X-SSL-Client-Verify, X-SSL-Client-Cert. haproxy: X-SSL-Client-Used, X-SSL-Client-Verify, X-SSL-Client-Cert. envoy: X-Forwarded-Client-Cert. traefik: X-Forwarded-Tls-Client-Cert. plain: X-Client-Cert-Verified, -Subject, -Issuer, -Serial, -Dns, -Uri, -Email, -Fingerprint. Default: no such headers are read.
       */
      format?: 'nginx' | 'haproxy' | 'envoy' | 'traefik' | 'plain' | null
      /**
       * Accepted certificates, at most 10000. Default none.
       *
       * @maxItems 10000
       */
      entries?: {
        /**
         * `subject.id` in policies and audit; 1 to 128 characters without spaces. Several entries may have one id. No default.
         */
        id: string
        /**
         * A URI among the subject alternative names, such as a SPIFFE id. Default: not looked at.
         */
        uri?: string | null
        /**
         * A DNS name among the subject alternative names, in any case of letters; no wildcards. Default: not looked at.
         */
        dns?: string | null
        /**
         * An address among the subject alternative names. Default: not looked at.
         */
        email?: string | null
        /**
         * The subject as RFC 4514 text, last part first: CN=alice,O=Example (`openssl x509 -noout -subject -nameopt RFC2253,utf8,-esc_msb`). Default: not looked at.
         */
        subject?: string | null
        /**
         * SHA-256 of the certificate's DER in hex, with or without colons (`openssl x509 -noout -fingerprint -sha256`): this one certificate. Default: not looked at.
         */
        thumbprint?: string | null
        /**
         * `subject.kind` in policies: user or service. Default service.
         */
        kind?: 'user' | 'service'
        /**
         * `subject.roles` in policies, at most 256. Default none: the shipped policy then grants nothing but housekeeping.
         *
         * @maxItems 256
         */
        roles?: string[]
        /**
         * `subject.groups` in policies, at most 256. Default none.
         *
         * @maxItems 256
         */
        groups?: string[]
        /**
         * `subject.scopes` in policies, at most 256. Default none.
         *
         * @maxItems 256
         */
        scopes?: string[]
        /**
         * `subject.tenant` in policies, 1 to 128 characters without spaces. Default: none.
         */
        tenant?: string | null
      }[]
      /**
       * What becomes of a verified certificate that no entry names. refuse: its holder is refused. Otherwise the holder is let in without roles, with its only uri, dns, email, its subject or its thumbprint as `subject.id` and the issuer's name as `subject.issuer`; then whoever issues these certificates decides who is who. Default refuse.
       */
      unlisted?: 'refuse' | 'uri' | 'dns' | 'email' | 'subject' | 'thumbprint'
    } | null
    /**
     * How often callers from one address (IPv6: one /64) may be wrong before they are refused with 429 unread. A known API key and a token verified lately are let in all the same; a credential that has merely expired does not count, and of opaque tokens that the authorization server does not vouch for ten count as one. Behind a proxy set listen.trustedProxies, else all its callers are one address.
     */
    failures?: {
      /**
       * Wrong credentials within `per`, 1 to 1000000. Default 20.
       */
      max?: number
      /**
       * Duration, 1s to 24h. Default 1m.
       */
      per?: string
    }
    /**
     * Whether a caller without a credential is let in as the subject `anonymous`. Default false. A wrong credential is refused all the same.
     */
    anonymous?: boolean
    /**
     * Must also be true for `anonymous` to be accepted when listen.host or listen.publicUrl is not a loopback address: the whole network then acts as `anonymous`. Default false.
     */
    anonymousBeyondLoopback?: boolean
  }
  /**
   * How legacy protocol sessions are sealed into the id that the client holds.
   */
  sessions?: {
    /**
     * Secrets of 32 to 1024 characters, at most 16: the first seals, all open, so a key is rotated by putting a new one first. Take them from `${env:NAME}` or `${file:./path}`. Default none: a random key per process, sessions end with it and no replica can share them. Whoever knows a key can forge session ids.
     *
     * @maxItems 16
     */
    keys?: string[]
  }
  /**
   * Where the record of every outcome goes.
   */
  audit?: {
    /**
     * File to which one JSON line per outcome is appended, relative to the configuration file, or `-` for standard output. Default `-`. While it cannot be written, calls are refused instead of running unrecorded.
     */
    file?: string
  }
  /**
   * How much. Normally the policy's decision names the limits.
   */
  limits?: {
    /**
     * Token buckets charged per principal where the decision names no limits, at most 8; all are taken together or none. Default none: such calls are unlimited.
     *
     * @maxItems 8
     */
    default?: {
      /**
       * Name of the bucket in audit and metrics: 1 to 64 letters, digits, `.`, `_` and `-`, unique in the list. No default.
       */
      name: string
      /**
       * Tokens that flow in per `per`, above 0, at most 1000000000. No default.
       */
      tokens: number
      /**
       * Time in which `tokens` flow in, 1s to 31d. No default.
       */
      per: string
      /**
       * Tokens the bucket holds at most, so the largest burst; above 0, at most 1000000000. Default: the same as `tokens`.
       */
      burst?: number | null
      /**
       * Tokens one call takes, 0 to `burst`. Default 1.
       */
      cost?: number
    }[]
  }
  /**
   * The form of a refusal on the wire. It changes no decision.
   */
  refusals?: {
    /**
     * A tools/call that policy denied: `result` (a tool result with isError, which the model reads), `error` (JSON-RPC error on 200) or `http` (403). Default result.
     */
    deniedCall?: 'result' | 'error' | 'http'
    /**
     * Any other request that policy denied: `error` (JSON-RPC error on 200) or `http` (403). Default error.
     */
    denied?: 'error' | 'http'
    /**
     * A tools/call over its limit: `http` (429 with Retry-After), `result` (a tool result with isError) or `error` (JSON-RPC error on 200). Default http.
     */
    limitedCall?: 'http' | 'result' | 'error'
    /**
     * Any other request over its limit: `http` (429 with Retry-After) or `error` (JSON-RPC error on 200). A limited server/discover is always 503. Default http.
     */
    limited?: 'http' | 'error'
  }
}
/**
 * One issuer of tokens, and how its tokens become callers.
 */
export interface TokenIssuer {
  /**
   * Exactly the `iss` of its tokens, 1 to 512 characters without spaces; `subject.issuer` in policies. No default. A slash more or less is another issuer.
   */
  issuer: string
  /**
   * Secret that signs its tokens (HS256, HS384, HS512), 32 to 512 printable characters without spaces, whose bytes are used as they are; take it from `${env:NAME}` or `${file:./path}`. Default none. Whoever knows it can be anybody: prefer `jwks`.
   */
  secret?: string | null
  /**
   * Its public keys as a JWK set (RFC 7517): a file relative to the configuration file, or an https URL (http on loopback only). Default none. Keys that are too weak or for another purpose are left out; a set in which a `kid` means two keys is refused.
   */
  jwks?: string | null
  /**
   * true takes the address of the keys from the issuer's metadata: `<issuer>/.well-known/openid-configuration`, else `oauth-authorization-server`. Default: true under `identity.oauth` where none of `secret`, `jwks` and `introspection` is set, otherwise false.
   */
  discovery?: boolean | null
  /**
   * Asks the authorization server about each token (RFC 7662); only under `identity.oauth`, and there for one server. Alone, it is asked about all of its tokens; beside `discovery`, `jwks` or `secret` only about those that are no JWTs. Default none.
   */
  introspection?: {
    /**
     * Address of the introspection endpoint: an https URL (http on loopback only). No default. Every opaque token that a caller presents and that is no API key is sent there.
     */
    url: string
    /**
     * The id under which the gateway is known to the server, 1 to 512 printable characters; sent with `clientSecret` as `client_secret_basic` (RFC 6749 2.3.1). No default.
     */
    clientId: string
    /**
     * The secret that belongs to `clientId`, 1 to 512 printable characters; take it from `${env:NAME}` or `${file:./path}`. No default. Whoever knows it can ask about tokens as the gateway does.
     */
    clientSecret: string
    /**
     * How long an answer counts, 0s to 1h, never past the token's own end. Default 30s. A token that was revoked is accepted for that long; 0s asks for every request.
     */
    maxAge?: string
  } | null
  /**
   * JWS algorithms that its tokens may be signed with. Default: HS256 with a secret, otherwise all that are for public keys, each only with keys of its kind. Those of secrets (HS…) and of public keys never go together.
   *
   * @maxItems 16
   */
  algorithms?: (
    | 'HS256'
    | 'HS384'
    | 'HS512'
    | 'RS256'
    | 'RS384'
    | 'RS512'
    | 'PS256'
    | 'PS384'
    | 'PS512'
    | 'ES256'
    | 'ES384'
    | 'ES512'
    | 'EdDSA'
    | 'Ed25519'
  )[]
  /**
   * Texts of which one has to be an audience (`aud`) of the token, exactly; at most 16. Default none. Without a check of the audience, a token made out to any other service of that issuer would be accepted here.
   *
   * @maxItems 16
   */
  audience?: string[]
  /**
   * The `typ` that its tokens must have, such as `at+jwt` (RFC 9068). Default: none, `JWT` or `at+jwt`. Set it where the same issuer makes tokens for other purposes with the same audience.
   */
  type?: string | null
  /**
   * How far the clocks may differ for `nbf` and `iat`, 0s to 5m. Default 30s. `exp` has no leeway.
   */
  leeway?: string
  /**
   * How long fetched keys are relied on before they are fetched again in the background, 30s to 24h. Default 10m. A key that the issuer withdrew is accepted for that long.
   */
  jwksMaxAge?: string
  /**
   * How long the last good keys are used while no others can be fetched, counted from when they were fetched, 1m to 24h. Default 1h. Afterwards its tokens are answered 503. A withdrawn key lives that long where somebody keeps the gateway from its issuer.
   */
  jwksMaxStale?: string
  /**
   * true lets the gateway fetch from private addresses for this issuer. Default false: only public addresses and, if the URL says so, loopback.
   */
  privateAddresses?: boolean
  /**
   * Where the facts about the caller stand in its tokens, as JSON Pointers (RFC 6901). A claim that is missing gives nothing; one of another form than it must have refuses the token.
   */
  claims?: {
    /**
     * JSON Pointer (it begins with /) to the text that is `subject.id`; a token without it is refused. Default /sub. Choose one that the issuer never gives to somebody else.
     */
    id?: string
    /**
     * JSON Pointer (it begins with /) to a list of names, or one name: `subject.roles`. Default: nothing is taken.
     */
    roles?: string | null
    /**
     * JSON Pointer (it begins with /) to a list of names, or one name: `subject.groups`. Default: nothing is taken.
     */
    groups?: string | null
    /**
     * JSON Pointer (it begins with /) to a text with spaces between the scopes, or to a list: `subject.scopes`. Default /scope.
     */
    scopes?: string
    /**
     * JSON Pointer (it begins with /) to the text that is `subject.tenant`. Default: nothing is taken.
     */
    tenant?: string | null
    /**
     * JSON Pointer (it begins with /) to the text that is `subject.client_id`. Default /client_id. `subject.kind` is `service` where it is the id as well.
     */
    clientId?: string
    /**
     * JSON Pointer (it begins with /) to the chain of those who act for the subject (`act` of RFC 8693), at most 8 and of the same issuer: `subject.actors`, the one that acts now first. Default /act.
     */
    actors?: string
  }
  /**
   * Tokens of this issuer that are dead before they expire, at most 10000. Default none. Each entry has either `jti`, or `sub` or `before` or both. Read at start.
   *
   * @maxItems 10000
   */
  revoked?: {
    /**
     * The `jti` of the token. Default none.
     */
    jti?: string | null
    /**
     * The `sub` of the tokens. Default: of every subject.
     */
    sub?: string | null
    /**
     * Instant in RFC 3339 with a time zone: tokens issued (`iat`) before it are dead, and those that do not say when. Default: whenever they were issued.
     */
    before?: string | null
  }[]
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
     * The clock in each time zone of the configuration's `policy.timeZones`, by the zone's IANA name; empty when none is configured.
     */
    zones: {
      /**
       * The clock in one zone.
       */
      [k: string]: {
        /**
         * The date there, `YYYY-MM-DD`.
         */
        date: string
        /**
         * The hour of the day there.
         */
        hour: number
        /**
         * The minute of the hour there.
         */
        minute: number
        /**
         * The day of the week there.
         */
        weekday: 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday'
      }
    }
    /**
     * Address of the client: IPv4 in dots, IPv6 as RFC 5952 writes it. Behind listen.trustedProxies the one that they report; empty over stdio.
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
