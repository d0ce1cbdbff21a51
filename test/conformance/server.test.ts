/**
 * The official conformance suite finds the same through the gateway as without it, check by check:
 * with a policy that allows everything, and with the shipped rules and grants for exactly what the
 * server offers. The server has all that is required of either revision; of the rest it lacks the
 * tasks extension.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testUnless } from '../runner/skip.js'
import { type Gateway, startGateway } from '../support/gateway.js'
import { allowAll } from '../support/peer-items.js'
import { loud, type PeerServer, startFixture } from '../support/peers.js'
import { complaints, countOf, differences, scenariosOf } from './compare.js'
import { fixtureGrants, offered } from './fixture-grants.js'
import { listAll } from './list-all.js'
import { otherwiseWithGrants } from './otherwise.js'
import { type Edition, type Findings, lackOfSuite, runSuite } from './suite.js'

interface Row {
  readonly edition: Edition
  readonly args: readonly string[]
  readonly scenarios: number
  readonly passed: number
  readonly failed: number
  /** Checks that come out otherwise with grants. */
  readonly otherwise?: Readonly<Record<string, string>>
}

const newest = '@modelcontextprotocol/conformance'
const rows: readonly Row[] = [
  {
    edition: newest,
    args: ['--requirements', '2025-11-25'],
    scenarios: 33,
    passed: 84,
    failed: 0,
  },
  {
    edition: newest,
    args: ['--requirements', '2026-07-28'],
    scenarios: 50,
    passed: 164,
    failed: 30,
    otherwise: otherwiseWithGrants,
  },
  { edition: 'conformance-legacy', args: ['--suite', 'all'], scenarios: 32, passed: 44, failed: 0 },
]

/** Not required, and passed all the same. */
const beyond = [
  'dns-rebinding-protection',
  'http-custom-header-server-validation',
  'http-header-validation',
  'json-schema-2020-12',
  'server-session-lifecycle',
  'server-sse-polling',
]

const testSuite = testUnless(lackOfSuite, test)
const urls: Record<string, string> = {}
let fixture: PeerServer
let open: Gateway
let granting: Gateway

test.before(
  loud(async () => {
    fixture = await startFixture()
    // The suite cannot send a credential.
    const shared = { upstreams: { fixture: fixture.url }, anonymous: true }
    open = await startGateway({ ...shared, policy: allowAll })
    granting = await startGateway({ ...shared, policy: fixtureGrants() })
    urls['direct'] = atLocalhost(fixture.url)
    urls['allow all'] = atLocalhost(`${open.url}/mcp/fixture`)
    urls['grants'] = atLocalhost(`${granting.url}/mcp/fixture`)
  }),
)

test.after(async () => {
  await granting?.close()
  await open?.close()
  await fixture?.stop()
})

test('the grants name all that the server lists', async () => {
  assert.equal(await listAll(fixture.url), offered)
  assert.equal(await listAll(`${granting.url}/mcp/fixture`), offered)
})

for (const { edition, args, otherwise = {}, ...counts } of rows) {
  const name = `${edition === newest ? 'newest' : '0.1.16'} ${args.join(' ')}`
  testSuite(`${name}: each check as without a gateway`, async () => {
    const found = new Map<string, Findings>()
    for (const [way, url] of Object.entries(urls)) {
      const findings = await runSuite(edition, ['server', '--url', url, ...args])
      found.set(way, findings)
      console.log(`\n${name}, ${way}: ${JSON.stringify(countsOf(findings))}`)
    }
    const direct = found.get('direct')
    assert.ok(direct)
    assert.equal(countsOf(direct), counts, complaints(direct).join('\n'))
    assert.is(direct.exitCode, 0)
    const failing = direct.checks.filter(({ status }) => status === 'FAILURE')
    const lacking = [...new Set(failing.map(({ scenario }) => scenario))]
    assert.ok(
      lacking.every((scenario) => scenario.startsWith('tasks-')),
      lacking.join(' '),
    )
    for (const scenario of scenariosOf(direct).filter((one) => beyond.includes(one))) {
      assert.not(lacking.includes(scenario))
    }
    for (const [way, through] of found) {
      const expected = way === 'grants' ? Object.keys(otherwise).sort() : []
      const differing = differences(direct, through)
      const unexpected = differing.filter((check) => !expected.includes(check))
      const why = complaints(through).filter((line) =>
        unexpected.some((one) => line.startsWith(one)),
      )
      assert.equal(differing, expected, `${way}\n${why.join('\n')}`)
    }
  })
}

function countsOf(findings: Findings): Omit<Row, 'edition' | 'args' | 'otherwise'> {
  return {
    scenarios: scenariosOf(findings).length,
    passed: countOf(findings, 'SUCCESS'),
    failed: countOf(findings, 'FAILURE'),
  }
}

/** The suite takes any other name of this machine for a server on the network. */
function atLocalhost(url: string): string {
  return url.replace('127.0.0.1', 'localhost')
}

test.run()
