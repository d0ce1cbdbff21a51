/**
 * A gateway whose issuers of tokens are in different states: one that is down takes nothing from the
 * others, and is trusted again when it is back.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../../support/gateway.js'
import { type IssuerKey, keySet, makeKey } from '../../support/jwks.js'
import { answer, type Reply, startService } from '../../support/service.js'
import { makeToken } from '../../support/tokens.js'
import { startUpstream } from '../../support/upstream.js'

const call = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/list',
  params: {},
}

function tokenOf(issuer: string, key: IssuerKey): string {
  const expires = Math.floor(Date.now() / 1000) + 600
  return makeToken({
    header: { alg: 'ES256', kid: key.kid, typ: 'at+jwt' },
    claims: { iss: issuer, sub: 'bob', aud: 'mcp', exp: expires },
    with: key,
  })
}

test('an issuer that is down at the start: 503 for its tokens, nothing for others', async () => {
  const [keyA, keyB] = [makeKey('a'), makeKey('b')]
  const pages = (url: string): Reply => {
    const metadata = answer({ issuer: url, jwks_uri: `${url}/keys` })
    return (asked, response) =>
      (asked.path === '/keys' ? answer(keySet(keyB)) : metadata)(asked, response)
  }
  const [a, b] = [await startService(answer(keySet(keyA))), await startService(answer({}))]
  b.reply = pages(b.url)
  await a.down()
  const upstream = await startUpstream()
  const jwt = [
    { issuer: 'https://a.example', jwks: `${a.url}/keys`, audience: ['mcp'] },
    { issuer: b.url, discovery: true, audience: ['mcp'] },
  ]
  const gateway = await startGateway({ upstreams: { one: upstream.url }, identity: { jwt } })
  try {
    const [tokenA, tokenB] = [tokenOf('https://a.example', keyA), tokenOf(b.url, keyB)]
    const ask = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization }
      return await gateway.send({ body: call, headers })
    }
    assert.is((await ask(`Bearer ${tokenB}`)).status, 200)
    const refused = await ask(`Bearer ${tokenA}`)
    assert.is(refused.status, 503)
    assert.match(refused.body, 'who is calling cannot be verified at the moment')
    assert.is((await ask()).status, 200, 'a caller with an API key')
    const event = await gateway.event(({ code }) => code === 'GUARD_IDENTITY_UNAVAILABLE')
    assert.is(event.outcome, 'failed')
    assert.is(event.subject, null)
    assert.ok(
      gateway.logged.some((line) => line.startsWith('error there are no keys of an issuer')),
    )
    const metrics = (await gateway.admin('/metrics')).body
    assert.match(metrics, 'mcp_guard_key_loads_total{issuer="https://a.example",result="failed"}')
    assert.match(metrics, `mcp_guard_key_loads_total{issuer="${b.url}",result="loaded"} 1`)
    await a.up()
    for (let tries = 0; (await ask(`Bearer ${tokenA}`)).status !== 200; tries += 1) {
      assert.ok(tries < 100, 'it is back')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await b.down()
    assert.is((await ask(`Bearer ${tokenB}`)).status, 200, 'its keys are known')
    assert.is((await ask(`Bearer ${tokenOf(b.url, keyA)}`)).status, 401)
  } finally {
    await gateway.close()
    await upstream.close()
    await a.down()
  }
})

test.run()
