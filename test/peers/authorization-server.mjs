/**
 * An authorization server of OpenID Connect, as other people's software has it: discovery, PKCE,
 * registration of clients, resource indicators, introspection, revocation. Its log-in and consent are
 * forms that a user agent sends back. Prints its issuer.
 *
 *     node authorization-server.mjs '{"format": "jwt" | "opaque", "scopes": ["…"], "clients": [{…}]}'
 *
 * POST /test/rotate {"keep": bool}: signs with a new key from now on; `keep`: shows the old one too.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const { format, scopes, clients = [] } = JSON.parse(process.argv[2] ?? '{}')
const day = 24 * 60 * 60

function newKey(type, options, more) {
  const { privateKey } = generateKeyPairSync(type, options)
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', ...more }
}

const signingKey = () => newKey('ec', { namedCurve: 'P-256' }, { alg: 'ES256' })
// Its own tokens are signed with this one; whoever verifies access tokens sees it among the others.
const ownKey = newKey('rsa', { modulusLength: 2048 }, { alg: 'RS256' })
let keys = [signingKey()]

const server = createServer((request, response) => {
  if (request.url === '/test/rotate') return rotate(request, response)
  callback(request, response)
})

function makeProvider(issuer) {
  const provider = new Provider(issuer, {
    clients,
    scopes: ['openid', 'offline_access', ...scopes],
    jwks: { keys: [...keys, ownKey] },
    cookies: { keys: ['test'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    extraTokenClaims: (_, { accountId }) =>
      accountId === undefined ? undefined : { roles: [`role-of-${accountId}`] },
    ttl: { AccessToken: 600, Session: day, Grant: day, Interaction: 600, RefreshToken: day },
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      registration: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => ({
          audience: resource,
          scope: scopes.join(' '),
          accessTokenFormat: format,
          ...(format === 'jwt' ? { jwt: { sign: { alg: 'ES256' } } } : {}),
        }),
      },
    },
  })
  return provider.callback()
}

async function rotate(request, response) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const { keep } = JSON.parse(Buffer.concat(chunks).toString())
  keys = keep ? [signingKey(), ...keys] : [signingKey()]
  callback = makeProvider(issuer)
  response.writeHead(204).end()
}

await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`
let callback = makeProvider(issuer)
console.log(issuer)
