/** The v2 SDK's client, of one era or the other, on every transport with every kind of server. */
import { test } from 'uvu'
import { matrixTests } from '../support/peer-matrix-test.js'

matrixTests({
  rows: [
    { client: 'sdk-v2', mode: 'legacy', over: 'direct' },
    { client: 'sdk-v2', mode: 'legacy', over: 'http' },
    { client: 'sdk-v2', mode: 'legacy', over: 'sse' },
    { client: 'sdk-v2', mode: 'legacy', over: 'stdio' },
    { client: 'sdk-v2', mode: 'modern', over: 'direct' },
    { client: 'sdk-v2', mode: 'modern', over: 'http' },
    { client: 'sdk-v2', mode: 'modern', over: 'sse' },
    { client: 'sdk-v2', mode: 'modern', over: 'stdio' },
  ],
  expected: `
l list  c call  d denied             everything  everything  everything  filesystem  memory    fixture  fixture
p progress  x cancel  e elicitation  http        sse         stdio       stdio       stdio     http     stdio
sdk-v2 legacy, direct                lc pxe      lc pxe      lc pxe      lc --- 1    lc --- 1  lc pxe   lc pxe
sdk-v2 legacy, http                  lcdpxe      lcdpxe      lcdpxe      lcd--- 1    lcd--- 1  lcdpxe   lcdpxe
sdk-v2 legacy, sse                   lcdpxe      lcdpxe      lcdpxe      lcd--- 1    lcd--- 1  lcdpxe   lcdpxe
sdk-v2 legacy, stdio                 lcdpxe      lcdpxe      lcdpxe      lcd--- 1    lcd--- 1  lcdpxe   lcdpxe
sdk-v2 modern, direct                2           2           2           2           2         lc pxe   lc pxe
sdk-v2 modern, http                  2           2           2           2           2         lcdpxe   lcdpxe
sdk-v2 modern, sse                   2           2           2           2           2         lcdpxe   lcdpxe
sdk-v2 modern, stdio                 2           2           2           2           2         lcdpxe   lcdpxe
1: progress, cancel: MCP error -32602: Tool trigger-long-running-operation not found | elicitation: MCP error -32602: Tool trigger-elicitation-request not found
2: Version negotiation failed: the server did not offer pinned protocol version 2026-07-28 via server/discover (no fallback in pin mode)
`,
})

test.run()
