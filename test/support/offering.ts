/**
 * A server whose lists a test changes while it runs: what it offers, in which pages, and what else
 * it does when it is asked. Counts who asks for what.
 */
import type { ServerResponse } from 'node:http'
import type { ListKind } from '../../src/domain.js'
import { listMethods, listOf } from '../../src/mcp/methods.js'
import { event, events, json, result, type Seen, startUpstream, type Upstream } from './upstream.js'

export type Pages = readonly (readonly object[])[]

export interface Offering {
  readonly upstream: Upstream
  /** Each list in pages; a cursor is `p` and the page's index. */
  offer: Partial<Record<ListKind, Pages>>
  /** Members beside the list, such as `cacheScope`. */
  more: object
  /** Answers instead when it returns true. */
  instead: (seen: Seen, response: ServerResponse) => boolean
  sse: boolean
  /** Requests for lists so far, those of the gateway itself and those of clients. */
  asked(kind: ListKind): { own: Seen[]; clients: Seen[] }
  /** Calls and other uses that arrived, by what they name. */
  used(): unknown[]
  clear(): void
}

export async function startOffering(): Promise<Offering> {
  let sessions = 0
  const upstream = await startUpstream((seen, response) => {
    const { id, method, params } = seen.message
    if (offering.instead(seen, response)) return
    if (seen.verb === 'GET') return events(response, ': open\n\n')
    if (id === undefined || method === undefined) {
      response.writeHead(seen.verb === 'DELETE' ? 204 : 202).end()
      return
    }
    if (method === 'initialize') {
      sessions += 1
      response.setHeader('mcp-session-id', `session-${sessions}`)
    }
    const kind = listOf(method)
    const value =
      kind === null
        ? { content: [{ type: 'text', text: 'done' }] }
        : pageOf(offering, kind, params?.['cursor'])
    if (!offering.sse) return json(response, result(id, value))
    events(response, event(result(id, value)))
    response.end()
  })
  const offering: Offering = {
    upstream,
    offer: {},
    more: {},
    instead: () => false,
    sse: false,
    asked(kind) {
      const all = upstream.seen.filter(({ message }) => message.method === listMethods[kind])
      const isOwn = ({ message }: Seen) => String(message.id).startsWith('mcp-guard-')
      return { own: all.filter(isOwn), clients: all.filter((seen) => !isOwn(seen)) }
    },
    used() {
      return upstream.seen.flatMap(({ message: { method = '', params } }) =>
        /^(tools\/call|prompts\/get|resources\/read)$/.test(method)
          ? [params?.['name'] ?? params?.['uri']]
          : [],
      )
    },
    clear() {
      upstream.seen.length = 0
      offering.offer = {}
      offering.more = {}
      offering.instead = () => false
      offering.sse = false
    },
  }
  return offering
}

function pageOf(offering: Offering, kind: ListKind, cursor: unknown): object {
  const pages = offering.offer[kind] ?? [[]]
  const index = typeof cursor === 'string' ? Number(cursor.slice(1)) : 0
  const isLast = index + 1 >= pages.length
  return {
    [kind]: pages[index] ?? [],
    ...offering.more,
    ...(isLast ? {} : { nextCursor: `p${index + 1}` }),
  }
}
