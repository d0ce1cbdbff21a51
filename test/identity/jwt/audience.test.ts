/** Only a server of the gateway is named by a URL; any other audience is a text, compared as it is. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RegisteredClaims } from '../../../src/identity/jwt/claims.js'
import { refusalOf } from '../../../src/identity/jwt/refusal.js'

const resource = 'https://gateway.example/mcp/One'
const registered = {
  expiresAtMs: 1000,
  notBeforeMs: null,
  issuedAtMs: null,
  jti: null,
  sub: null,
  thumbprint: null,
}
const circumstances = { server: 'one', nowMs: 0, thumbprint: null, refusesWork: () => null }

function refusal(method: 'jwt' | 'oauth', audience: string): string | null {
  const claims: RegisteredClaims = { ...registered, audiences: [audience] }
  const rules = { method, audiences: () => [resource], leewayMs: 0 }
  return refusalOf({ rules, isRevoked: () => false }, claims, circumstances)
}

const rows: readonly (readonly [audience: string, oauth: boolean, jwt: boolean])[] = [
  [resource, true, true],
  ['HTTPS://Gateway.Example/mcp/One', true, false],
  ['https://gateway.example/mcp/one', false, false],
  ['https://gateway.example/mcp/One/', false, false],
  ['https://gateway.example:443/mcp/One', false, false],
  ['https://gateway.example.evil.example/mcp/One', false, false],
  ['https://user@gateway.example/mcp/One', false, false],
  ['http://gateway.example/mcp/One', false, false],
  ['https://gateway.example', false, false],
]
for (const [audience, oauth, jwt] of rows) {
  test(`made out to ${audience}`, () => {
    assert.is(refusal('oauth', audience), oauth ? null : 'token-audience')
    assert.is(refusal('jwt', audience), jwt ? null : 'token-audience')
  })
}

test.run()
