import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packageFile } from '../../src/lib/package-root.js'

interface Node {
  readonly $ref?: string
  readonly definitions?: Readonly<Record<string, Node>>
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: boolean | Node
  readonly items?: Node
  readonly required?: readonly string[]
}

const schema = JSON.parse(
  readFileSync(packageFile('schemas', 'config.schema.json'), 'utf8'),
) as Node

/** What several places share, once and under its own name. */
const definitions = Object.entries(schema.definitions ?? {})

function described(node: Node): Node {
  const shared = definitions.find(([name]) => node.$ref === `#/definitions/${name}`)?.[1]
  return shared?.description === undefined ? node : { description: shared.description }
}

function children(node: Node, path: string): [path: string, node: Node][] {
  const named = Object.entries(node.properties ?? {}).map(([key, child]): [string, Node] => [
    path === '' ? key : `${path}.${key}`,
    child,
  ])
  if (typeof node.additionalProperties === 'object')
    named.push([`${path}.*`, node.additionalProperties])
  if (node.items !== undefined) named.push([`${path}[]`, node.items])
  return named.flatMap(([at, child]) => [[at, described(child)], ...children(child, at)])
}

const keys = [
  ...children(schema, ''),
  ...definitions.flatMap(([name, node]) => children(node, `#${name}`)),
]

/** Operators have these in their files: a change is a change of the contract. */
const contract = `
listen listen.host listen.port listen.publicUrl listen.allowedHosts listen.allowedHosts[]
listen.allowedOrigins listen.allowedOrigins[] listen.tls listen.tls.cert listen.tls.key
listen.tls.clientCa listen.tls.clientCertificate listen.trustedProxies listen.trustedProxies[]
listen.maxBodyBytes listen.maxDepth listen.maxMembers listen.maxHeaderBytes listen.maxHeaders
listen.maxConnections listen.headersTimeout listen.bodyTimeout listen.drainTimeout
admin admin.host admin.port admin.token
policy policy.path policy.verify policy.verify.key policy.verify.algorithm policy.verify.keyId
policy.verify.scope policy.poll policy.poll.interval policy.poll.longPoll policy.poll.token
policy.poll.tokenFile policy.poll.privateAddresses policy.state policy.budget policy.timeZones policy.timeZones[]
catalogue catalogue.maxAge
upstreams upstreams.* upstreams.*.url upstreams.*.transport upstreams.*.command upstreams.*.args
upstreams.*.args[] upstreams.*.env upstreams.*.env.* upstreams.*.cwd upstreams.*.maxChildren
upstreams.*.idleTimeout upstreams.*.maxLifetime upstreams.*.maxLineBytes upstreams.*.credential
upstreams.*.credential.header upstreams.*.credential.header.name
upstreams.*.credential.header.value upstreams.*.credential.clientCredentials
upstreams.*.credential.clientCredentials.tokenUrl
upstreams.*.credential.clientCredentials.clientId
upstreams.*.credential.clientCredentials.clientSecret
upstreams.*.credential.clientCredentials.scopes upstreams.*.credential.clientCredentials.scopes[]
upstreams.*.credential.clientCredentials.resource
upstreams.*.credential.clientCredentials.privateAddresses upstreams.*.path upstreams.*.labels
upstreams.*.labels.* upstreams.*.required upstreams.*.timeout upstreams.*.connectTimeout
upstreams.*.maxConnections
identity identity.apiKeys identity.apiKeys[] identity.apiKeys[].id identity.apiKeys[].sha256
identity.apiKeys[].kind identity.apiKeys[].roles identity.apiKeys[].roles[]
identity.apiKeys[].groups identity.apiKeys[].groups[] identity.apiKeys[].scopes
identity.apiKeys[].scopes[] identity.apiKeys[].claims identity.apiKeys[].tenant
identity.apiKeys[].expires identity.apiKeys[].notBefore identity.apiKeys[].disabled
identity.apiKeyFile identity.jwt identity.jwt[] identity.oauth identity.oauth.authorizationServers
identity.oauth.authorizationServers[] identity.oauth.scopes identity.oauth.scopes[]
identity.clientCertificates identity.clientCertificates.format identity.clientCertificates.entries
identity.clientCertificates.entries[] identity.clientCertificates.entries[].id
identity.clientCertificates.entries[].uri identity.clientCertificates.entries[].dns
identity.clientCertificates.entries[].email identity.clientCertificates.entries[].subject
identity.clientCertificates.entries[].thumbprint identity.clientCertificates.entries[].kind
identity.clientCertificates.entries[].roles identity.clientCertificates.entries[].roles[]
identity.clientCertificates.entries[].groups identity.clientCertificates.entries[].groups[]
identity.clientCertificates.entries[].scopes identity.clientCertificates.entries[].scopes[]
identity.clientCertificates.entries[].tenant identity.clientCertificates.unlisted
identity.failures identity.failures.max identity.failures.per identity.anonymous
identity.anonymousBeyondLoopback
sessions sessions.keys sessions.keys[]
audit audit.file
limits limits.default limits.default[] limits.default[].name limits.default[].tokens
limits.default[].per limits.default[].burst limits.default[].cost
refusals refusals.deniedCall refusals.denied refusals.limitedCall refusals.limited
#tokenIssuer.issuer #tokenIssuer.secret #tokenIssuer.jwks #tokenIssuer.discovery
#tokenIssuer.introspection #tokenIssuer.introspection.url #tokenIssuer.introspection.clientId
#tokenIssuer.introspection.clientSecret #tokenIssuer.introspection.maxAge #tokenIssuer.algorithms
#tokenIssuer.algorithms[] #tokenIssuer.audience #tokenIssuer.audience[] #tokenIssuer.type
#tokenIssuer.leeway #tokenIssuer.jwksMaxAge #tokenIssuer.jwksMaxStale
#tokenIssuer.privateAddresses #tokenIssuer.claims #tokenIssuer.claims.id #tokenIssuer.claims.roles
#tokenIssuer.claims.groups #tokenIssuer.claims.scopes #tokenIssuer.claims.tenant
#tokenIssuer.claims.clientId #tokenIssuer.claims.actors #tokenIssuer.revoked
#tokenIssuer.revoked[] #tokenIssuer.revoked[].jti #tokenIssuer.revoked[].sub
#tokenIssuer.revoked[].before
`

test('the keys are the contract', () => {
  assert.equal(
    keys.map(([path]) => path),
    contract.trim().split(/\s+/),
  )
})

test('the schema is a valid JSON Schema of draft 7, in strict mode', () => {
  const ajv = new Ajv({ allowUnionTypes: true, strict: true })
  ajv.addFormat('date-time', true).addKeyword('x-duration')
  assert.type(ajv.compile(schema), 'function')
})

test('every object is closed', () => {
  const open = keys.filter(
    ([, node]) => node.type === 'object' && (node.additionalProperties ?? true) === true,
  )
  assert.equal(
    open.map(([path]) => path),
    // What an operator says of a principal besides is the operator's.
    ['identity.apiKeys[].claims'],
  )
  assert.is(schema.additionalProperties, false)
})

test('every key is described, and has a default or says that it has none', () => {
  for (const [path, node] of keys) {
    assert.ok((node.description ?? '').length > 5, path)
    if (path.endsWith('[]') || path.endsWith('*')) continue
    const described = node.description ?? ''
    if ('default' in node) assert.ok(node.type === 'object' || /Default/.test(described), path)
    else assert.match(described, 'No default', path)
  }
})

test.run()
