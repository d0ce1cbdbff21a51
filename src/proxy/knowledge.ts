/**
 * What one exchange learns and uses of the upstream's definitions. Where a policy reads them, a
 * message about an item that is not known waits until the gateway has asked the upstream for the
 * list; a list is judged by the definitions in it. For a policy that does not, nothing of this is
 * looked at: nothing is parsed, kept or asked for.
 */
import type { Reading, Scope } from '../catalogue/catalogue.js'
import type { Definitions, Identity, Json, JsonObject, ListKind, Message } from '../domain.js'
import { changedLists, listItems, listOf, namedItems } from '../mcp/methods.js'
import type { ListPage } from './answer/list-page.js'
import { askForList, type ListQuestion } from './ask-list.js'
import type { Gone, Inbound } from './inbound.js'
import { refuseServerRequest } from './refuse-server.js'
import type { Route, Steps } from './steps.js'
import type { Trail } from './trail.js'
import { replyHeaders } from './upstream-headers.js'

export interface KnowledgeParts {
  readonly steps: Steps
  readonly inbound: Inbound
  readonly trail: Trail
  readonly route: Route
  readonly identity: Identity
}

interface NamedItem {
  readonly type: string
  readonly id: string
}

/** Members of a list's params that do not choose what is in it. */
const pagingParams: ReadonlySet<string> = new Set(['cursor', '_meta'])
/** What of a request's `_meta` says who asks; a server may answer with it in mind (2026-07-28). */
const metaPrefix = 'io.modelcontextprotocol/'
/** As what the gateway asks for lists that are everybody's. */
const gatewayInfo = { name: 'mcp-guard', version: '1' }

export class Knowledge {
  readonly #parts: KnowledgeParts
  #listing: { kind: ListKind; cursor: string | null; reading: Reading } | null = null
  #scopeOf: Scope | null = null

  constructor(parts: KnowledgeParts) {
    this.#parts = parts
  }

  view(): Definitions | null {
    return this.#parts.steps.catalogue.view(this.#scope())
  }

  /**
   * Resolves when no more can be known of what the message names, or at once when whoever asked
   * leaves (`onGone` has been told by then) or a gateway stops. null: no more can be known already.
   */
  ofNamed(onGone: (why: Gone) => void): Promise<Gone | null> | null {
    const { inbound, trail } = this.#parts
    const { message } = trail
    const items = message === null ? null : namedItems(message.method, message.params)
    const known = items === null || items.length === 0 ? null : this.#ensure(items)
    if (known === null) return null
    return new Promise((resolve) => {
      let waiting = true
      inbound.onGone((why) => {
        if (!waiting) return
        waiting = false
        onGone(why)
        resolve(why)
      })
      void known.then(() => {
        waiting = false
        resolve(null)
      })
    })
  }

  /** To be called before the message is sent: the answer may be a list to learn from. */
  expectList(): void {
    const { steps, trail } = this.#parts
    const kind = trail.message?.kind === 'request' ? listOf(trail.message.method) : null
    if (kind === null) return
    const params = trail.message?.params ?? {}
    const cursor = params['cursor'] ?? null
    const isPaging = Object.keys(params).every((name) => pagingParams.has(name))
    if (!isPaging || (cursor !== null && typeof cursor !== 'string')) return
    this.#listing = { kind, cursor, reading: steps.catalogue.reading(this.#scope(), kind) }
  }

  /** What a list that is about to pass is judged by. */
  async ofPage(kind: ListKind, page: ListPage): Promise<Definitions | null> {
    const listing = this.#listing
    if (listing?.kind === kind) {
      return listing.reading.page({ ...page, cursor: listing.cursor })
    }
    // Nobody asked for it: only what the list itself says, when it is asked for, is believed.
    const { type } = listItems[kind]
    await this.#ensure(page.items.map(({ name }) => ({ type, id: name })))
    return this.#parts.steps.catalogue.unasked(this.#scope(), kind, page)
  }

  /** Takes note of what a server's own message says of its lists. */
  heard({ kind, method }: Message): void {
    const changed = kind === 'notification' ? changedLists(method) : []
    if (changed.length > 0) this.#parts.steps.catalogue.changed(this.#scope(), changed)
  }

  /** The session is over. */
  forget(): void {
    this.#parts.steps.catalogue.drop(this.#scope())
  }

  /** Never longer than the upstream may take for any answer. */
  #ensure(items: readonly NamedItem[]): Promise<void> | null {
    const asked = this.#ask(items)
    if (asked === null) return null
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#parts.route.timeoutMs)
      void asked.finally(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #ask(items: readonly NamedItem[]): Promise<void> | null {
    const { steps, route, inbound, trail } = this.#parts
    return steps.catalogue.ensure(this.#scope(), items, (kind, reading, forAll) => {
      const version = ['mcp-protocol-version', this.#scope().protocolVersion ?? '']
      const headers = replyHeaders(forAll ? version : inbound.rawHeaders, trail.session)
      return askForList(
        {
          steps,
          route,
          kind,
          asker: this.#asker(),
          headers,
          meta: this.#meta(forAll),
          onServerMessage: (message) => {
            this.heard(message)
            if (message.kind === 'request') refuseServerRequest(this.#parts, message)
          },
        },
        reading,
      )
    })
  }

  #asker(): ListQuestion['asker'] {
    const { trail, identity } = this.#parts
    return {
      era: trail.asked.era ?? 'legacy',
      sessionId: trail.session?.upstreamId ?? null,
      principal: identity.binding,
    }
  }

  /**
   * Servers vary lists by who is let in, by what the client can do, and some by which client it is.
   * A caller's own list is asked for as that caller, as far as what it says of itself is well-formed.
   * A list that is everybody's may vary by none of them: it is asked for as a client that can do
   * nothing, so that no caller has a say in whether and what everybody gets. A tool that a server
   * shows in a public list to some clients alone is unknown until one of them lists.
   */
  #meta(forAll: boolean): JsonObject | null {
    const { asked, message, classified } = this.#parts.trail
    if (asked.era !== 'modern') return null
    const given = (message?.params?.['_meta'] ?? {}) as JsonObject
    const capabilities = given[`${metaPrefix}clientCapabilities`]
    const client = forAll ? gatewayInfo : (classified?.client ?? null)
    return {
      [`${metaPrefix}protocolVersion`]: this.#scope().protocolVersion,
      [`${metaPrefix}clientCapabilities`]: forAll || !isObject(capabilities) ? {} : capabilities,
      ...(client === null ? {} : { [`${metaPrefix}clientInfo`]: { ...client } }),
    }
  }

  /** One object for the exchange, by which the catalogue knows it again. */
  #scope(): Scope {
    this.#scopeOf ??= this.#describe()
    return this.#scopeOf
  }

  #describe(): Scope {
    const { route, identity, trail } = this.#parts
    const { session, classified, asked } = trail
    return {
      server: route.server.name,
      credential: null,
      era: asked.era ?? 'legacy',
      sessionId: session?.upstreamId ?? null,
      principal: identity.binding,
      protocolVersion: classified?.protocolVersion ?? session?.protocolVersion ?? null,
    }
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
