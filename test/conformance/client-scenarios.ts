/** The suite's scenarios of a client whose way to the suite's server leads through a gateway. */
import * as assert from 'uvu/assert'
import { complaints, countOf } from './compare.js'
import type { Gateways } from './gateways.js'
import { runSuite } from './suite.js'

/** Scenario → the checks that it makes of the same client without a gateway. */
export const clientRows: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  '2025-11-25': {
    initialize: 1,
    tools_call: 2,
    'elicitation-sep1034-client-defaults': 5,
    'sse-retry': 3,
    'json-schema-2020-12-preservation': 9,
  },
  '2026-07-28': {
    tools_call: 2,
    'request-metadata': 8,
    'sep-2322-client-request-state': 5,
    'http-standard-headers': 9,
    'http-custom-headers': 18,
    'http-invalid-tool-headers': 12,
    'json-schema-ref-no-deref': 1,
    'json-schema-2020-12-preservation': 9,
  },
}

const command = 'node through-gateway.mjs'
const width = 3

export async function proveClients(version: string, gateways: Gateways): Promise<void> {
  const scenarios = clientRows[version] ?? {}
  const found: Record<string, number> = {}
  const wrong: string[] = []
  const waiting = Object.keys(scenarios)
  async function work(): Promise<void> {
    for (let scenario = waiting.pop(); scenario !== undefined; scenario = waiting.pop()) {
      const args = ['client', '--command', command, '--scenario', scenario]
      const findings = await runSuite(
        '@modelcontextprotocol/conformance',
        [...args, '--spec-version', version],
        { MCP_GUARD_TEST_GATEWAYS: gateways.url },
      )
      found[scenario] = countOf(findings, 'SUCCESS')
      wrong.push(...complaints(findings))
      if (findings.exitCode !== 0) wrong.push(`${scenario}: ${findings.output.slice(-2000)}`)
    }
  }
  await Promise.all(Array.from({ length: width }, work))
  console.log(`\n${version}, checks that pass through the gateway: ${JSON.stringify(found)}`)
  assert.equal(wrong, [], wrong.join('\n'))
  assert.equal(found, scenarios)
}
