/** What is said at start of the ways to be identified. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { describeWays } from '../../src/cli/ways.js'
import { loadText, writeFile } from '../config/support.js'

const digest = (digit: string) => `"${digit.repeat(64)}"`
const issuer = (name: string) =>
  `{ issuer: "https://${name}.example", secret: "${'s'.repeat(32)}", audience: [mcp] }`

const rows: readonly (readonly [identity: string, text: RegExp])[] = [
  ['{}', /^nobody is let in$/],
  [`{ apiKeys: [ { id: a, sha256: ${digest('a')} } ] }`, /^API keys 1$/],
  [
    `{ apiKeys: [ { id: a, sha256: ${digest('a')} } ], apiKeyFile: keys.yaml }`,
    /^API keys 3 \(2 from .*keys\.yaml\)$/,
  ],
  [
    `{ jwt: [ ${issuer('a')}, ${issuer('b')} ], anonymous: true, anonymousBeyondLoopback: true }`,
    /^JWT issuers 2, anyone without/,
  ],
  [
    '{ oauth: { authorizationServers: [ { issuer: "https://as.example" } ] } }',
    /^OAuth servers 1$/,
  ],
  [
    '{ clientCertificates: { format: nginx, entries: [ { id: a, dns: a }, { id: b, dns: b } ] } }',
    /^client certificates 2$/,
  ],
  [
    '{ clientCertificates: { format: nginx, unlisted: uri } }',
    /^unlisted client certificates by uri$/,
  ],
]

writeFile(
  'keys.yaml',
  `apiKeys:\n  - { id: b, sha256: ${digest('b')} }\n  - { id: c, sha256: ${digest('c')} }\n`,
)

for (const [identity, expected] of rows) {
  test(`ways of ${identity}`, () => {
    const loaded = loadText(
      `upstreams: { one: { url: "http://10.0.0.1/mcp" } }\nlisten: { publicUrl: "https://mcp.example", trustedProxies: ["10.0.0.9"] }\nidentity: ${identity}\n`,
    )
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    assert.match(describeWays(loaded.config.identity, loaded.fileKeys), expected)
  })
}

test.run()
