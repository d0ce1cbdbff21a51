/**
 * Runs the suite against the fixture without a gateway, through one that allows everything, and
 * through one with the shipped rules and grants for exactly what the fixture offers; all three
 * have to come out the same, check by check.
 */
import * as assert from 'uvu/assert'
import { type GatewayOptions, startGateway } from '../support/gateway.js'
import { allowAll } from '../support/peer-items.js'
import { type PeerServer, startFixture } from '../support/peers.js'
import { complaints, countOf, differences, scenariosOf } from './compare.js'
import { fixtureGrants } from './fixture-grants.js'
import { type Edition, type Findings, runSuite } from './suite.js'

export interface Row {
  readonly edition: Edition
  readonly args: readonly string[]
  readonly scenarios: number
  readonly passed: number
  readonly failed: number
  /** Checks that come out otherwise with grants, and why. */
  readonly otherwise?: Readonly<Record<string, string>>
}

/** A gateway, or several that look like one. */
export interface Served {
  readonly url: string
  close(): Promise<void>
}

export type Start = (options: GatewayOptions) => Promise<Served>

export interface Ways {
  readonly fixture: PeerServer
  readonly granting: Served
  /** How the fixture is reached → its URL for the suite. */
  readonly urls: Readonly<Record<string, string>>
  close(): Promise<void>
}

export async function openWays(start: Start = startGateway): Promise<Ways> {
  const fixture = await startFixture()
  // The suite cannot send a credential.
  const shared = { upstreams: { fixture: fixture.url }, anonymous: true }
  const open = await start({ ...shared, policy: allowAll })
  const granting = await start({ ...shared, policy: fixtureGrants() })
  return {
    fixture,
    granting,
    urls: {
      direct: atLocalhost(fixture.url),
      'allow all': atLocalhost(`${open.url}/mcp/fixture`),
      grants: atLocalhost(`${granting.url}/mcp/fixture`),
    },
    async close() {
      await granting.close()
      await open.close()
      await fixture.stop()
    },
  }
}

/** The suite takes any other name of this machine for a server on the network. */
function atLocalhost(url: string): string {
  return url.replace('127.0.0.1', 'localhost')
}

/** Not required by every set of requirements, and passed all the same. */
const beyond = [
  'dns-rebinding-protection',
  'http-custom-header-server-validation',
  'http-header-validation',
  'json-schema-2020-12',
  'server-session-lifecycle',
  'server-sse-polling',
]

export async function proveSame(
  { urls }: Ways,
  { edition, args, otherwise = {}, ...counts }: Row,
): Promise<void> {
  const found: Record<string, Findings> = {}
  for (const [way, url] of Object.entries(urls)) {
    const started = performance.now()
    const findings = await runSuite(edition, ['server', '--url', url, ...args])
    found[way] = findings
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`\n${args.join(' ')}, ${way}: ${JSON.stringify(countsOf(findings))}, ${seconds} s`)
  }
  const { direct, ...through } = found
  assert.ok(direct)
  assert.equal(countsOf(direct), counts, complaints(direct).join('\n'))
  assert.is(direct.exitCode, 0)
  const failing = direct.checks.filter(({ status }) => status === 'FAILURE')
  const lacking = [...new Set(failing.map(({ scenario }) => scenario))]
  assert.ok(lacking.every(isOfTasks), lacking.join(' '))
  assert.not(lacking.some((scenario) => beyond.includes(scenario)))

  const differing: Record<string, string[]> = {}
  const why: string[] = []
  for (const [way, findings] of Object.entries(through)) {
    const checks = differences(direct, findings).filter((check) => !isGain(check))
    differing[way] = checks
    why.push(...complaints(findings).filter((line) => checks.some((one) => line.startsWith(one))))
  }
  const expected = { 'allow all': [], grants: Object.keys(otherwise).sort() }
  assert.equal(differing, expected, why.join('\n'))
}

function isOfTasks(scenario: string): boolean {
  return scenario.startsWith('tasks-')
}

/** The server has no tasks, and some refusals of the gateway happen to be what a task asks for. */
function isGain(check: string): boolean {
  return isOfTasks(check) && check.endsWith(' SUCCESS')
}

function countsOf(findings: Findings): Pick<Row, 'scenarios' | 'passed' | 'failed'> {
  return {
    scenarios: scenariosOf(findings).length,
    passed: countOf(findings, 'SUCCESS'),
    failed: countOf(findings, 'FAILURE'),
  }
}
