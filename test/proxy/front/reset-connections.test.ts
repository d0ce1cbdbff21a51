/**
 * A client that sends a request and resets the connection before it is accepted: the system hands
 * over what was sent, but no address any more. Nothing of it is carried out.
 */
import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, startGateway } from '../../support/gateway.js'
import { call } from '../../support/messages.js'
import { startUpstream } from '../../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })

test.after(async () => {
  await gateway.close()
  await upstream.close()
})

/** While this process waits it accepts nothing, so that the reset always comes first. */
function sendAndReset(to: Gateway, bytes: Buffer): void {
  const script = `
    const [port, text] = process.argv.slice(1)
    const socket = require('node:net').connect(Number(port), '127.0.0.1', () => {
      socket.write(Buffer.from(text, 'base64'), () => socket.resetAndDestroy())
    })`
  const args = ['-e', script, new URL(to.url).port, bytes.toString('base64')]
  execFileSync(process.execPath, args, { timeout: 20_000 })
}

test('what was sent on a connection that was reset before it was accepted is not carried out', async () => {
  const before = upstream.seen.length
  sendAndReset(gateway, gateway.request({ body: call('gone') }))
  assert.is((await gateway.send({ body: call('there') })).status, 200)
  assert.equal(
    (await gateway.audit()).map(({ ip, resource }) => [ip, resource?.id]),
    [['127.0.0.1', 'there']],
  )
  assert.is(upstream.seen.length - before, 1)
})

test.run()
