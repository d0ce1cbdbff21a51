/** The Inspector's command line, over HTTP and HTTP+SSE with every kind of server. */
import { test } from 'uvu'
import { matrixTests } from '../support/peer-matrix-test.js'

matrixTests({
  rows: [
    { client: 'inspector', mode: 'legacy', over: 'direct' },
    { client: 'inspector', mode: 'legacy', over: 'http' },
    { client: 'inspector', mode: 'legacy', over: 'sse' },
  ],
  expected: `
l list  c call  d denied             everything  everything  everything  filesystem  memory    fixture   fixture
p progress  x cancel  e elicitation  http        sse         stdio       stdio       stdio     http      stdio
inspector legacy, direct             lc --- 1    lc --- 1    lc --- 1    lc --- 2    lc --- 2  lc --- 3  lc --- 3
inspector legacy, http               lcd--- 1    lcd--- 1    lcd--- 1    lcd--- 2    lcd--- 2  lcd--- 3  lcd--- 3
inspector legacy, sse                lcd--- 1    lcd--- 1    lcd--- 1    lcd--- 2    lcd--- 2  lcd--- 3  lcd--- 3
1: progress: no progress before: Long running operation completed | cancel: Unsupported method: notifications/cancelled | elicitation: Tool 'trigger-elicitation-request' not found on server.
2: progress: Tool 'trigger-long-running-operation' not found on server. | cancel: Unsupported method: notifications/cancelled | elicitation: Tool 'trigger-elicitation-request' not found on server.
3: progress: no progress before: Done. | cancel: Unsupported method: notifications/cancelled | elicitation: Cannot request input 'form' (elicitation/create): the client on this 2025-era connection did not declare the required capability
`,
})

test.run()
