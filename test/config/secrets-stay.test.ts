/**
 * What is wrong with a configuration is told without the secrets in it, wherever they stand: as they
 * should, misplaced, of a wrong form, in an address, on a line that is no YAML.
 */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadKeyFile } from '../../src/config/key-file.js'
import { formatConfigProblem } from '../../src/config/problem.js'
import { Canaries } from '../support/canaries.js'
import { folder, loadText, problemsOf, writeFile } from './support.js'

const canaries = new Canaries()
const secret = canaries.plant('secret')
const short = canaries.add('short secret', 'canary-7')
const up = 'upstreams: { up: { url: "http://127.0.0.1:1/mcp" } }\n'
const jwt = (more: string) => `${up}identity: { jwt: [ { ${more}, audience: [mcp] } ] }\n`
const oauth = (more: string) =>
  `${up}listen: { publicUrl: "https://g.example" }\nidentity: { oauth: { authorizationServers: [ { issuer: "https://as.example", ${more} } ] } }\n`
const credential = (more: string) =>
  `upstreams: { up: { url: "http://127.0.0.1:1/mcp", credential: { ${more} } } }\n`

const documents: Readonly<Record<string, string>> = {
  'an admin token of a wrong type': `${up}admin: { token: [ ${secret} ] }\n`,
  'an admin token that is too short': `${up}admin: { token: ${short} }\n`,
  'an admin token on the wrong key': `${up}admin: { tokn: ${secret} }\n`,
  'an admin token where nothing is': `${up}adminToken: ${secret}\n`,
  'a session key that is too short': `${up}sessions: { keys: [ ${short} ] }\n`,
  'session keys of a wrong type': `${up}sessions: { keys: ${secret} }\n`,
  'a session key as a key': `${up}sessions: { keys: [ { ${secret}: 1 } ] }\n`,
  'a session key twice': `${up}sessions: { keys: [ ${secret}, ${secret} ] }\nx: 1\n`,
  'an API key in the place of its digest': `${up}identity: { apiKeys: [ { id: a, sha256: ${secret} } ] }\n`,
  'an API key beside its digest': `${up}identity: { apiKeys: [ { id: a, sha256: "${'a'.repeat(64)}", key: ${secret} } ] }\n`,
  'an API key as an entry': `${up}identity: { apiKeys: [ ${secret} ] }\n`,
  'a secret of an issuer that is too short': jwt(`issuer: "https://i.example", secret: ${short}`),
  'a secret of an issuer beside keys': jwt(
    `issuer: "https://i.example", secret: ${secret}, jwks: "https://i.example/keys"`,
  ),
  'a secret of an issuer with foreign algorithms': jwt(
    `issuer: "https://i.example", secret: ${secret}, algorithms: [ES256]`,
  ),
  'a secret in the place of the issuer': jwt(`issuer: "${secret}", discovery: true`),
  'a password in the address of keys': jwt(
    `issuer: "https://i.example", jwks: "https://user:${secret}@i.example/keys"`,
  ),
  'a password in an issuer': jwt(`issuer: "https://user:${secret}@i.example", discovery: true`),
  'a secret of introspection without its address': oauth(
    `introspection: { clientId: g, clientSecret: ${secret} }`,
  ),
  'a password in the address of introspection': oauth(
    `introspection: { url: "https://g:${secret}@as.example/i", clientId: g, clientSecret: x }`,
  ),
  'a secret in the query of introspection, unencrypted': oauth(
    `introspection: { url: "http://as.example/i?key=${secret}", clientId: g, clientSecret: x }`,
  ),
  'a header for a server with a line break': credential(
    `header: { name: X-Key, value: "${secret}\\nx" }`,
  ),
  'a header for a server without a name': credential(`header: { value: ${secret} }`),
  'a header for a server whose name is the secret': credential(
    `header: { name: "${secret} x", value: x }`,
  ),
  'two credentials for a server': credential(
    `header: { name: X-Key, value: ${secret} }, clientCredentials: { tokenUrl: "https://as.example", clientId: g, clientSecret: ${secret} }`,
  ),
  'a password in the address of a token endpoint': credential(
    `clientCredentials: { tokenUrl: "https://g:${secret}@as.example", clientId: g, clientSecret: x }`,
  ),
  'a password in the address of a server': `upstreams: { up: { url: "http://user:${secret}@127.0.0.1/mcp" } }\n`,
  'a password in the public address': `${up}listen: { publicUrl: "https://user:${secret}@g.example" }\n`,
  'a header for a server that is a command': `upstreams: { up: { command: node, credential: { header: { name: X-Key, value: ${secret} } } } }\n`,
  'a line that is no YAML': `${up}admin: { token: "${secret}" ]\n`,
  'a tab before a secret': `${up}admin:\n\ttoken: ${secret}\n`,
  'a secret as a document': `${secret}\n`,
  'a secret that is not closed': `${up}admin: { token: "${secret}\n`,
  'a secret twice': `${up}admin: { token: ${secret}, token: ${secret} }\n`,
  'a reference with a secret in it': `${up}admin: { token: "\${env:${secret}" }\n`,
  'a reference of an unknown kind': `${up}admin: { token: "\${vault:${secret}}" }\n`,
}

for (const [what, text] of Object.entries(documents)) {
  test(`${what}: refused without it`, () => {
    const loaded = loadText(text)
    const problems = problemsOf(loaded)
    assert.ok(problems.length > 0, 'it is refused')
    assert.equal(canaries.in(problems.join('\n')), [], problems.join('\n'))
  })
}

const keyFiles: Readonly<Record<string, string>> = {
  'a key in the place of its digest': `apiKeys: [ { id: a, sha256: ${secret} } ]\n`,
  'a key beside its digest': `apiKeys: [ { id: a, sha256: "${'a'.repeat(64)}", key: ${secret} } ]\n`,
  'a key as an entry': `apiKeys: [ ${secret} ]\n`,
  'a key as the file': `${secret}\n`,
  'a key on a line that is no YAML': `apiKeys: [ { id: a, sha256: "${secret} ] ]\n`,
}

for (const [what, text] of Object.entries(keyFiles)) {
  test(`the file of keys, ${what}: refused without it`, () => {
    writeFile('keys.yaml', text)
    const loaded = loadKeyFile(join(folder, 'keys.yaml'), [])
    assert.not.ok(loaded.ok)
    const problems = loaded.ok ? [] : loaded.problems.map(formatConfigProblem)
    assert.equal(canaries.in(problems.join('\n')), [], problems.join('\n'))
  })
}

test.run()
