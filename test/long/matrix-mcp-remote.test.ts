/** A client over stdio that mcp-remote takes to the gateway, with every kind of server. */
import { test } from 'uvu'
import { matrixTests } from '../support/peer-matrix-test.js'

matrixTests({
  rows: [
    { client: 'sdk-v1', mode: 'legacy', over: 'direct' },
    { client: 'mcp-remote', mode: 'legacy', over: 'direct' },
    { client: 'mcp-remote', mode: 'legacy', over: 'http' },
    { client: 'mcp-remote', mode: 'legacy', over: 'sse' },
  ],
  expected: `
l list  c call  d denied             everything  everything  everything  filesystem  memory    fixture  fixture
p progress  x cancel  e elicitation  http        sse         stdio       stdio       stdio     http     stdio
sdk-v1 legacy, direct                lc pxe      lc pxe      lc pxe      lc --- 1    lc --- 1  lc pxe   lc pxe
mcp-remote legacy, direct            lc pxe      lc pxe                                        lc pxe
mcp-remote legacy, http              lcdpxe      lcdpxe      lcdpxe      lcd--- 1    lcd--- 1  lcdpxe   lcdpxe
mcp-remote legacy, sse               lcdpxe      lcdpxe      lcdpxe      lcd--- 1    lcd--- 1  lcdpxe   lcdpxe
1: progress, cancel: MCP error -32602: Tool trigger-long-running-operation not found | elicitation: MCP error -32602: Tool trigger-elicitation-request not found
`,
})

test.run()
