/** What the suite asks of a server, and how many of its checks the fixture passes by itself. */
import { otherwiseWithGrants } from './otherwise.js'
import type { Row } from './prove-same.js'

export const legacyRows: Readonly<Record<string, Row>> = {
  'newest suite, 2025-11-25': {
    edition: '@modelcontextprotocol/conformance',
    args: ['--requirements', '2025-11-25'],
    scenarios: 33,
    passed: 84,
    failed: 0,
  },
  'suite 0.1.16': {
    edition: 'conformance-legacy',
    args: ['--suite', 'all'],
    scenarios: 32,
    passed: 44,
    failed: 0,
  },
}

/** The server has all of it, and lacks the tasks extension. */
export const modernRow: Row = {
  edition: '@modelcontextprotocol/conformance',
  args: ['--requirements', '2026-07-28'],
  scenarios: 50,
  passed: 164,
  failed: 30,
  otherwise: otherwiseWithGrants,
}
