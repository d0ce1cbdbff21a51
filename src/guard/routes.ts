/** The servers of the configuration as routes: which adapter reaches each, with which credential. */
import type { HttpUpstreamConfig, SseUpstreamConfig, UpstreamConfig } from '../config/config.js'
import type { Fetcher } from '../fetcher/fetcher.js'
import {
  createUpstreamCredential,
  type UpstreamCredential,
} from '../identity/upstream-credential.js'
import type { Back, BackEvents } from '../proxy/back/back.js'
import { createHttpBack } from '../proxy/back/http.js'
import { createSseBack } from '../proxy/back/sse.js'
import { createStdioBack } from '../proxy/back/stdio.js'
import type { Route } from '../proxy/steps.js'

/** `fetcher`: for tokens of the gateway's own. */
export function routeTo(upstream: UpstreamConfig, events: BackEvents, fetcher: Fetcher): Route {
  const { name, labels, timeoutMs } = upstream
  return { server: { name, labels }, back: backOf(upstream, events, fetcher), timeoutMs }
}

function backOf(upstream: UpstreamConfig, events: BackEvents, fetcher: Fetcher): Back {
  switch (upstream.transport) {
    case 'http':
      return createHttpBack({ ...upstream, credential: credentialOf(upstream, fetcher) })
    case 'sse':
      return createSseBack({ ...upstream, credential: credentialOf(upstream, fetcher) }, events)
    case 'stdio':
      return createStdioBack(upstream, events)
    default:
      return upstream satisfies never
  }
}

function credentialOf(
  { credential }: HttpUpstreamConfig | SseUpstreamConfig,
  fetcher: Fetcher,
): UpstreamCredential | null {
  return credential === null ? null : createUpstreamCredential(credential, { fetcher })
}
