/**
 * The lists of a server that a command asks itself: one of the configuration, with the gateway's own
 * credential and for a command with the gateway's own guards, or one at a URL with a key.
 */
import type { UpstreamConfig } from '../config/config.js'
import type { ListKind } from '../domain.js'
import { GuardError } from '../errors.js'
import { cutText, escapeUnprintable } from '../lib/printable.js'
import { describeNetworkFailure } from './endpoint.js'
import { type LiveList, readLists } from './live-lists.js'
import { createMcpClient, rawAnswer } from './mcp-client.js'
import { readVersion } from './version.js'

export type Live<Kind extends ListKind> =
  | { readonly ok: true; readonly lists: Readonly<Record<Kind, LiveList>> }
  | NoAnswer

interface NoAnswer {
  readonly ok: false
  /** In one line, with nothing in it that a terminal would carry out. */
  readonly problem: string
  readonly unauthenticated: boolean
}

export interface Endpoint {
  readonly url: string
  readonly key: string | null
  readonly modern: boolean
}

const timeoutMs = 30_000
/** Of what a server says went wrong. */
const maxProblemLength = 1000
const keptLines = 3

export async function readEndpoint<Kind extends ListKind>(
  { url, key, modern }: Endpoint,
  kinds: readonly Kind[],
): Promise<Live<Kind>> {
  const client = createMcpClient({ url, key, modern, version: readVersion(), timeoutMs })
  try {
    const refused = await client.connect()
    if (refused?.kind === 'error') {
      const { status, message } = refused
      return failed(`${message} (HTTP ${status})`, status === 401)
    }
    const read = await readLists(client, kinds)
    await client.close()
    return read.ok ? read : failed(read.problem)
  } catch (thrown) {
    return failed(describeNetworkFailure(thrown, { who: 'the server', timeoutMs }))
  }
}

export async function readUpstream<Kind extends ListKind>(
  upstream: UpstreamConfig,
  kinds: readonly Kind[],
): Promise<Live<Kind>> {
  const said: string[] = []
  const says = (text: string) => {
    said.push(text)
    if (said.length > keptLines) said.shift()
  }
  const { createUpstreamClient } = await import('../guard/upstream-client.js')
  const client = createUpstreamClient(upstream, readVersion(), says)
  try {
    await client.connect(
      ({ message, status }) => rawAnswer(message, status).answer.kind === 'error',
    )
    const read = await readLists(
      {
        async requestRaw(method, params) {
          const { status, message } = await client.request(method, params)
          return rawAnswer(message, status)
        },
      },
      kinds,
    )
    return read.ok ? read : failed([read.problem, ...said].join('; '))
  } catch (thrown) {
    if (!(thrown instanceof GuardError)) throw thrown
    return failed([thrown.message, ...said].join('; '))
  } finally {
    await client.close()
  }
}

function failed(problem: string, unauthenticated = false): NoAnswer {
  return {
    ok: false,
    problem: escapeUnprintable(cutText(problem, maxProblemLength)),
    unauthenticated,
  }
}
