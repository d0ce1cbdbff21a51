/** The Inspector's command line, pinned to 2026-07-28, with every kind of server. */
import { test } from 'uvu'
import { matrixTests } from '../support/peer-matrix-test.js'

matrixTests({
  rows: [
    { client: 'inspector', mode: 'modern', over: 'direct' },
    { client: 'inspector', mode: 'modern', over: 'http' },
    { client: 'inspector', mode: 'modern', over: 'sse' },
    { client: 'inspector', mode: 'modern', over: 'stdio' },
  ],
  expected: `
l list  c call  d denied             everything  everything  everything  filesystem  memory  fixture   fixture
p progress  x cancel  e elicitation  http        sse         stdio       stdio       stdio   http      stdio
inspector modern, direct             1           1           1           1           1       lc --- 2  lc --- 2
inspector modern, http               1           1           1           1           1       lcd--- 2  lcd--- 2
inspector modern, sse                1           1           1           1           1       lcd--- 2  lcd--- 2
inspector modern, stdio              1           1           1           1           1       lcd--- 2  lcd--- 2
1: Version negotiation failed: the server did not offer pinned protocol version 2026-07-28 via server/discover (no fallback in pin mode)
2: progress: no progress before: Done. | cancel: Unsupported method: notifications/cancelled | elicitation: Cannot request input 'form' (elicitation/create): the request's client capabilities do not declare the required capability
`,
})

test.run()
