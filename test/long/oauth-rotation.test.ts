/**
 * A real authorization server changes its signing key under a running gateway: with the old key
 * still shown both tokens are good once the gateway has looked again, which it does for an unknown key
 * but not within 30 s of the last time; the old key withdrawn, its tokens are dead.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { call } from '../support/messages.js'
import { startProtected } from '../support/oauth.js'
import { startUpstream } from '../support/upstream.js'

const floorMs = 30_500

test('keys change twice', async () => {
  const upstream = await startUpstream()
  const guarded = await startProtected({
    upstreams: { one: upstream.url },
    format: 'jwt',
    scopes: ['mcp:tools'],
  })
  const signIn = () => guarded.signIn('alice', { upstream: 'one', scope: 'mcp:tools' })
  const status = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return (await guarded.gateway.send({ as: null, headers, body: call('open-tool') })).status
  }
  try {
    const first = await signIn()
    assert.is(await status(first), 200)
    await guarded.rotate(true)
    const second = await signIn()
    assert.is(await status(second), 401)
    await sleep(floorMs)
    assert.is(await status(second), 200)
    assert.is(await status(first), 200)
    await guarded.rotate(false)
    const third = await signIn()
    await sleep(floorMs)
    assert.is(await status(third), 200)
    assert.equal([await status(first), await status(second)], [401, 401])
  } finally {
    await guarded.close()
    await upstream.close()
  }
})

test.run()
