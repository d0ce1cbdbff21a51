/**
 * The audit cannot be written in the very moment that something which is no request arrives: the
 * process goes on, answers as ever and says so in its log. The disk is filled by a file size limit.
 */
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Child, startChild } from '../support/child.js'
import { Connection } from '../support/connection.js'
import { requestBytes } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()

test.after(() => upstream.close())

/** A gateway whose first record will fail. */
async function startFull(): Promise<Child & { stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-full-'))
  const auditFile = join(folder, 'audit.ndjson')
  // `ulimit -f` counts blocks of 512 or of 1024 bytes, so both are full.
  writeFileSync(auditFile, '\n'.repeat(8192), { mode: 0o600 })
  const upstreams = { up: upstream.url }
  const child = await startChild({ upstreams, auditFile, shell: 'ulimit -f 8;' })
  return {
    ...child,
    async stop() {
      await child.close()
      await rm(folder, { recursive: true })
    },
  }
}

const arrivals = [
  { what: 'bytes that are not HTTP', bytes: 'hello\r\n\r\n', status: 400, code: 'http-malformed' },
  {
    what: 'too large a head',
    bytes: `GET /mcp/up HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    status: 431,
    code: 'headers-too-large',
  },
  {
    what: 'CONNECT',
    bytes: 'CONNECT a.example:1 HTTP/1.1\r\nhost: a.example:1\r\n\r\n',
    status: null,
    code: 'verb-refused',
  },
]
for (const { what, bytes, status, code } of arrivals) {
  test(`${what}, unrecorded: the process goes on and says so`, async () => {
    const child = await startFull()
    try {
      const connection = await Connection.open(child.url)
      connection.send(bytes)
      const head = await connection.head()
      assert.is(head?.status ?? null, status)
      connection.close()
      const line = JSON.parse(await child.says('a refusal was not recorded'))
      assert.is(line.level, 'error')
      assert.match(JSON.stringify(line), code)
      const next = await Connection.open(child.url)
      const sent = { path: '/mcp/up', body: call('open-tool') }
      next.send(requestBytes(sent, new URL(child.url).host))
      assert.is((await next.answer()).status, 503)
      next.close()
      assert.is(upstream.seen.length, 0)
    } finally {
      await child.stop()
    }
  })
}

test.run()
