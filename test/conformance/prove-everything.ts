/** What the suite finds at server-everything, without a gateway and through one, is the same. */
import * as assert from 'uvu/assert'
import { countOf, differences, scenariosOf } from './compare.js'
import { type Findings, runSuite } from './suite.js'

export async function proveEverything(direct: string, through: string): Promise<void> {
  const [one, other] = [await runNewest(direct), await runNewest(through)]
  for (const findings of [one, other]) {
    const [passed, failed] = [countOf(findings, 'SUCCESS'), countOf(findings, 'FAILURE')]
    console.log(`\n${scenariosOf(findings).length} scenarios, ${passed} passed, ${failed} failed`)
  }
  assert.is(scenariosOf(one).length, 33)
  assert.equal(differences(one, other), [])
}

function runNewest(url: string): Promise<Findings> {
  const args = ['server', '--url', url, '--requirements', '2025-11-25']
  return runSuite('@modelcontextprotocol/conformance', args)
}
