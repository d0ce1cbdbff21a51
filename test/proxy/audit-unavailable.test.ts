/**
 * Without a record nothing happens: when the audit cannot be written, calls are refused before they
 * are forwarded, and an answer that could not be recorded does not leave. When there is room again
 * service goes on, and what ran meanwhile is recorded late. The disk is filled by a file size limit.
 */
import { truncateSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startChild } from '../support/child.js'
import { type Answer, Connection } from '../support/connection.js'
import { requestBytes } from '../support/gateway.js'
import { call, pinned, request } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-full-'))
const auditFile = join(folder, 'audit.ndjson')
// `ulimit -f` counts blocks of 512 or of 1024 bytes, so both are full.
writeFileSync(auditFile, '\n'.repeat(8192), { mode: 0o600 })
const upstream = await startUpstream()
const child = await startChild({
  upstreams: { up: upstream.url },
  auditFile,
  shell: 'ulimit -f 8;',
})

test.after(async () => {
  await child.close()
  await upstream.close()
  await rm(folder, { recursive: true })
})

async function send(
  body: object | undefined,
  verb = 'POST',
  as: string | null = 'alice',
): Promise<Answer> {
  const connection = await Connection.open(child.url)
  const sent = { verb, as, path: '/mcp/up', ...(body === undefined ? {} : { body }) }
  connection.send(requestBytes(sent, new URL(child.url).host))
  const answer = await connection.answer()
  connection.close()
  return answer
}

const unrecorded = (id: string) =>
  `{"jsonrpc":"2.0","id":${id},"error":{"code":-32603,"message":"the request could not be recorded","data":{"requestId":"<id>"}}}`

test('the answer that could not be recorded does not leave', async () => {
  const answer = await send(call('open-tool', { arguments: { secret: 'in the answer' } }))
  assert.is(answer.status, 503)
  assert.is(answer.headers.get('retry-after'), '1')
  assert.is(pinned(answer.body), unrecorded('1'))
})

test('nothing more is forwarded: 503, refused or not', async () => {
  upstream.seen.length = 0
  const rows = [
    { answer: await send(call('open-tool')), id: '1' },
    { answer: await send(request('tools/list')), id: '1' },
    { answer: await send(call('hidden-tool')), id: '1' },
    { answer: await send(undefined, 'GET'), id: 'null' },
    { answer: await send(undefined, 'DELETE'), id: 'null' },
    { answer: await send(call('open-tool'), 'POST', null), id: 'null' },
  ]
  for (const { answer, id } of rows) {
    assert.is(answer.status, 503)
    assert.is(pinned(answer.body), unrecorded(id))
  }
  assert.equal(upstream.seen.length, 0)
})

test('with room again service goes on, and the first call is on record', async () => {
  truncateSync(auditFile, 0)
  await sleep(1050)
  const answer = await send(call('open-tool', {}, 'later'))
  assert.is(answer.status, 200)
  const events = (await child.audit()).filter(({ outcome }) => outcome === 'forwarded')
  assert.equal(
    events.map(({ method }) => method),
    ['tools/call', 'tools/call'],
  )
})

test.run()
