/** From an issuer to its keys: where is looked, in which order, and what is not believed. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json } from '../../../src/domain.js'
import { GuardError } from '../../../src/errors.js'
import { createFetcher } from '../../../src/fetcher/create-fetcher.js'
import { discoverKeys } from '../../../src/identity/jwks/discovery.js'
import { createRemoteKeys } from '../../../src/identity/jwks/remote-keys.js'
import { keySet, makeKey } from '../../support/jwks.js'
import { answer, type Reply, type Service, startService } from '../../support/service.js'

const fetcher = createFetcher()
let service: Service
test.before(async () => {
  service = await startService(answer({}))
})
test.after(async () => {
  await fetcher.close()
  await service.down()
})

const notFound = answer({}, 'application/json', 404)
/** Path → answer; everything else is 404. */
const site =
  (pages: Readonly<Record<string, Reply>>): Reply =>
  (asked, response) =>
    (pages[asked.path] ?? notFound)(asked, response)

const openid = '/.well-known/openid-configuration'
const oauth = '/.well-known/oauth-authorization-server'

test('OpenID metadata below the issuer, then those of RFC 8414 between host and path', async () => {
  for (const [path, place, before] of [
    ['', openid, 1],
    ['/', openid, 1],
    ['/realms/a', `/realms/a${openid}`, 1],
    ['/realms/a/', `/realms/a${openid}`, 1],
    ['', oauth, 2],
    ['/realms/a', `${oauth}/realms/a`, 2],
  ] as const) {
    const issuer = service.url + path
    const jwks = `${service.url}/keys`
    service.reply = site({ [place]: answer({ issuer, jwks_uri: jwks }) })
    const asked = service.asked.length
    assert.is(await discoverKeys(issuer, fetcher, { privateAddresses: false }), jwks, path)
    assert.is(service.asked.length - asked, before)
  }
})

test('what is not believed', async () => {
  const issuer = service.url
  const jwks = `${service.url}/keys`
  const other = 'says that it is another issuer'
  const cases: readonly (readonly [metadata: Json, told: string])[] = [
    [{ jwks_uri: jwks }, other],
    [{ issuer: `${issuer}/`, jwks_uri: jwks }, other],
    [{ issuer: issuer.toUpperCase(), jwks_uri: jwks }, other],
    [{ issuer: [issuer], jwks_uri: jwks }, other],
    [{ issuer }, 'names no jwks_uri'],
    [{ issuer, jwks_uri: [jwks] }, 'names no jwks_uri'],
    [{ issuer, jwks_uri: '' }, 'names a jwks_uri that is not an https URL'],
    [{ issuer, jwks_uri: 'file:///etc/passwd' }, 'names a jwks_uri that is not an https URL'],
    [{ issuer, jwks_uri: 'http://idp.example/keys' }, 'names a jwks_uri that is http'],
    [{ issuer, jwks_uri: 'https://a:b@idp.example/' }, 'names a jwks_uri that holds credentials'],
    [[], 'has no metadata'],
    ['text', 'has no metadata'],
  ]
  for (const [metadata, told] of cases) {
    service.reply = site({ [openid]: answer(JSON.stringify(metadata)) })
    try {
      await discoverKeys(issuer, fetcher, { privateAddresses: false })
      assert.unreachable(JSON.stringify(metadata))
    } catch (thrown) {
      assert.ok(thrown instanceof GuardError, String(thrown))
      assert.is(thrown.code, 'GUARD_IDENTITY_UNAVAILABLE')
      assert.match(thrown.message, told)
    }
  }
})

test('a service of the network cannot name one of this machine', async () => {
  const issuer = 'https://idp.example'
  for (const uri of ['http://127.0.0.1:9200/', 'https://localhost/keys', 'http://[::1]/']) {
    const from = { getJson: async () => ({ issuer, jwks_uri: uri }) }
    try {
      await discoverKeys(issuer, from, { privateAddresses: false })
      assert.unreachable(uri)
    } catch (thrown) {
      assert.match(String(thrown), 'names a jwks_uri on this machine')
    }
    assert.is(await discoverKeys(issuer, from, { privateAddresses: true }), uri)
  }
})

test('without metadata both places are named', async () => {
  service.reply = (asked, response) =>
    (asked.path === openid ? notFound : answer('', 'text/html'))(asked, response)
  try {
    await discoverKeys(service.url, fetcher, { privateAddresses: false })
    assert.unreachable()
  } catch (thrown) {
    const { message } = thrown as Error
    assert.match(message, /has no metadata: .* answers 404; .*; .* answers with text\/html/)
  }
})

test('keys by discovery; a document that names another issuer later changes nothing', async () => {
  const key = makeKey('a')
  const pages = {
    [openid]: answer({ issuer: service.url, jwks_uri: `${service.url}/keys` }),
    '/keys': answer(keySet(key)),
  }
  service.reply = site(pages)
  const options = { issuer: service.url, url: null, privateAddresses: false }
  const keys = createRemoteKeys(
    { ...options, maxAgeMs: 60_000, maxStaleMs: 120_000 },
    { fetcher, observer: {} },
  )
  assert.is((await keys.keysFor('a', 0)).length, 1)
  service.reply = site({
    ...pages,
    [openid]: answer({ issuer: 'https://evil.example', jwks_uri: `${service.url}/evil` }),
    '/evil': answer(keySet(makeKey('evil'))),
  })
  await keys.refresh()
  assert.is((await keys.keysFor('a', 0)).length, 1)
  assert.is((await keys.keysFor('evil', 0)).length, 0)
})

test.run()
