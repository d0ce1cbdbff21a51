/** Clients that all connect at once, within the bound: each is let in, though nobody looks yet. */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testUnless } from '../../runner/skip.js'
import { startChild } from '../../support/child.js'
import { startUpstream } from '../../support/upstream.js'

const count = 1000
/** What the system allows a program to ask for. */
const allowed = process.platform === 'linux' ? '/proc/sys/net/core/somaxconn' : null
const lack =
  allowed !== null && Number(readFileSync(allowed, 'utf8')) >= count
    ? null
    : `no system that keeps ${count} connections waiting`

testUnless(lack, test)(`${count} connections while the process is busy`, async () => {
  const upstream = await startUpstream()
  const child = await startChild({
    upstreams: { up: upstream.url },
    listen: { maxConnections: count },
  })
  const { hostname: host, port } = new URL(child.url)
  child.signal('SIGSTOP')
  let connected = 0
  const sockets: Socket[] = []
  for (let n = 0; n < count; n += 1) {
    const socket = connect({ host, port: Number(port) })
    sockets.push(socket.on('error', () => undefined).once('connect', () => (connected += 1)))
  }
  const deadline = performance.now() + 5000
  while (connected < count && performance.now() < deadline) await sleep(10)
  child.signal('SIGCONT')
  for (const socket of sockets) socket.destroy()
  await child.close()
  await upstream.close()
  assert.is(connected, count)
})

test.run()
