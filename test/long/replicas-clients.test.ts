/**
 * The SDKs' clients reach servers through two processes with one key, behind an address that gives
 * each request to the next of them, and every step is as it is through one: over Streamable HTTP to
 * a server of Streamable HTTP. Other servers' sessions are a process's own, which
 * test/proxy/replicas.test.ts shows.
 */
import { test } from 'uvu'
import { matrixTests } from '../support/peer-matrix-test.js'
import { startReplicas } from '../support/replicas.js'

matrixTests({
  rows: [
    { client: 'sdk-v1', mode: 'legacy', over: 'direct' },
    { client: 'sdk-v1', mode: 'legacy', over: 'http' },
    { client: 'sdk-v2', mode: 'legacy', over: 'direct' },
    { client: 'sdk-v2', mode: 'legacy', over: 'http' },
    { client: 'sdk-v2', mode: 'auto', over: 'direct' },
    { client: 'sdk-v2', mode: 'auto', over: 'http' },
    { client: 'sdk-v2', mode: 'modern', over: 'direct' },
    { client: 'sdk-v2', mode: 'modern', over: 'http' },
  ],
  instead: { columns: ['everything http', 'fixture http'], start: startReplicas },
  expected: `
l list  c call  d denied             everything  everything  everything  filesystem  memory  fixture  fixture
p progress  x cancel  e elicitation  http        sse         stdio       stdio       stdio   http     stdio
sdk-v1 legacy, direct                lc pxe                                                  lc pxe
sdk-v1 legacy, http                  lcdpxe                                                  lcdpxe
sdk-v2 legacy, direct                lc pxe                                                  lc pxe
sdk-v2 legacy, http                  lcdpxe                                                  lcdpxe
sdk-v2 auto, direct                  lc pxe                                                  lc pxe
sdk-v2 auto, http                    lcdpxe                                                  lcdpxe
sdk-v2 modern, direct                1                                                       lc pxe
sdk-v2 modern, http                  1                                                       lcdpxe
1: Version negotiation failed: the server did not offer pinned protocol version 2026-07-28 via server/discover (no fallback in pin mode)
`,
})

test.run()
