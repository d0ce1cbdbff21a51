/**
 * The official conformance suite comes to the same through the gateway as without it, scenario by
 * scenario, failed ones included: neither server was made for it. The one difference is in the
 * gateway's favour: it checks Host and Origin also where the server does not.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testUnless } from '../runner/skip.js'
import { type Gateway, startGateway } from '../support/gateway.js'
import { allowAll } from '../support/peer-items.js'
import { loud, type PeerServer, startEverything, startModern } from '../support/peers.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = join(root, 'test/peers/conformance')
const suiteLimitMs = 120_000

const rows = [
  { server: 'everything', requirements: '2025-11-25', scenarios: 33, guarded: [] },
  {
    server: 'modern',
    requirements: '2025-11-25',
    scenarios: 33,
    guarded: ['dns-rebinding-protection'],
  },
  {
    server: 'modern',
    requirements: '2026-07-28',
    scenarios: 50,
    guarded: ['dns-rebinding-protection'],
  },
] as const

const servers = new Map<string, PeerServer>()
let gateway: Gateway

await installSuite()
const node = nodeOfSuite()
const testSuite = testUnless(node === null ? 'needs Node 22, and no package has it' : null, test)

test.before(
  loud(async () => {
    servers.set('everything', await startEverything())
    servers.set('modern', await startModern())
    const urls = [...servers].map(([name, { url }]) => [name, url])
    // The suite cannot send a credential.
    const upstreams = Object.fromEntries(urls)
    gateway = await startGateway({ upstreams, anonymous: true, policy: allowAll })
  }),
)

test.after(async () => {
  await gateway?.close()
  for (const server of servers.values()) await server.stop()
})

for (const { server, requirements, scenarios, guarded } of rows) {
  testSuite(`${server}, ${requirements}: each scenario as without a gateway`, async () => {
    const direct = await runSuite(servers.get(server)?.url ?? '', requirements)
    const through = await runSuite(`${gateway.url}/mcp/${server}`, requirements)
    assert.is(direct.size, scenarios)
    for (const name of guarded) {
      assert.match(direct.get(name) ?? '', / 1 failed$/)
      assert.match(through.get(name) ?? '', / 0 failed$/)
      direct.delete(name)
      through.delete(name)
    }
    assert.equal(Object.fromEntries(through), Object.fromEntries(direct))
  })
}

/** Scenario → `<n> passed, <n> failed`. */
async function runSuite(url: string, requirements: string): Promise<Map<string, string>> {
  const suite = 'node_modules/@modelcontextprotocol/conformance/dist/index.js'
  const args = [suite, 'server', '--url', url, '--requirements', requirements]
  const output = await new Promise<string>((resolve) => {
    const options = { cwd: folder, timeout: suiteLimitMs, env: { ...process.env, NO_COLOR: '1' } }
    // Failed scenarios make it end with 1.
    execFile(node ?? '', args, { ...options, maxBuffer: 1e8 }, (_, stdout, stderr) => {
      resolve(stdout + stderr)
    })
  })
  const lines = [...output.matchAll(/^[✓✗] ([\w-]+): (\d+ passed, \d+ failed)/gm)]
  return new Map(lines.map(([, name = '', counts = '']) => [name, counts]))
}

async function installSuite(): Promise<void> {
  const { installMissing } = await import(pathToFileURL(join(root, 'scripts/lib/install.mjs')).href)
  installMissing(folder, 'the conformance suite')
}

/** The suite needs Node 22: this one, or the one that a package brings. */
function nodeOfSuite(): string | null {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath
  const packaged = join(folder, `node_modules/node-${process.platform}-${process.arch}/bin/node`)
  return existsSync(packaged) ? packaged : null
}

test.run()
