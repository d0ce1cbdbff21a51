/**
 * The one client with which the gateway asks other services on its own account. Guarded, because
 * what it fetches decides who is believed, and parts of the addresses come from other services:
 * https or this machine only, no redirects, no cookies, no proxy of the environment, certificates
 * verified, addresses of private networks and metadata services refused when they are connected to,
 * sizes, times and the number of requests bounded. What stands in an answer is for whoever asked.
 */
// undici's index loads a browser's fetch and more, and is never used.
import Pool from 'undici/lib/dispatcher/pool.js'
import type { Json } from '../domain.js'
import { type ErrorCode, GuardError } from '../errors.js'
import type { AddressKind } from '../lib/ip.js'
import { readServiceUrl } from '../lib/service-url.js'
import { parseStrict } from '../mcp/json.js'
import type { BytesAnswer, BytesAsked, Fetcher, FetchRules, Form } from './fetcher.js'
import { checkAddress, guardedLookup, type Resolve, systemResolve } from './guarded-lookup.js'
import { describeAnswer, describeFailure } from './problems.js'
import { type Expected, type Transfer, type Transferred, transfer, Unusable } from './transfer.js'

export interface FetcherOptions {
  /** Default: the system's resolver. */
  readonly resolve?: Resolve
}

interface Service {
  readonly pool: Pool
  inFlight: number
}

const defaultTimeoutMs = 5000
const defaultMaxBytes = 1024 * 1024
const connectTimeoutMs = 5000
/** To one service; a slow one holds up nobody but those who need it. */
const maxConnections = 8
const maxInFlight = 256
/** Connections are kept for so many services; metadata may name another one each time. */
const maxServices = 64

export function createFetcher({ resolve = systemResolve }: FetcherOptions = {}): Fetcher {
  const services = new Map<string, Service>()
  const aborts = new Set<(reason: Error) => void>()
  let closed = false

  function serviceAt(origin: string, allows: (kind: AddressKind) => boolean, key: string): Service {
    const known = services.get(key)
    if (known !== undefined) return known
    for (const [other, { pool, inFlight }] of services) {
      if (services.size < maxServices) break
      if (inFlight > 0) continue
      services.delete(other)
      void pool.destroy()
    }
    const pool = new Pool(origin, {
      connections: maxConnections,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout: connectTimeoutMs,
        lookup: guardedLookup(resolve, allows),
        // NODE_TLS_REJECT_UNAUTHORIZED would turn it off, for whoever is believed too.
        rejectUnauthorized: true,
      },
    })
    const service = { pool, inFlight: 0 }
    services.set(key, service)
    return service
  }

  async function ask<Answer>(
    text: string,
    asked: Omit<Transfer, 'path'>,
    rules: FetchRules,
    { code, use }: Use<Answer>,
  ): Promise<Answer> {
    const unavailable = (service: string, why: string) => new GuardError(code, `${service} ${why}`)
    const read = readServiceUrl(text)
    if (!read.ok) throw unavailable('the address of a service', `${read.problem}; ${read.fix}`)
    const { url, loopback } = read
    try {
      if (closed) throw new Unusable('is not asked any more', 'the gateway is stopping')
      const allows = (kind: AddressKind) => isAllowed(kind, loopback, rules)
      const literal = /^(?:\[(.*)\]|([0-9.]+))$/.exec(url.hostname)
      // An address needs no resolver, so none would look at it.
      if (literal !== null) checkAddress(literal[1] ?? literal[2] ?? '', allows)
      const service = serviceAt(url.origin, allows, `${rules.privateAddresses} ${url.origin}`)
      return use(await send(service, { ...asked, path: url.pathname + url.search }, rules))
    } catch (thrown) {
      throw unavailable(url.origin, describeFailure(thrown))
    }
  }

  async function send(
    service: Service,
    transferred: Transfer,
    { timeoutMs = defaultTimeoutMs, maxBytes = defaultMaxBytes }: FetchRules,
  ): Promise<Transferred> {
    if (service.inFlight >= maxInFlight) {
      throw new Unusable(`has ${maxInFlight} requests under way`, 'see why it is slow')
    }
    let abort: (reason: Error) => void = () => undefined
    service.inFlight += 1
    try {
      return await transfer(service.pool, transferred, { timeoutMs, maxBytes }, (stop) => {
        abort = stop
        aborts.add(stop)
      })
    } finally {
      service.inFlight -= 1
      aborts.delete(abort)
    }
  }

  return {
    getJson: (url, rules) => ask(url, jsonTransfer, rules, json),
    postForm: (url, form, rules) => ask(url, formTransfer(form), rules, json),
    getBytes: (url, asked, rules) => ask(url, bytesTransfer(asked), rules, bytes),
    async close() {
      closed = true
      for (const abort of [...aborts]) {
        abort(new Unusable('was not heard to the end', 'the gateway is stopping'))
      }
      await Promise.all([...services.values()].map(({ pool }) => pool.destroy()))
      services.clear()
    },
  }
}

/** What becomes of an answer, and as what a failure is told. */
interface Use<Answer> {
  readonly code: ErrorCode
  readonly use: (transferred: Transferred) => Answer
}

const json: Use<Json> = { code: 'GUARD_IDENTITY_UNAVAILABLE', use: readJson }
const bytes: Use<BytesAnswer> = { code: 'GUARD_POLICY_UNAVAILABLE', use: readBytes }

const ours = ['accept-encoding', 'identity', 'user-agent', 'mcp-guard']
const oursForJson = ['accept', 'application/json', ...ours]
const expectsJson: Expected = {
  name: 'JSON',
  accepts: (type) => type === 'application/json' || type?.endsWith('+json') === true,
  encodings: [],
  fix: 'see whether the address is right; static files need the type application/json',
}
const jsonTransfer = {
  method: 'GET',
  headers: oursForJson,
  body: null,
  expects: expectsJson,
} as const

const jsonLimits = { maxDepth: 16, maxMembers: 10_000 }

/** A host that says it is this machine must be; another may be where the operator says. */
function isAllowed(kind: AddressKind, loopback: boolean, rules: FetchRules): boolean {
  if (loopback) return kind === 'loopback'
  return kind === 'public' || (rules.privateAddresses && kind !== 'unfit')
}

function formTransfer({ fields, client }: Form): Omit<Transfer, 'path'> {
  const headers = [...oursForJson, 'content-type', 'application/x-www-form-urlencoded']
  if (client !== null) headers.push('authorization', basic(client))
  const body = new URLSearchParams(fields).toString()
  return { method: 'POST', headers, body, expects: expectsJson }
}

function bytesTransfer({ headers, etag, accepts, wanted }: BytesAsked): Omit<Transfer, 'path'> {
  const known = etag === null ? [] : ['if-none-match', etag]
  const expects = {
    name: wanted,
    accepts,
    encodings: ['gzip', 'x-gzip'],
    fix: 'see whether the address is right',
  }
  return { method: 'GET', headers: [...ours, ...headers, ...known], body: null, expects }
}

/** Both parts are encoded as in a form before they are joined (RFC 6749 2.3.1). */
function basic({ id, secret }: { id: string; secret: string }): string {
  const encoded = [id, secret].map((part) => new URLSearchParams({ '': part }).toString().slice(1))
  return `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`
}

function readJson({ status, body }: Transferred): Json {
  if (status !== 200) throw describeAnswer(status, body)
  const parsed = parseStrict(body, jsonLimits, { exactNumbers: false })
  if (parsed.ok) return parsed.value
  const problem = `answers with what cannot be read as JSON (${parsed.problem})`
  throw new Unusable(problem, 'see whether the address is right')
}

function readBytes({ status, body, type, etag }: Transferred): BytesAnswer {
  if (status === 304) return { changed: false, type }
  if (status !== 200) throw describeAnswer(status, body)
  return { changed: true, bytes: body, etag, type }
}
