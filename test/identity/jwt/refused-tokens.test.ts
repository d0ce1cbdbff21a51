/**
 * Every token of the table through a whole gateway: refused with the constant 401, the record says
 * why, the server behind it hears nothing; and its twin, which lacks the fault, is let in.
 */
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../../src/domain.js'
import { startGateway } from '../../support/gateway.js'
import { brief, call, pinned } from '../../support/messages.js'
import { startUpstream } from '../../support/upstream.js'
import { token } from './cases/making.js'
import { cases } from './cases.js'
import { issuerEntries, jwks } from './issuers.js'

const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-tokens-'))
const jwksPath = join(folder, 'jwks.json')
writeFileSync(jwksPath, JSON.stringify(jwks))
const upstream = await startUpstream()
const gateway = await startGateway({
  upstreams: { up: upstream.url },
  listen: { maxHeaderBytes: 65_536 },
  identity: {
    jwt: issuerEntries(jwksPath) as unknown as JsonObject[],
    // Of one address that is wrong hundreds of times, on purpose.
    failures: { max: 1_000_000 },
  },
})

test.after(async () => {
  await gateway.close()
  await upstream.close()
  await rm(folder, { recursive: true, force: true })
})

const unauthenticated = {
  status: 401,
  'www-authenticate': 'Bearer realm="mcp-guard"',
  body: '{"jsonrpc":"2.0","id":null,"error":{"code":1401,"message":"authentication required","data":{"requestId":"<id>"}}}',
}

/** The answer to each token, in their order; several connections at a time. */
async function sendAll(texts: readonly string[]): Promise<object[]> {
  const answers: object[] = []
  for (const text of texts) {
    const { status, headers, body } = await gateway.send({
      as: null,
      headers: { authorization: `Bearer ${text}` },
      body: call('open-tool'),
    })
    const challenge = headers.get('www-authenticate')
    answers.push({ status, 'www-authenticate': challenge, body: pinned(body) })
  }
  return answers
}

test('there are at least 150 cases, each said once and each another token', () => {
  assert.ok(cases.length >= 150, String(cases.length))
  assert.is(new Set(cases.map(({ what }) => what)).size, cases.length)
})

test('each twin is let in, so that nothing but the fault is what refuses', async () => {
  const twins = [token(), ...cases.flatMap(({ twin }) => (twin === null ? [] : [twin]))]
  const answers = await sendAll(twins)
  for (const [index, answer] of answers.entries()) {
    const { what } = cases.filter(({ twin }) => twin !== null)[index - 1] ?? { what: 'plain' }
    assert.is((answer as { status: number }).status, 200, `twin of: ${what}`)
  }
  assert.is(upstream.seen.length, twins.length)
})

// The tokens that were let in are remembered now: what shares anything with them meets the memory.
test(`${cases.length} faults: one answer for all, and each by its name in the record`, async () => {
  const served = upstream.seen.length
  const recorded = (await gateway.audit()).length
  const answers = await sendAll(cases.map((one) => one.token))
  const events = (await gateway.audit()).slice(recorded)
  assert.is(events.length, cases.length)
  for (const [index, { what, reason }] of cases.entries()) {
    assert.equal(answers[index], unauthenticated, what)
    const event = events[index]
    assert.ok(event, what)
    assert.equal(
      brief(event),
      { event: 'refused', outcome: 'unauthenticated', code: reason, status: 401, method: null },
      what,
    )
    assert.equal([event.subject, event.credential, event.bytes_in], [null, null, 0], what)
  }
  assert.is(upstream.seen.length, served)
})

test('no token, and no part of one that is worth anything, is written down', async () => {
  const texts = JSON.stringify([await gateway.audit(), gateway.logged])
  for (const { token: text, twin } of cases) {
    for (const one of [text, twin ?? '']) {
      const [head = '', body = '', signed = ''] = one.split('.')
      for (const part of [head, body, signed]) {
        assert.not.ok(part.length > 15 && texts.includes(part), part.slice(0, 60))
      }
    }
  }
  assert.ok(texts.includes('"credential":"sha256:'))
})

test('who it is, as the record and the policy see it', async () => {
  const last = (await gateway.audit()).find(({ outcome }) => outcome === 'forwarded')
  assert.equal(last?.subject, {
    id: 'alice',
    issuer: 'https://idp.example',
    tenant: null,
    method: 'jwt',
  })
})

test.run()
