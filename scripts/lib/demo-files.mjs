/**
 * What `npm start` keeps in `.demo/`: two API keys and the configuration of the demo gateway. The
 * folder is for its owner alone (0700, files 0600). Keys live on across restarts; the configuration
 * is written anew, because the demo server has another port and path each time.
 */
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The demo's callers: a key and one role each, both of that name. */
const callers = ['admin', 'reader']

/** Writes what is missing and returns the path of the configuration file. */
export function writeDemoFiles(folder, { root, port, adminPort, upstreamUrl }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  const apiKeys = callers.map((name) => {
    const file = join(folder, `${name}.key`)
    if (!holdsKey(file)) writeSecret(file, `mcp_${randomBytes(32).toString('base64url')}\n`)
    chmodSync(file, 0o600)
    const digest = createHash('sha256').update(readFileSync(file, 'utf8').trim()).digest('hex')
    return `    - { id: ${name}, sha256: "${digest}", roles: [${name}] }`
  })
  const policies = relative(folder, join(root, 'policies')).replaceAll('\\', '/')
  const configFile = join(folder, 'mcp-guard.yaml')
  writeSecret(
    configFile,
    `# Written by npm start, at each start. The README says how to write your own.
listen: { host: 127.0.0.1, port: ${port} }
admin: { host: 127.0.0.1, port: ${adminPort} }
policy: { path: ${JSON.stringify(policies)} }
upstreams:
  everything: { url: "${upstreamUrl}", required: true }
identity:
  apiKeys:
${apiKeys.join('\n')}
audit: { file: ./audit.ndjson }
`,
  )
  return configFile
}

function writeSecret(file, text) {
  writeFileSync(file, text, { mode: 0o600 })
  chmodSync(file, 0o600)
}

/** An emptied or damaged file gets a new key: its digest would let nobody in, or everybody. */
function holdsKey(file) {
  return existsSync(file) && /^mcp_[\w-]{43}\n?$/.test(readFileSync(file, 'utf8'))
}
