/**
 * The texts of the challenges: what is no scope is never in one, so that nothing that a policy or a
 * token says can end the header or add a parameter to it.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  insufficientScope,
  protectedResource,
  unauthorized,
} from '../../src/proxy/protected-resource.js'
import { printedSeed } from '../policy/seed.js'

function resourceWith(scopes: readonly string[]): ReturnType<typeof protectedResource> {
  const publicUrl = 'https://gateway.example'
  return protectedResource({ publicUrl, path: '/mcp/up', authorizationServers: [], scopes })
}

const parameters =
  /^Bearer realm="mcp-guard"(, error="(invalid_token|insufficient_scope)")?, resource_metadata="https:\/\/gateway\.example\/\.well-known\/oauth-protected-resource\/mcp\/up"(, scope="[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")?$/

const texts = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('a', 'a b', 'a"', '", x="', 'a\\', 'a\r\nx: y', '', ' ', 'ä', 'offline_access'),
  ),
  { maxLength: 12 },
)

test('whatever the scopes are, the challenge has its one form', () => {
  fc.assert(
    fc.property(texts, texts, texts, fc.boolean(), (configured, held, wanted, presented) => {
      const resource = resourceWith(configured)
      assert.match(unauthorized(resource, presented), parameters)
      const challenge = insufficientScope(resource, held, wanted)
      if (challenge !== null) assert.match(challenge, parameters)
    }),
    { seed: printedSeed('challenges'), numRuns: 2_000 },
  )
})

const rows: readonly (readonly [
  held: readonly string[],
  wanted: readonly string[],
  scopes: string | null,
])[] = [
  [['a'], [], null],
  [['a'], ['"', 'x y'], null],
  [['a'], ['"', 'b'], 'a b'],
  [['b', 'a'], ['a', 'c', 'c'], 'b a c'],
  [['offline_access'], ['b'], 'b'],
  [['x'.repeat(4_094)], ['b'], `${'x'.repeat(4_094)} b`],
  [['x'.repeat(4_095)], ['b'], 'b'],
]

for (const [held, wanted, scopes] of rows) {
  test(`${held.join().slice(0, 20)} and ${wanted}: ${scopes?.slice(0, 20)}`, () => {
    const challenge = insufficientScope(resourceWith([]), held, wanted)
    const named = /scope="([^"]*)"$/.exec(challenge ?? '')?.[1] ?? null
    assert.is(named, scopes)
  })
}

const names: readonly (readonly [publicUrl: string, resource: string])[] = [
  ['https://gateway.example', 'https://gateway.example/mcp/up'],
  ['https://gateway.example/', 'https://gateway.example/mcp/up'],
  ['HTTPS://GATEWAY.Example:443', 'https://gateway.example/mcp/up'],
  ['https://gateway.example:8443/A/b//', 'https://gateway.example:8443/A/b/mcp/up'],
  ['http://[::1]:8080', 'http://[::1]:8080/mcp/up'],
]

for (const [publicUrl, resource] of names) {
  test(`${publicUrl} is ${resource}`, () => {
    const made = protectedResource({
      publicUrl,
      path: '/mcp/up',
      authorizationServers: [],
      scopes: [],
    })
    assert.is(made.resource, resource)
    const { origin, pathname } = new URL(resource)
    assert.is(made.metadataUrl, `${origin}/.well-known/oauth-protected-resource${pathname}`)
  })
}

test.run()
