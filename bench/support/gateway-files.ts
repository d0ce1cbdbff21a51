/**
 * A gateway's files in a folder of their own: the shipped policies with nothing changed but the tier
 * table, whose buckets are so large that no call is refused, an API key of the shipped role
 * `reader`, and an audit file. The server has the name the shipped grants speak of.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { packageFile } from '../../src/lib/package-root.js'

export interface GatewayFiles {
  readonly configFile: string
  readonly auditFile: string
  readonly cacheHome: string
  readonly key: string
}

/** One bucket per caller, as the shipped table has it. */
const tiers = `order:
  - { role: "*", tier: bench }
tiers:
  bench:
    user: { tokens: 1000000000, per: 1s, burst: 1000000000 }
`

/**
 * `policy`: a folder in place of the shipped policies, used as it is. It has to allow the tool `echo`
 * and deny `get-env`, and to charge a limit `user` of the tier `bench` that never runs empty.
 */
export async function writeGatewayFiles(
  folder: string,
  upstreamUrl: string,
  policy: string | null,
): Promise<GatewayFiles> {
  const policies = join(folder, 'policies')
  await cp(policy ?? packageFile('policies'), policies, { recursive: true })
  if (policy === null) await writeFile(join(policies, 'tiers', 'data.yaml'), tiers)
  const cacheHome = join(folder, 'cache')
  await mkdir(cacheHome)
  const key = `mcp_${randomBytes(32).toString('base64url')}`
  const sha256 = createHash('sha256').update(key).digest('hex')
  const configFile = join(folder, 'mcp-guard.yaml')
  const config = `listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
policy: { path: ./policies }
upstreams:
  everything: { url: "${upstreamUrl}" }
identity:
  apiKeys:
    - { id: bench, sha256: "${sha256}", roles: [reader] }
audit: { file: ./audit.ndjson }
`
  await writeFile(configFile, config, { mode: 0o600 })
  return { configFile, auditFile: join(folder, 'audit.ndjson'), cacheHome, key }
}

/** How many calls the audit holds that were forwarded under this revision and charged. */
export async function countRecorded(auditFile: string, revision: string): Promise<number> {
  let recorded = 0
  for await (const line of createInterface({ input: createReadStream(auditFile) })) {
    const isCall =
      line.includes('"method":"tools/call"') &&
      line.includes('"outcome":"forwarded"') &&
      line.includes(`"revision":"${revision}"`) &&
      line.includes('"limits":[{"name":"user","tier":"bench"}]')
    if (isCall) recorded += 1
  }
  return recorded
}
