/** A client of 2026-07-28 over stdio that mcp-remote takes to the gateway. */
import { test } from 'uvu'
import { matrixTests } from '../support/peer-matrix-test.js'

matrixTests({
  rows: [
    { client: 'sdk-v2', mode: 'modern', over: 'direct' },
    { client: 'mcp-remote', mode: 'modern', over: 'direct' },
    { client: 'mcp-remote', mode: 'modern', over: 'http' },
    { client: 'mcp-remote', mode: 'modern', over: 'sse' },
  ],
  expected: `
l list  c call  d denied             everything  everything  everything  filesystem  memory  fixture   fixture
p progress  x cancel  e elicitation  http        sse         stdio       stdio       stdio   http      stdio
sdk-v2 modern, direct                1           1           1           1           1       lc pxe    lc pxe
mcp-remote modern, direct            1           1                                           l- p-e 2
mcp-remote modern, http              1           1           1           1           1       l-dp-e 2  lcdp-e 3
mcp-remote modern, sse               1           1           1           1           1       lcdpxe    lcdpxe
1: Version negotiation failed: the server did not offer pinned protocol version 2026-07-28 via server/discover (no fallback in pin mode)
2: call: Bad Request: the request headers and body disagree: the body carries region="Zürich " but the Mcp-Param-Region header is absent | cancel: not wanted any more; the server went on
3: cancel: not wanted any more; the server went on
`,
})

test.run()
