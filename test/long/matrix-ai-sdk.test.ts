/** A client that shares no code with the SDKs, on every transport with every kind of server. */
import { test } from 'uvu'
import { matrixTests } from '../support/peer-matrix-test.js'

matrixTests({
  rows: [
    { client: 'ai-sdk', mode: 'legacy', over: 'direct' },
    { client: 'ai-sdk', mode: 'legacy', over: 'http' },
    { client: 'ai-sdk', mode: 'legacy', over: 'sse' },
    { client: 'ai-sdk', mode: 'legacy', over: 'stdio' },
  ],
  expected: `
l list  c call  d denied             everything  everything  everything  filesystem  memory    fixture   fixture
p progress  x cancel  e elicitation  http        sse         stdio       stdio       stdio     http      stdio
ai-sdk legacy, direct                lc --e 1    lc --e 1    lc --e 1    lc --- 2    lc --- 2  lc --e 3  lc --e 3
ai-sdk legacy, http                  lcd--e 1    lcd--e 1    lcd--e 1    lcd--- 2    lcd--- 2  lcd--e 3  lcd--e 3
ai-sdk legacy, sse                   lcd--e 1    lcd--e 1    lcd--e 1    lcd--- 2    lcd--- 2  lcd--e 3  lcd--e 3
ai-sdk legacy, stdio                 lcd--e 1    lcd--e 1    lcd--e 1    lcd--- 2    lcd--- 2  lcd--e 3  lcd--e 3
1: progress: no progress before: Long running operation completed | cancel: Request was aborted; the server was not told
2: progress, cancel: MCP error -32602: Tool trigger-long-running-operation not found | elicitation: MCP error -32602: Tool trigger-elicitation-request not found
3: progress: no progress before: Done. | cancel: Request was aborted; the server was not told
`,
})

test.run()
