/** A file of an issuer's keys that cannot be one is told with its place in the configuration. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { folder, loadText, problemsOf, writeFile } from './support.js'

writeFile('keys.pem', '-----BEGIN PUBLIC KEY-----\n')
writeFile('key.json', '{"kty":"EC"}')
writeFile('list.json', '[]')
writeFile('good.json', '{"keys":[]}')

const notSet = (name: string) =>
  `the file "${join(folder, name)}" is not a JWK set; write {"keys": […]} with public keys as JWK; a PEM file has to be converted`

const rows: readonly (readonly [name: string, problem: string])[] = [
  [
    'none.json',
    `the file "${join(folder, 'none.json')}" does not exist; name a file with a JWK set, or an https URL`,
  ],
  ['keys.pem', notSet('keys.pem')],
  ['key.json', notSet('key.json')],
  ['list.json', notSet('list.json')],
]

const up = 'upstreams: { one: { url: "http://10.0.0.1/mcp" } }\n'
const listen = 'listen: { publicUrl: "https://mcp.example" }\n'

for (const [name, problem] of rows) {
  test(`${name} is no set of keys`, () => {
    const entry = `{ issuer: "https://a.example", jwks: ./${name}, audience: [mcp] }`
    const plain = loadText(`${up}identity:\n  jwt:\n    - ${entry}\n`)
    assert.equal(problemsOf(plain), [`guard.yaml:4: /identity/jwt/0/jwks: ${problem}`])
    const oauth = loadText(
      `${up}${listen}identity:\n  oauth:\n    authorizationServers:\n      - ${entry}\n`,
    )
    const pointer = '/identity/oauth/authorizationServers/0/jwks'
    assert.equal(problemsOf(oauth), [`guard.yaml:6: ${pointer}: ${problem}`])
  })
}

test('what is a set by its form is left to whoever verifies with it', () => {
  const entry = '{ issuer: "https://a.example", jwks: ./good.json, audience: [mcp] }'
  assert.equal(problemsOf(loadText(`${up}identity: { jwt: [ ${entry} ] }\n`)), [])
})

test.run()
