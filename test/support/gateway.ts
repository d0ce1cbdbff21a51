/**
 * A whole gateway in this process, made as the command makes it: a configuration file, a policy
 * folder compiled by the product's compiler (cached, so that only the first run of all compiles), an
 * audit file. Everything lives in a temporary folder and on free ports.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../src/config/load.js'
import type { AuditEvent, JsonObject, Observer } from '../../src/domain.js'
import { createGuard, type Guard } from '../../src/guard.js'
import { folderOf } from '../rego/folder.js'
import { type Answer, Connection } from './connection.js'

/** Shared by all files of a run and by the next run. */
export const testCacheDir = fileURLToPath(new URL('../../.test-cache/mcp-guard', import.meta.url))

export type PolicyFiles = Readonly<Record<string, string>>

export interface GatewayOptions {
  /** Name → URL, or the whole configuration of an upstream. */
  readonly upstreams: Readonly<Record<string, string | JsonObject>>
  /** Id → roles. Default: one caller, alice, without roles. */
  readonly callers?: Readonly<Record<string, readonly string[]>>
  /** Id → further members of the caller's entry. */
  readonly entries?: Readonly<Record<string, JsonObject>>
  /** `shipped`: the repository's policies. Default: `rolePolicy`. */
  readonly policy?: 'shipped' | PolicyFiles
  /** Beside the policy's path. */
  readonly policyOptions?: JsonObject
  readonly listen?: JsonObject
  readonly admin?: JsonObject
  readonly refusals?: JsonObject
  readonly limits?: JsonObject
  readonly sessions?: JsonObject
  readonly catalogue?: JsonObject
  readonly anonymous?: boolean
  /** Beside the callers' keys. */
  readonly identity?: JsonObject
  /** Called with the policy folder right before the gateway is made. */
  readonly starting?: (policyFolder: string) => void
  /** Default: a file in the temporary folder. */
  readonly auditFile?: string
}

export interface Sent {
  readonly verb?: string
  readonly path?: string
  /** Whose key goes along; null: none. Default alice. */
  readonly as?: string | null
  /** Beside or instead of the usual ones; null leaves one out, an array sends it several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>
  readonly body?: string | Uint8Array | object
}

export interface Gateway {
  readonly url: string
  readonly adminUrl: string
  readonly guard: Guard
  readonly folder: string
  readonly policyFolder: string
  readonly logged: readonly string[]
  /** The bytes of a request; its connection stays open for the next one. */
  request(sent: Sent): Buffer
  /** Sends on a new connection, whose answer is still to be read. */
  open(sent: Sent): Promise<Connection>
  send(sent: Sent): Promise<Answer>
  admin(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** All events so far. */
  audit(): Promise<AuditEvent[]>
  /** Waits for an event; fails after 5 s and shows what there is. */
  event(wanted: (event: AuditEvent) => boolean): Promise<AuditEvent>
  close(): Promise<void>
}

/**
 * Allows everything but what the caller's roles and a few names say: the role `deny:<method>`
 * denies, `limit:<method>` charges a bucket of one with 1 s to the next, a name that begins with
 * `hidden` is denied, and so is every unknown method.
 */
export const rolePolicy: PolicyFiles = {
  'main.rego': `package mcpguard.main

decision := {"allow": false, "reasons": ["denied-by-test"]} if {
	_denied
} else := {"allow": true, "reasons": ["allowed-by-test"], "limits": _limits}

_denied if concat("", ["deny:", input.action.name]) in input.subject.roles

_denied if startswith(input.resource.id, "hidden")

_denied if startswith(input.resource.id, "file:///hidden")

_denied if input.action["class"] == "unknown"

_limits := [{
	"name": "test", "tier": "bronze", "key": [input.subject.id, input.action.name],
	"cost": 1, "tokens": 10, "per": "10s", "burst": 1,
} |
	concat("", ["limit:", input.action.name]) in input.subject.roles
]
`,
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const folder = folderOf({})
  const { configFile, policyFolder, auditFile } = await writeFiles(folder, options)
  const loaded = loadConfig({ file: configFile })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems, null, 2))
  const logged: string[] = []
  const observer: Observer = {
    log: (level, text) => logged.push(`${level} ${text}`),
    policy: (event) => logged.push(`policy ${JSON.stringify(event)}`),
  }
  options.starting?.(policyFolder)
  const guard = await createGuard(loaded.config, { observer, cacheDir: testCacheDir })
  const { url, adminUrl } = await guard.listen()
  if (adminUrl === null) throw new Error('there is no admin listener')
  const path = `/mcp/${Object.keys(options.upstreams)[0] ?? ''}`
  const request = (sent: Sent) => requestBytes({ path, ...sent }, new URL(url).host)

  async function open(sent: Sent): Promise<Connection> {
    const connection = await Connection.open(url)
    connection.send(request(sent))
    return connection
  }

  async function audit(): Promise<AuditEvent[]> {
    const text = await readFile(auditFile, 'utf8').catch(() => '')
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  }

  return {
    url,
    adminUrl,
    guard,
    folder,
    policyFolder,
    logged,
    request,
    open,
    audit,
    async send(sent) {
      const connection = await open(sent)
      try {
        return await connection.answer()
      } finally {
        connection.close()
      }
    },
    async admin(adminPath, headers = {}) {
      const connection = await Connection.open(adminUrl)
      const host = new URL(adminUrl).host
      const bare = { 'content-type': null, accept: null, ...headers }
      connection.send(requestBytes({ verb: 'GET', as: null, path: adminPath, headers: bare }, host))
      const answer = await connection.answer()
      connection.close()
      return answer
    },
    async event(wanted) {
      const deadline = performance.now() + 5000
      for (;;) {
        const events = await audit()
        const found = events.find(wanted)
        if (found !== undefined) return found
        if (performance.now() > deadline) {
          throw new Error(`no such event in ${JSON.stringify(events, null, 1)}`)
        }
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    async close() {
      await guard.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** The key text of a caller; its digest is in the configuration. */
export function keyOf(id: string): string {
  return `test-key-of-${id}-with-enough-characters`
}

/** The configuration, the policy and the way to the audit, as files below `folder`. */
export async function writeFiles(
  folder: string,
  options: GatewayOptions,
): Promise<{ configFile: string; policyFolder: string; auditFile: string }> {
  const { policy = rolePolicy, callers = { alice: [] } } = options
  const shipped = fileURLToPath(new URL('../../../policies', import.meta.url))
  const policyFolder = policy === 'shipped' ? shipped : join(folder, 'policy')
  if (policy !== 'shipped') await writePolicy(policyFolder, policy)
  const auditFile = options.auditFile ?? join(folder, 'audit.ndjson')
  const upstreams = Object.entries(options.upstreams).map(([name, upstream]) => [
    name,
    typeof upstream === 'string' ? { url: upstream } : upstream,
  ])
  const config = {
    listen: { port: 0, ...options.listen },
    admin: { port: 0, ...options.admin },
    policy: { path: policyFolder, state: join(folder, 'state'), ...options.policyOptions },
    upstreams: Object.fromEntries(upstreams),
    identity: {
      anonymous: options.anonymous ?? false,
      apiKeys: Object.entries(callers).map(([id, roles]) => ({
        id,
        sha256: createHash('sha256').update(keyOf(id)).digest('hex'),
        roles,
        ...options.entries?.[id],
      })),
      ...options.identity,
    },
    audit: { file: auditFile },
    refusals: options.refusals ?? {},
    limits: options.limits ?? {},
    sessions: options.sessions ?? {},
    catalogue: options.catalogue ?? {},
  }
  const configFile = join(folder, 'guard.yaml')
  await writeFile(configFile, JSON.stringify(config), { mode: 0o600 })
  return { configFile, policyFolder, auditFile }
}

export async function writePolicy(folder: string, files: PolicyFiles): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

export function requestBytes(sent: Sent & { path: string }, host: string): Buffer {
  const { verb = 'POST', as = 'alice', path, body } = sent
  const bytes = bodyBytes(body)
  const headers: Record<string, string | readonly string[] | null> = {
    host,
    authorization: as === null ? null : `Bearer ${keyOf(as)}`,
    accept: verb === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
    'content-type': body === undefined ? null : 'application/json',
    'content-length': body === undefined ? null : String(bytes.length),
    ...sent.headers,
  }
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((one) => `${name}: ${one}`),
  )
  const head = `${verb} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes])
}

function bodyBytes(body: Sent['body']): Uint8Array {
  if (body === undefined) return new Uint8Array()
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}
