/** The v2 SDK's client, speaking what the server does, on every transport with every kind of server. */
import { test } from 'uvu'
import { matrixTests } from '../support/peer-matrix-test.js'

matrixTests({
  rows: [
    { client: 'sdk-v2', mode: 'auto', over: 'direct' },
    { client: 'sdk-v2', mode: 'auto', over: 'http' },
    { client: 'sdk-v2', mode: 'auto', over: 'sse' },
    { client: 'sdk-v2', mode: 'auto', over: 'stdio' },
  ],
  expected: `
l list  c call  d denied             everything  everything  everything  filesystem  memory    fixture  fixture
p progress  x cancel  e elicitation  http        sse         stdio       stdio       stdio     http     stdio
sdk-v2 auto, direct                  lc pxe      lc pxe      lc pxe      lc --- 1    lc --- 1  lc pxe   lc pxe
sdk-v2 auto, http                    lcdpxe      lcdpxe      lcdpxe      lcd--- 1    lcd--- 1  lcdpxe   lcdpxe
sdk-v2 auto, sse                     lcdpxe      lcdpxe      lcdpxe      lcd--- 1    lcd--- 1  lcdpxe   lcdpxe
sdk-v2 auto, stdio                   lcdpxe      lcdpxe      lcdpxe      lcd--- 1    lcd--- 1  lcdpxe   lcdpxe
1: progress, cancel: MCP error -32602: Tool trigger-long-running-operation not found | elicitation: MCP error -32602: Tool trigger-elicitation-request not found
`,
})

test.run()
