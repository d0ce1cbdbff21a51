/**
 * A server of one bundle as OPA's bundle protocol has it: ETag, 304, and long polling where it is
 * told to. What it offers can be changed at any time, and so can how it misbehaves.
 */
import type { ServerResponse } from 'node:http'
import { type Asked, type Reply, type Service, startService } from './service.js'

export const bundleType = 'application/vnd.openpolicyagent.bundles'

export interface BundleServer {
  readonly url: string
  readonly asked: readonly Asked[]
  /** Requests answered with a whole bundle, with 304, and kept open. */
  readonly counts: { sent: number; unchanged: number; waiting: number }
  /** The content type of all answers; `bundleType` says that it knows long polling. */
  type: string
  offer(bundle: Uint8Array, etag?: string | null): void
  /** Answers in another way for as long as it is set. */
  instead: Reply | null
  down(): Promise<void>
  up(): Promise<void>
}

export async function startBundleServer(first: Uint8Array): Promise<BundleServer> {
  let bundle = first
  let etag: string | null = '"1"'
  let version = 1
  const waiting = new Set<() => void>()
  const counts = { sent: 0, unchanged: 0, waiting: 0 }

  function send(response: ServerResponse): void {
    counts.sent += 1
    const tag = etag === null ? {} : { etag }
    response.writeHead(200, { 'content-type': server.type, ...tag }).end(bundle)
  }

  function unchanged(response: ServerResponse): void {
    counts.unchanged += 1
    response.writeHead(304, { 'content-type': server.type, etag: etag ?? '' }).end()
  }

  const service: Service = await startService((asked, response) => {
    if (server.instead !== null) return server.instead(asked, response)
    if (etag === null || asked.headers['if-none-match'] !== etag) return send(response)
    const seconds = /;wait=(\d+)/.exec(String(asked.headers['prefer']))?.[1]
    if (seconds === undefined || server.type !== bundleType) return unchanged(response)
    counts.waiting += 1
    const timer = setTimeout(() => {
      waiting.delete(changed)
      unchanged(response)
    }, Number(seconds) * 1000)
    function changed(): void {
      clearTimeout(timer)
      send(response)
    }
    waiting.add(changed)
    response.on('close', () => {
      clearTimeout(timer)
      waiting.delete(changed)
    })
  })
  const server: BundleServer = {
    url: `${service.url}/bundles/main.tar.gz`,
    asked: service.asked,
    counts,
    type: 'application/gzip',
    instead: null,
    offer(next, tag) {
      bundle = next
      version += 1
      etag = tag === undefined ? `"${version}"` : tag
      for (const changed of [...waiting]) changed()
      waiting.clear()
    },
    down: service.down,
    up: service.up,
  }
  return server
}
