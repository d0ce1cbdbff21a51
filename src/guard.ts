/**
 * The composition root: Config → Guard. The only file that imports every concrete adapter. Nothing
 * listens before the policy is active; closing happens in reverse order.
 */
import { randomBytes } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import { openAuditLog } from './audit/audit-log.js'
import { createCatalogue } from './catalogue/catalogue.js'
import type { Config, UpstreamConfig } from './config/config.js'
import type { Limit, Observer, Server, Subject } from './domain.js'
import { describeThrown, GuardError } from './errors.js'
import { createFetcher } from './fetcher/create-fetcher.js'
import { openIdentity } from './guard/identity.js'
import { createKeySources } from './guard/keys.js'
import { certificateVerifier, listenerOf, readTls } from './guard/listener.js'
import { introspectionOf, protectedResources } from './guard/oauth.js'
import { openPolicySource } from './guard/policy-source.js'
import { routeTo } from './guard/routes.js'
import { tokenVerifiers } from './guard/tokens.js'
import { certificateHeaders } from './identity/certificate/presented.js'
import { type Claim, identifyAs } from './identity/identify-as.js'
import { systemClock } from './lib/clock.js'
import { createIdSource } from './lib/ids.js'
import { createSealer } from './lib/seal.js'
import { createMemoryLimiter } from './limit/memory.js'
import { isKnownMethod } from './mcp/methods.js'
import { createPolicyHolder } from './policy/activate.js'
import type { AdmitRules } from './proxy/admit.js'
import type { TellDropped } from './proxy/back/drops.js'
import { mayPost, openDownlink } from './proxy/downlink.js'
import { createAdminFront } from './proxy/front/admin.js'
import { answerProbe } from './proxy/front/health.js'
import { createHttpFront } from './proxy/front/http.js'
import { answerMetadata, metadataDocuments } from './proxy/front/resource-metadata.js'
import { createSseFront } from './proxy/front/sse.js'
import { createStdioFront, type StdioFront } from './proxy/front/stdio.js'
import { createIds } from './proxy/ids.js'
import type { Inbound } from './proxy/inbound.js'
import { createLastSeen, notRemembered } from './proxy/last-seen.js'
import { createPipeline } from './proxy/pipeline.js'
import { watchReadiness } from './proxy/readiness.js'
import { record } from './proxy/refuse.js'
import { createSessions } from './proxy/session.js'
import type { Steps } from './proxy/steps.js'
import { createStreamShare } from './proxy/stream-share.js'
import { createStreams } from './proxy/streams.js'
import { startTrail, toAuditEvent } from './proxy/trail.js'
import { createMetrics } from './telemetry/metrics.js'
import { combine } from './telemetry/observers.js'

export interface Guard {
  /** Starts both listeners. Rejects when a port is taken. */
  listen(): Promise<{ url: string; adminUrl: string | null }>
  /**
   * Serves one client over standard streams instead of listening. Throws GuardError
   * GUARD_CONFIG_INVALID where nobody can be identified, GUARD_UPSTREAM_UNREACHABLE when the server
   * has ended the client's session. `started` is called once it is served. Resolves when it has
   * gone.
   */
  serve(client: StdioClient, started?: () => void): Promise<void>
  /**
   * Compiles and activates the policy anew; on any problem the active one stays. Also opens the
   * audit file anew, for whoever rotates it.
   */
  reload(): Promise<{ ok: boolean; message: string }>
  /** Lets calls in flight finish within the configured time, then closes everything. */
  close(): Promise<void>
}

/** One client for the life of the process. */
export interface StdioClient {
  readonly input: Readable
  readonly output: Writable
  /** The upstream that it reaches, by name. */
  readonly server: string
  readonly claim: Claim
}

/** Clients that start servers kill those that have not ended two seconds after a SIGTERM. */
const stdioStopMs = 1000
const sessionLostText =
  'the server does not know the session any more, and a client over stdio cannot be told: start the command again for a new one'
const maxLimitKeys = 100_000

/**
 * Throws GuardError GUARD_CONFIG_INVALID or GUARD_POLICY_INVALID, one problem a line in its message.
 * `observer` sees everything that is logged and every outcome. `trial`: to find out whether a gateway
 * can be made of it, without leaving anything on disk and without asking the server of a policy.
 */
export async function createGuard(
  config: Config,
  options: { observer: Observer; cacheDir?: string | null; trial?: boolean },
): Promise<Guard> {
  const listener = listenerOf(config.listen)
  const certificates = certificateVerifier(config)
  const metrics = createMetrics({ isKnownMethod })
  const observer = combine([options.observer, metrics.observer])
  const policy = createPolicyHolder(observer, config.policy)
  const fetcher = createFetcher()
  const keySources = createKeySources(fetcher, observer)
  const resources = protectedResources(config)
  const { oauth } = config.identity
  const tokens = await tokenVerifiers(config.identity, keySources.keysOf, resources)
  const identity = await openIdentity(config.identity, observer, {
    certificates,
    tokens,
    introspection: (keys) =>
      oauth === null ? null : introspectionOf(oauth, { fetcher, resources, keys }),
  })
  const streams = createStreams(Date.now, identity.keys.withdrawn)
  const source = await openPolicySource(
    {
      config: config.policy,
      policy,
      observer,
      fetcher,
      cacheDir: options.cacheDir,
      activated: () => void streams.reconsider(),
    },
    { trial: options.trial ?? false },
  )
  try {
    await source.begin()
  } catch (thrown) {
    await source.stop()
    throw thrown
  }
  const keys = sessionKeys(config, observer)
  const audit = openAuditLog({ target: config.audit.file, observer })
  const routes = new Map(
    config.upstreams.map((upstream) => {
      const dropped: TellDropped = (code, count) => recordDropped(upstream, code, count)
      return [upstream.path, routeTo(upstream, { observer, dropped }, fetcher)]
    }),
  )
  const { readiness, stop } = watchReadiness(config.upstreams, routes, () => policy.current())
  const steps: Steps = {
    clock: systemClock,
    nextRequestId: createIdSource(),
    admission: admission(config),
    routes,
    identify: identity.identify,
    jsonLimits: config.listen,
    sessions: createSessions(createSealer(keys, 'session'), Date.now),
    ids: createIds({
      requests: createSealer(keys, 'server-request'),
      tasks: createSealer(keys, 'task'),
    }),
    policy,
    catalogue: createCatalogue({ clock: systemClock, maxAgeMs: config.catalogue.maxAgeMs }),
    limiter: createMemoryLimiter({ clock: systemClock, maxKeys: maxLimitKeys }),
    defaultLimits: (subject) => defaultLimits(config, subject),
    audit,
    observer,
    streams,
    streamShare: createStreamShare(config.listen.maxConnections),
    lastSeen: config.sessions.keys.length > 0 ? notRemembered : createLastSeen(),
    refusals: config.refusals,
    protectedResources: resources,
  }
  /** Something came that is no message to handle. */
  function recordUnusable(
    transport: Inbound['transport'],
    code: string,
    { status, ip, server = null }: { status: number | null; ip: string; server?: Server | null },
  ): void {
    const trail = startTrail({ ip, transport, verb: '' }, steps)
    trail.server = server
    const ending = { event: 'refused', outcome: 'rejected', code, status } as const
    try {
      const at = { nowMs: trail.nowMs, monotonicMs: trail.startedMs }
      record(steps, toAuditEvent(trail, ending, at))
    } catch (thrown) {
      observer.log?.('error', `a refusal was not recorded: ${describeThrown(thrown)}`, { code })
    }
  }
  /** A server said something that belongs to no exchange, so many times. */
  function recordDropped(upstream: UpstreamConfig, code: string, count: number): void {
    const { name, labels, transport } = upstream
    observer.log?.('warn', 'what a server said was dropped', { server: name, code, count })
    const trail = startTrail({ ip: '', transport, verb: '' }, steps)
    trail.server = { name, labels }
    const ending = { event: 'dropped', outcome: 'failed', code, status: null } as const
    try {
      const at = { nowMs: trail.nowMs, monotonicMs: trail.startedMs }
      const event = toAuditEvent(trail, { ...ending, dropped: count }, at)
      record(steps, { ...event, direction: 'server' })
    } catch (thrown) {
      observer.log?.('error', `a drop was not recorded: ${describeThrown(thrown)}`, { code })
    }
  }
  const pipeline = createPipeline(steps)
  const sse = createSseFront(
    {
      paths: new Set(routes.keys()),
      jsonLimits: config.listen,
      credentialHeaders: certificateHeaders(config.identity.clientCertificates?.format ?? null),
    },
    {
      handle: pipeline,
      open: (inbound, onOpen) => openDownlink(steps, inbound, onOpen),
      mayPost: (inbound) => mayPost(steps, inbound),
      unusable: (code, { ip }) => recordUnusable('sse', code, { status: 400, ip }),
    },
  )
  const documents = metadataDocuments(resources.values())
  const front = createHttpFront(listener, {
    handle: (inbound) => (sse.handlerOf(inbound) ?? pipeline)(inbound),
    probe: (request, response) =>
      answerProbe(request, response, { readiness }) ||
      answerMetadata(request, response, documents, steps.admission),
    unreadable: (code, status, ip) => recordUnusable('http', code, { status, ip }),
  })
  let stdio: StdioFront | null = null
  const admin = createAdminFront(config.admin, {
    metrics: () => metrics.render(),
    readiness,
    async details() {
      const { ready, reason } = await readiness()
      const upstreams = config.upstreams.map(({ name, path, required }) => ({
        name,
        path,
        required,
      }))
      return {
        status: 'healthy',
        ready,
        reason,
        policy: source.health(),
        upstreams,
      }
    },
  })
  let closing: Promise<void> | null = null

  async function close(): Promise<void> {
    stop()
    const sourceStopped = source.stop()
    identity.stop()
    await Promise.all([
      front.drain(config.listen.drainTimeoutMs),
      sse.drain(config.listen.drainTimeoutMs),
      stdio?.drain(Math.min(config.listen.drainTimeoutMs, stdioStopMs)),
    ])
    await Promise.all([...routes.values()].map(({ back }) => back.close()))
    await Promise.all([sourceStopped, fetcher.close()])
    await admin.close()
    await audit.close()
  }

  source.start()
  identity.start(() => void streams.recheck())

  return {
    async listen() {
      keySources.start()
      const at = await front.listen()
      const adminAt = await admin.listen()
      const scheme = listener.tls === null ? 'http' : 'https'
      return { url: urlOf(at, scheme), adminUrl: urlOf(adminAt) }
    },
    async serve({ input, output, server: name, claim }, started) {
      const upstream = config.upstreams.find((one) => one.name === name)
      if (upstream === undefined) {
        throw new GuardError('GUARD_CONFIG_INVALID', `there is no upstream \`${name}\``)
      }
      const { anonymous } = config.identity
      const identify = identifyAs({ keys: identity.keys, anonymous }, claim)
      const server = { name, labels: upstream.labels }
      const { maxBodyBytes, drainTimeoutMs } = config.listen
      stdio = createStdioFront(
        {
          input,
          output,
          target: upstream.path,
          maxBodyBytes,
          drainTimeoutMs,
          jsonLimits: config.listen,
        },
        {
          handle: createPipeline({ ...steps, identify }),
          unusable: (code) => recordUnusable('stdio', code, { status: null, ip: '', server }),
        },
      )
      started?.()
      await stdio.ended
      if (stdio.sessionLost) throw new GuardError('GUARD_UPSTREAM_UNREACHABLE', sessionLostText)
    },
    async reload() {
      try {
        audit.reopen()
      } catch (thrown) {
        observer.log?.('error', `the audit goes on in its old file: ${describeThrown(thrown)}`)
      }
      try {
        if (config.listen.tls !== null) front.renew(readTls(config.listen.tls))
      } catch (thrown) {
        observer.log?.('error', `TLS goes on with its old files: ${describeThrown(thrown)}`)
      }
      identity.reload()
      return source.reload()
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

/** Names under which the gateway may be addressed: loopback only reaches a loopback listener. */
function admission({ listen }: Config): AdmitRules {
  const hosts = new Set(['localhost', '127.0.0.1', '[::1]', bracketed(listen.host)])
  for (const host of listen.allowedHosts) hosts.add(host.toLowerCase())
  const origins = new Set(listen.allowedOrigins)
  if (listen.publicUrl !== null) {
    const { hostname, origin } = new URL(listen.publicUrl)
    hosts.add(hostname)
    origins.add(origin)
  }
  return { hosts, origins, maxHeaders: listen.maxHeaders }
}

function sessionKeys(config: Config, observer: Observer): readonly string[] {
  if (config.sessions.keys.length > 0) return config.sessions.keys
  observer.log?.(
    'info',
    'sessions.keys is not set: sessions and tasks end with this process, other replicas do not know them',
  )
  return [randomBytes(32).toString('base64url')]
}

function defaultLimits(config: Config, subject: Subject): readonly Limit[] {
  return config.limits.default.map((limit) => ({
    ...limit,
    tier: 'default',
    key: [subject.issuer, subject.tenant ?? '', subject.id],
  }))
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host.toLowerCase()
}

function urlOf({ host, port }: { host: string; port: number }, scheme = 'http'): string {
  return `${scheme}://${bracketed(host)}:${port}`
}
