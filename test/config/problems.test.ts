import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadText, problemsOf } from './support.js'

const digest = 'a'.repeat(64)
const other = 'b'.repeat(64)
const up = 'upstreams: { one: { url: "http://10.0.0.1/mcp" } }\n'

function pemOf(key: KeyObject): string {
  const isPrivate = key.type === 'private'
  return key.export({ type: isPrivate ? 'pkcs8' : 'spki', format: 'pem' } as never).toString()
}

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)
const rsa = pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)
const short = pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)
const ed = pemOf(generateKeyPairSync('ed25519').publicKey)
const give = (algorithm: string) =>
  `give a public key for ${algorithm}, beginning with -----BEGIN PUBLIC KEY-----`
const inPem = `/key: is no public key in PEM; ${give('ES256')}`

const keys: readonly (readonly [what: string, verify: object, problem: string])[] = [
  [
    'none',
    {},
    ': "key" is missing; add it: public key of whoever signs, as PEM; take it from `${file:./path}`',
  ],
  ['some text', { key: 'hunter2' }, inPem],
  [
    'a broken one',
    { key: `${pemOf(p256.publicKey).slice(0, 60)}\n-----END PUBLIC KEY-----` },
    inPem,
  ],
  ['a certificate', { key: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----' }, inPem],
  [
    'the private half',
    { key: pemOf(p256.privateKey) },
    '/key: is a private key; give the public half, and keep the private key where bundles are built',
  ],
  [
    'another curve',
    { key: p384 },
    `/key: is a key of the kind secp384r1, and ES256 takes prime256v1; ${give('ES256')}`,
  ],
  [
    'RSA',
    { key: rsa },
    `/key: is a key of the kind rsa, and ES256 takes prime256v1; ${give('ES256')}`,
  ],
  [
    'Ed25519',
    { key: ed, algorithm: 'RS256' },
    `/key: is a key of the kind ed25519, and RS256 takes rsa; ${give('RS256')}`,
  ],
  [
    'a curve for RSA',
    { key: p384, algorithm: 'PS512' },
    `/key: is a key of the kind ec, and PS512 takes rsa; ${give('PS512')}`,
  ],
  [
    'a short one',
    { key: short, algorithm: 'PS256' },
    `/key: has 1024 bits, fewer than 2048; ${give('PS256')}`,
  ],
  [
    'of no algorithm there is',
    { key: rsa, algorithm: 'HS256' },
    '/algorithm: must be one of ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512; JWS algorithm of the signature, which the key has to be made for',
  ],
]

/** Text of the file, then the lines that the operator reads. Line 1 is `up` where it is used. */
const refused: readonly (readonly [what: string, text: string, problems: readonly string[]])[] = [
  ['a list at the top', '- a', ['guard.yaml: is not a map of keys; begin with `upstreams:`']],
  [
    'no upstreams',
    'listen: {}',
    [
      'guard.yaml: "upstreams" is missing; add it: the MCP servers behind the gateway, by name; at least 1, at most 256 (or use --upstream NAME=URL, or a command after --: -- COMMAND ARGS)',
    ],
  ],
  [
    'upstreams without an entry',
    'upstreams: {}',
    [
      'guard.yaml:1: /upstreams: is empty; the MCP servers behind the gateway, by name; at least 1, at most 256',
    ],
  ],
  [
    'a misspelt key at the top',
    `${up}lisen: {}`,
    ['guard.yaml:2: /lisen: unknown key "lisen"; did you mean "listen"?'],
  ],
  [
    'a misspelt key inside',
    `${up}listen:\n  prot: 1`,
    ['guard.yaml:3: /listen/prot: unknown key "prot"; did you mean "port"?'],
  ],
  [
    'a key like no other',
    `${up}refusals: { colour: red }`,
    [
      'guard.yaml:2: /refusals/colour: unknown key "colour"; known keys are deniedCall, denied, limitedCall, limited',
    ],
  ],
  [
    'keys of prototypes',
    `${up}__proto__: {}\nlisten: { constructor: 1 }`,
    [
      'guard.yaml:2: /__proto__: unknown key "__proto__"; known keys are listen, admin, policy, catalogue, upstreams, identity, sessions, audit, limits, refusals',
      'guard.yaml:3: /listen/constructor: unknown key "constructor"; known keys are host, port, publicUrl, allowedHosts, allowedOrigins, tls, trustedProxies, maxBodyBytes, maxDepth, maxMembers, maxHeaderBytes, maxHeaders, maxConnections, headersTimeout, bodyTimeout, drainTimeout',
    ],
  ],
  [
    'what later work brings',
    `${up}limits: { redis: { url: x } }`,
    ['guard.yaml:2: /limits/redis: unknown key "redis"; known keys are default'],
  ],
  [
    'upstreams that are of no kind, of both, or have keys of the other',
    [
      'upstreams:',
      '  none: { labels: { a: b } }',
      '  both: { url: "http://10.0.0.1/", command: node }',
      '  http: { url: "http://10.0.0.1/", args: [x], env: { A: b }, cwd: . }',
      '  stdio: { command: node, transport: sse }',
    ].join('\n'),
    [
      'guard.yaml:2: /upstreams/none: has neither "url" nor "command"; add the url of a running server, or the command that starts one',
      'guard.yaml:3: /upstreams/both: has both "url" and "command"; keep the url of a running server, or the command that starts one',
      'guard.yaml:4: /upstreams/http/args: means nothing beside "url"; remove it',
      'guard.yaml:4: /upstreams/http/env: means nothing beside "url"; remove it',
      'guard.yaml:4: /upstreams/http/cwd: means nothing beside "url"; remove it',
      'guard.yaml:5: /upstreams/stdio/transport: means nothing beside "command"; remove it',
    ],
  ],
  [
    'what no process can be started with',
    [
      'upstreams:',
      '  a: { command: "", args: [1], env: { 1A: x, B: 2 }, maxChildren: 0, idleTimeout: 0s }',
      '  b: { command: x, maxLifetime: 1s, maxLineBytes: 1, transport: ws }',
      '  c: { command: "a\\0b", args: ["\\0"], env: { A: "\\0" }, cwd: "\\0" }',
    ].join('\n'),
    [
      'guard.yaml:2: /upstreams/a/command: must have at least 1 characters; the program of a server that speaks stdio: a name found on PATH, or a path',
      'guard.yaml:2: /upstreams/a/args/0: must be text (put it in quotes); one argument; it is not split and nothing in it is expanded',
      'guard.yaml:2: /upstreams/a/env/1A: "1A" is not a usable name; use letters, digits and `_`, beginning with a letter or `_`',
      'guard.yaml:2: /upstreams/a/env/B: must be text (put it in quotes); text of the variable; take secrets from `${env:NAME}` or `${file:./path}`',
      'guard.yaml:2: /upstreams/a/maxChildren: must be at least 1 and at most 1000; most processes of `command` at a time, 1 to 1000',
      'guard.yaml:2: /upstreams/a/idleTimeout: must be a duration between 1s and 24h, such as 250ms, 5s, 10m or 24h; time after which a session with this server in which nothing happens ends, 1s to 24h; for `command`, also an idle process',
      'guard.yaml:3: /upstreams/b/transport: must be one of http, sse; what the server speaks at `url`: `http` (Streamable HTTP) or `sse` (HTTP+SSE of 2024-11-05, the older era only)',
      'guard.yaml:3: /upstreams/b/maxLifetime: must be a duration between 1m and 24h, such as 250ms, 5s, 10m or 24h; time after which a process of `command` is not used for another request and ends, 1m to 24h',
      'guard.yaml:3: /upstreams/b/maxLineBytes: must be at least 65536 and at most 268435456; largest message of a server with `command` or `transport: sse` in bytes, 65536 (64 KiB) to 268435456 (256 MiB)',
      'guard.yaml:4: /upstreams/c/command: has the wrong form; the program of a server that speaks stdio: a name found on PATH, or a path',
      'guard.yaml:4: /upstreams/c/args/0: has the wrong form; one argument; it is not split and nothing in it is expanded',
      'guard.yaml:4: /upstreams/c/env/A: has the wrong form; text of the variable; take secrets from `${env:NAME}` or `${file:./path}`',
      'guard.yaml:4: /upstreams/c/cwd: has the wrong form; working directory of `command`, relative to the configuration file',
    ],
  ],
  [
    'wrong types',
    `${up}listen: { port: "80", maxDepth: 1.5, allowedHosts: a }\nidentity: { anonymous: yes, apiKeys: [ 1 ] }\npolicy: { path: 7 }\naudit: x`,
    [
      'guard.yaml:2: /listen/port: must be a whole number; TCP port, 0 to 65535; 0 takes any free port',
      'guard.yaml:2: /listen/allowedHosts: must be a list; further names accepted in the Host header, in lower case and without a port, at most 64',
      'guard.yaml:2: /listen/maxDepth: must be a whole number; deepest nesting of a JSON body in levels, 4 to 64',
      'guard.yaml:3: /identity/apiKeys/0: must be a map of keys; one API key and the principal it stands for',
      'guard.yaml:3: /identity/anonymous: must be true or false; whether a caller without a credential is let in as the subject `anonymous`',
      'guard.yaml:4: /policy/path: must be text (put it in quotes); a folder of Rego sources or an OPA bundle file, relative to the configuration file, or the https URL of a bundle (http on loopback only)',
      'guard.yaml:5: /audit: must be a map of keys; where the record of every outcome goes',
    ],
  ],
  [
    'numbers out of bounds',
    `${up}listen: { port: 65536, maxBodyBytes: 67108865, maxDepth: 65, maxHeaders: 0 }\nlimits: { default: [ { name: a, tokens: .inf, per: 1s } ] }`,
    [
      'guard.yaml:2: /listen/port: must be at least 0 and at most 65535; TCP port, 0 to 65535; 0 takes any free port',
      'guard.yaml:2: /listen/maxBodyBytes: must be at least 1024 and at most 67108864; largest request body in bytes, 1024 to 67108864 (64 MiB)',
      'guard.yaml:2: /listen/maxDepth: must be at least 4 and at most 64; deepest nesting of a JSON body in levels, 4 to 64',
      'guard.yaml:2: /listen/maxHeaders: must be at least 16 and at most 1000; most header fields of a request, 16 to 1000',
      'guard.yaml:3: /limits/default/0/tokens: must be a number; tokens that flow in per `per`, above 0, at most 1000000000',
    ],
  ],
  [
    'durations',
    `${up}listen: { headersTimeout: 10, bodyTimeout: 30 s, drainTimeout: 1d }`,
    [
      'guard.yaml:2: /listen/headersTimeout: must be a duration between 100ms and 2m, such as 250ms, 5s, 10m or 24h; time for a client to send its whole header section, 100ms to 2m',
      'guard.yaml:2: /listen/bodyTimeout: must be a duration between 100ms and 10m, such as 250ms, 5s, 10m or 24h; time for a client to send its whole body after the headers, 100ms to 10m',
      'guard.yaml:2: /listen/drainTimeout: must be a duration between 0ms and 10m, such as 250ms, 5s, 10m or 24h; on stop: time for calls in flight to finish before they are cut, 0ms to 10m',
    ],
  ],
  [
    'choices',
    `${up}refusals: { denied: result, limitedCall: no }`,
    [
      'guard.yaml:2: /refusals/denied: must be one of error, http; any other request that policy denied: `error` (JSON-RPC error on 200) or `http` (403)',
      'guard.yaml:2: /refusals/limitedCall: must be one of http, result, error; a tools/call over its limit: `http` (429 with Retry-After), `result` (a tool result with isError) or `error` (JSON-RPC error on 200)',
    ],
  ],
  [
    'hosts and origins',
    `${up}listen: { allowedHosts: ["*.x", x.y, x.y, "x:80"], allowedOrigins: ["null", "https://x/"] }`,
    [
      'guard.yaml:2: /listen/allowedHosts/0: has the wrong form; a host name or address (IPv6 in brackets), without a port',
      'guard.yaml:2: /listen/allowedHosts/3: has the wrong form; a host name or address (IPv6 in brackets), without a port',
      'guard.yaml:2: /listen/allowedHosts: entry 1 and entry 2 are the same; further names accepted in the Host header, in lower case and without a port, at most 64',
      'guard.yaml:2: /listen/allowedOrigins/0: has the wrong form; one whole origin; no wildcard, no path',
      'guard.yaml:2: /listen/allowedOrigins/1: has the wrong form; one whole origin; no wildcard, no path',
    ],
  ],
  [
    'a public URL that is none',
    `${up}listen: { publicUrl: mcp.example.com }`,
    [
      'guard.yaml:2: /listen/publicUrl: is not an http or https URL; write it like https://mcp.example.com',
    ],
  ],
  [
    'a public URL with a query',
    `${up}listen: { publicUrl: "https://mcp.example.com/?a" }`,
    [
      'guard.yaml:2: /listen/publicUrl: holds credentials, a query or a fragment; keep scheme, host, port and path only',
    ],
  ],
  [
    'names and labels of upstreams',
    'upstreams:\n  a b: { url: "http://10.0.0.1/", path: /ab, labels: { 1x: a, env: 1 } }',
    [
      'guard.yaml:2: /upstreams/a b: "a b" is not a usable name; use 1 to 64 letters, digits, `.`, `_` and `-`, beginning with a letter or digit',
      'guard.yaml:2: /upstreams/a b/labels/1x: "1x" is not a usable name; use 1 to 64 letters, digits, `_`, `.` and `-`, beginning with a letter',
      'guard.yaml:2: /upstreams/a b/labels/env: must be text (put it in quotes); text of the label, at most 256 characters',
    ],
  ],
  [
    'paths that are none',
    'upstreams:\n  a: { url: "http://10.0.0.1/", path: a }\n  b: { url: "http://10.0.0.1/", path: / }\n  c: { url: "http://10.0.0.1/", path: /c/../d }\n  d: { url: "http://10.0.0.1/", path: /d/ }\n  e: { url: "http://10.0.0.1/", path: /e%2f }',
    [
      'guard.yaml:2: /upstreams/a/path: "a" is not a usable path; write /segment/segment of letters, digits, `.`, `_`, `~` and `-`',
      'guard.yaml:3: /upstreams/b/path: "/" is not a usable path; write /segment/segment of letters, digits, `.`, `_`, `~` and `-`',
      'guard.yaml:4: /upstreams/c/path: "/c/../d" is not a usable path; write /segment/segment of letters, digits, `.`, `_`, `~` and `-`',
      'guard.yaml:5: /upstreams/d/path: "/d/" is not a usable path; write /segment/segment of letters, digits, `.`, `_`, `~` and `-`',
      'guard.yaml:6: /upstreams/e/path: "/e%2f" is not a usable path; write /segment/segment of letters, digits, `.`, `_`, `~` and `-`',
    ],
  ],
  [
    'paths that overlap',
    'upstreams:\n  a: { url: "http://10.0.0.1/", path: /mcp }\n  b: { url: "http://10.0.0.1/" }\n  c: { url: "http://10.0.0.1/", path: /mcp/b }\n  d: { url: "http://10.0.0.1/", path: /ready/x }\n  e: { url: "http://10.0.0.1/", path: /health }\n  f: { url: "http://10.0.0.1/", path: /mcpx }',
    [
      'guard.yaml:3: /upstreams/b/path: "/mcp/b" overlaps "/mcp" of upstream "a"; give each upstream a path of its own, neither above nor below another',
      'guard.yaml:4: /upstreams/c/path: "/mcp/b" overlaps "/mcp" of upstream "a"; give each upstream a path of its own, neither above nor below another',
      'guard.yaml:4: /upstreams/c/path: "/mcp/b" overlaps "/mcp/b" of upstream "b"; give each upstream a path of its own, neither above nor below another',
      'guard.yaml:5: /upstreams/d/path: "/ready/x" overlaps the health path /ready; choose another path',
      'guard.yaml:6: /upstreams/e/path: "/health" overlaps the health path /health; choose another path',
    ],
  ],
  [
    'URLs that are none, or hold too much',
    'upstreams:\n  a: { url: ftp://x }\n  b: { url: x }\n  c: { url: "http://u:hunter2@10.0.0.1/#f" }\n  d: { url: " http://10.0.0.1/" }',
    [
      'guard.yaml:2: /upstreams/a/url: is not an http or https URL; write http://host:port/path',
      'guard.yaml:3: /upstreams/b/url: is not an http or https URL; write http://host:port/path',
      'guard.yaml:4: /upstreams/c/url: holds credentials; remove user and password; they would be logged and shown',
      'guard.yaml:4: /upstreams/c/url: has a fragment; remove the # and what follows',
      'guard.yaml:5: /upstreams/d/url: is not an http or https URL; write http://host:port/path',
    ],
  ],
  [
    'upstreams that lead back',
    'listen: { publicUrl: "https://mcp.example.com" }\nupstreams:\n  a: { url: "http://localhost:8080/mcp/b" }\n  b: { url: "http://[::1]:9090/" }\n  c: { url: "https://mcp.example.com/x" }\n  d: { url: "http://127.0.0.1:3001/" }',
    [
      'guard.yaml:3: /upstreams/a/url: leads back to the gateway itself; point it at the MCP server, or listen elsewhere',
      'guard.yaml:4: /upstreams/b/url: leads back to the gateway itself; point it at the MCP server, or listen elsewhere',
      'guard.yaml:5: /upstreams/c/url: leads back to the gateway itself; point it at the MCP server, or listen elsewhere',
    ],
  ],
  [
    'an admin listener without a token off loopback',
    `${up}admin: { host: 0.0.0.0 }`,
    [
      'guard.yaml:2: /admin/host: "0.0.0.0" is not a loopback address and there is no admin token; set admin.token, or listen on 127.0.0.1',
    ],
  ],
  [
    'a short admin token',
    `${up}admin: { token: hunter2 }`,
    [
      'guard.yaml:2: /admin/token: must have at least 32 characters; secret that operators send as `Authorization: Bearer`, 32 to 512 printable characters without spaces; take it from `${env:NAME}` or `${file:./path}`',
    ],
  ],
  [
    'two listeners on one port',
    `${up}listen: { host: 0.0.0.0, port: 9090 }`,
    [
      'guard.yaml: /admin/port: port 9090 is taken by the listener for clients; give the admin listener another port',
    ],
  ],
  [
    'anonymous on every address',
    `${up}listen: { host: 0.0.0.0 }\nidentity: { anonymous: true }`,
    [
      'guard.yaml:3: /identity/anonymous: lets in everybody who reaches "0.0.0.0", which is not this machine alone; remove it, or say it twice with identity.anonymousBeyondLoopback: true',
    ],
  ],
  [
    'anonymous behind a public URL',
    `${up}listen: { publicUrl: "https://mcp.example.com" }\nidentity: { anonymous: true }`,
    [
      'guard.yaml:3: /identity/anonymous: lets in everybody who reaches "mcp.example.com", which is not this machine alone; remove it, or say it twice with identity.anonymousBeyondLoopback: true',
    ],
  ],
  [
    'API keys',
    `${up}identity:\n  apiKeys:\n    - { id: a, sha256: "${digest}" }\n    - { id: a, sha256: "${digest.toUpperCase()}", roles: [y] }\n    - { id: b c, sha256: "${other.slice(1)}", kind: robot, roles: [x, x], expires: tomorrow }\n    - { id: d, sha256: "${other}", notBefore: 2027-01-02T00:00:00Z, expires: 2027-01-01T00:00:00Z }\n    - { id: e }`,
    [
      'guard.yaml:5: /identity/apiKeys/1/sha256: repeats /identity/apiKeys/0/sha256; one key can stand for one principal only',
      'guard.yaml:5: /identity/apiKeys/1: is "a" with other roles than /identity/apiKeys/0; give it an id of its own, or the same facts where a key is being replaced',
      'guard.yaml:6: /identity/apiKeys/2/id: has the wrong form; `subject.id` in policies and audit; 1 to 128 characters without spaces',
      'guard.yaml:6: /identity/apiKeys/2/sha256: has the wrong form; SHA-256 of the whole key text, prefix included, as 64 hex digits (`mcp-guard hash-key` prints it); unique in the list',
      'guard.yaml:6: /identity/apiKeys/2/kind: must be one of user, service; `subject.kind` in policies: user or service',
      'guard.yaml:6: /identity/apiKeys/2/roles: entry 0 and entry 1 are the same; `subject.roles` in policies, at most 256',
      'guard.yaml:6: /identity/apiKeys/2/expires: must be an instant with a time zone, such as 2027-01-01T00:00:00Z; instant from which the key is dead, in RFC 3339 with a time zone, such as 2027-01-01T00:00:00Z',
      'guard.yaml:7: /identity/apiKeys/3/notBefore: is not before expires; let notBefore be earlier than expires',
      'guard.yaml:8: /identity/apiKeys/4: "sha256" is missing; add it: SHA-256 of the whole key text, prefix included, as 64 hex digits (`mcp-guard hash-key` prints it); unique in the list',
    ],
  ],
  [
    'limits',
    `${up}limits:\n  default:\n    - { name: a, tokens: 5, per: 1m, cost: 6 }\n    - { name: a, tokens: 5, per: 1m, burst: 10, cost: 6 }\n    - { name: b, tokens: 0, per: 32d }`,
    [
      'guard.yaml:4: /limits/default/0/cost: 6 is more than the bucket ever holds (5); raise burst or lower cost, else every call is refused',
      'guard.yaml:5: /limits/default/1/name: repeats /limits/default/0/name; give each bucket its own name',
      'guard.yaml:6: /limits/default/2/tokens: must be above 0 and at most 1000000000; tokens that flow in per `per`, above 0, at most 1000000000',
      'guard.yaml:6: /limits/default/2/per: must be a duration between 1s and 31d, such as 250ms, 5s, 10m or 24h; time in which `tokens` flow in, 1s to 31d',
      'guard.yaml:6: /limits/default/2/cost: 1 is more than the bucket ever holds (0); raise burst or lower cost, else every call is refused',
    ],
  ],
  [
    'a policy from the network in the clear',
    `${up}policy: { path: "http://bundles.example.com/b.tar.gz" }`,
    [
      'guard.yaml:2: /policy/path: is http and not on this machine: whoever is on the way can change the answer; use https',
    ],
  ],
  [
    'a policy from elsewhere',
    `${up}policy: { path: "s3://bundles/b.tar.gz" }`,
    ['guard.yaml:2: /policy/path: is not an https URL; write it like https://host/path'],
  ],
  [
    'a policy asked for with a password in the URL and two tokens',
    `${up}policy:\n  path: https://a:b@bundles.example.com/b\n  poll: { interval: 10ms, longPoll: 6m, token: a, tokenFile: b }`,
    [
      'guard.yaml:3: /policy/path: holds credentials; remove user and password; they would be logged and shown',
      'guard.yaml:4: /policy/poll/interval: must be a duration between 1s and 24h, such as 250ms, 5s, 10m or 24h; time between two questions whether there is a new bundle, 1s to 24h, up to a tenth more by chance',
      'guard.yaml:4: /policy/poll/longPoll: must be a duration between 0s and 5m, such as 250ms, 5s, 10m or 24h; how long a server that knows long polling may keep a question open until there is a new bundle, 0s to 5m; 0s never asks for it',
      'guard.yaml:4: /policy/poll/tokenFile: is a second token, beside /policy/poll/token; keep one of the two',
    ],
  ],
  ...keys.map(([what, verify, problem]): readonly [string, string, readonly string[]] => [
    `a key of signatures: ${what}`,
    `${up}policy: { verify: ${JSON.stringify(verify)} }`,
    [`guard.yaml:2: /policy/verify${problem}`],
  ]),
  [
    'a budget and time zones that cannot be',
    `${up}policy:\n  budget: 9999\n  timeZones: [Mars/Olympus, "+02:00", Europe/Berlin, Europe/Berlin]`,
    [
      'guard.yaml:3: /policy/budget: must be at least 10000 and at most 100000000; most work of one evaluation of the policy in units, 10000 to 100000000',
      'guard.yaml:4: /policy/timeZones: entry 2 and entry 3 are the same; IANA names of time zones, such as `Europe/Berlin`, whose clocks the policy is told as `input.context.zones`; at most 16',
      'guard.yaml:4: /policy/timeZones/0: "Mars/Olympus" is not a time zone that this machine knows; write an IANA name such as Europe/Berlin',
      'guard.yaml:4: /policy/timeZones/1: "+02:00" is not a time zone that this machine knows; write an IANA name such as Europe/Berlin',
    ],
  ],
  [
    'a catalogue that is believed for ever',
    `${up}catalogue: { maxAge: 2h }`,
    [
      'guard.yaml:2: /catalogue/maxAge: must be a duration between 1s and 1h, such as 250ms, 5s, 10m or 24h; how long what a server said of an item is believed without asking again, 1s to 1h',
    ],
  ],
  [
    'short and repeated session keys',
    `${up}sessions: { keys: [hunter2, "${'k'.repeat(32)}", "${'k'.repeat(32)}"] }`,
    [
      'guard.yaml:2: /sessions/keys/0: must have at least 32 characters; one secret',
      'guard.yaml:2: /sessions/keys: entry 1 and entry 2 are the same; secrets of 32 to 1024 characters, at most 16: the first seals, all open, so a key is rotated by putting a new one first',
    ],
  ],
]

for (const [what, text, expected] of refused) {
  test(`refuses ${what}`, () => {
    const problems = problemsOf(loadText(text))
    assert.equal(problems, expected)
    assert.not.match(problems.join(), /hunter2/)
  })
}

test('says everything at once: the schema, the cross checks and the references', () => {
  const text = `${up}lisen: {}\nadmin: { host: 10.0.0.1 }\naudit: { file: "\${env:MCP_GUARD_TEST_UNSET}" }`
  assert.is(problemsOf(loadText(text)).length, 3)
})

test.run()
