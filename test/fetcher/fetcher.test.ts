/**
 * What the gateway asks other services: everything that can be wrong with an answer, an address or
 * a service is a GuardError whose text says what and what to do, and never what was sent.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../src/errors.js'
import { createFetcher } from '../../src/fetcher/create-fetcher.js'
import type { FetchRules } from '../../src/fetcher/fetcher.js'
import type { Resolve } from '../../src/fetcher/guarded-lookup.js'
import { answer, type Reply, type Service, silent, startService } from '../support/service.js'

const rules: FetchRules = { privateAddresses: false, timeoutMs: 2000 }
const secret = 'canary-7f3a/+ "secret"'
const fetcher = createFetcher()
let service: Service

test.before(async () => {
  service = await startService(silent)
})
test.after(async () => {
  await fetcher.close()
  await service.down()
})

/** The message of the GuardError that it rejects with. */
async function problemOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (thrown) {
    if (!(thrown instanceof GuardError)) throw thrown
    assert.is(thrown.code, 'GUARD_IDENTITY_UNAVAILABLE')
    assert.not.match(thrown.message, 'canary')
    return thrown.message
  }
  throw new Error('it did not fail')
}

const withHeaders =
  (headers: Record<string, string>, body: string | Buffer, status = 200): Reply =>
  (_, response) =>
    void response.writeHead(status, headers).end(body)

const json = 'application/json'
const unusable: readonly (readonly [what: string, reply: Reply, problem: RegExp])[] = [
  ['500', answer({}, json, 500), /answers 500; see its log/],
  ['404', answer('canary', 'text/plain', 404), /answers 404; see whether address/],
  ['204', withHeaders({}, '', 204), /answers 204;/],
  ['201', answer({}, json, 201), /answers 201;/],
  ['HTML', answer('<html>canary', 'text/html'), /answers with text\/html instead of JSON/],
  ['no type', withHeaders({}, '{}'), /answers with no content type instead of JSON/],
  ['two types', answer({}, 'application/json, text/html'), /no content type instead/],
  ['octets', answer({}, 'application/octet-stream'), /octet-stream instead of JSON; .*static/],
  ['HTML as JSON', answer('<html>canary'), /as JSON \(syntax\)/],
  ['nothing', answer(''), /as JSON \(syntax\)/],
  ['half of it', answer('{"keys":['), /as JSON \(syntax\)/],
  ['a doubled member', answer('{"keys":[],"keys":[]}'), /as JSON \(duplicate\)/],
  ['nested deeply', answer('['.repeat(99) + ']'.repeat(99)), /as JSON \(depth\)/],
  [
    'no UTF-8',
    withHeaders({ 'content-type': json }, Buffer.from([0x22, 0xff, 0x22])),
    /as JSON \(encoding\)/,
  ],
  [
    'gzip',
    withHeaders({ 'content-type': json, 'content-encoding': 'gzip' }, 'x'),
    /encodes its answer/,
  ],
  ['1 MiB and a byte, said', answer(`"${'a'.repeat(1024 * 1024 - 1)}"`), /more than 1048576 bytes/],
  [
    '10 MB, unsaid',
    (_, response) => {
      response.writeHead(200, { 'content-type': json })
      for (let count = 0; count < 100; count += 1) response.write(' '.repeat(100_000))
      response.end()
    },
    /more than 1048576 bytes/,
  ],
  [
    'broken off',
    (_, response) => {
      response.writeHead(200, { 'content-type': json, 'content-length': '100' })
      response.write('{"a":')
      setTimeout(() => response.destroy(), 20)
    },
    /broke off/,
  ],
  [
    'no HTTP',
    (_, response) => void response.socket?.end('canary\r\n'),
    /cannot be asked|broke off/,
  ],
]

for (const [what, reply, problem] of unusable) {
  test(`an answer of no use: ${what}`, async () => {
    service.reply = reply
    const told = await problemOf(fetcher.getJson(`${service.url}/a?key=canary`, rules))
    assert.match(told, problem)
    assert.ok(told.startsWith(`${service.url} `), told)
  })
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`a redirect is not followed: ${status}`, async () => {
    const before = service.asked.length
    service.reply = withHeaders({ location: `${service.url}/elsewhere` }, '', status)
    const told = await problemOf(fetcher.getJson(`${service.url}/a`, rules))
    assert.match(told, `redirects (${status}); redirects are not followed`)
    await sleep(20)
    assert.is(service.asked.length, before + 1)
  })
}

for (const [what, reply] of [
  ['never', silent],
  ['slowly', (_, response) => void response.writeHead(200, { 'content-type': json }).write('{')],
  [
    'a byte at a time',
    (_, response) => {
      response.writeHead(200, { 'content-type': json })
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    },
  ],
] as const satisfies readonly (readonly [string, Reply])[]) {
  test(`a service that answers ${what} is given up in time`, async () => {
    service.reply = reply
    const startedMs = performance.now()
    const told = await problemOf(fetcher.getJson(service.url, { ...rules, timeoutMs: 300 }))
    const tookMs = performance.now() - startedMs
    assert.match(told, 'did not answer within 0.3 s; see whether it is up and reachable')
    assert.ok(tookMs >= 290 && tookMs < 1500, `${tookMs} ms`)
  })
}

test('what is sent: a plain GET, nothing of the environment, no cookies back', async () => {
  const reply = answer({ keys: [] }, 'application/jwk-set+json; charset=utf-8')
  service.reply = (asked, response) => {
    response.setHeader('set-cookie', 'session=canary')
    reply(asked, response)
  }
  process.env['HTTP_PROXY'] = process.env['http_proxy'] = 'http://127.0.0.1:9'
  const before = service.asked.length
  try {
    for (let count = 0; count < 2; count += 1) {
      assert.equal(await fetcher.getJson(`${service.url}/keys?a=b`, rules), { keys: [] })
    }
  } finally {
    delete process.env['HTTP_PROXY']
    delete process.env['http_proxy']
  }
  for (const { verb, path, headers } of service.asked.slice(before)) {
    const { host, connection, ...others } = headers
    assert.is(`${verb} ${path}`, 'GET /keys?a=b')
    assert.is(host, new URL(service.url).host)
    assert.equal(others, {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'mcp-guard',
    })
    assert.is(connection, 'keep-alive')
  }
})

test('a form, with the client as client_secret_basic', async () => {
  service.reply = answer({ active: true })
  const form = { fields: { token: 'a b&c=d', é: '' }, client: { id: 'me:you', secret } }
  assert.equal(await fetcher.postForm(service.url, form, rules), { active: true })
  const { verb, headers, body } = service.asked.at(-1) as (typeof service.asked)[number]
  assert.is(verb, 'POST')
  assert.is(headers['content-type'], 'application/x-www-form-urlencoded')
  assert.equal(
    [...new URLSearchParams(body)],
    [
      ['token', 'a b&c=d'],
      ['é', ''],
    ],
  )
  const basic = Buffer.from(
    (headers.authorization ?? '').replace('Basic ', ''),
    'base64',
  ).toString()
  // As oidc-provider and others read it: split at the colon, then decoded as a form.
  assert.equal(
    basic.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' '))),
    ['me:you', secret],
  )
  await fetcher.postForm(service.url, { ...form, client: null }, rules)
  assert.is(service.asked.at(-1)?.headers.authorization, undefined)
})

test('a refused form says why, in words of the standard only', async () => {
  const form = { fields: { token: 'canary' }, client: { id: 'me', secret } }
  for (const [body, status, told] of [
    [
      { error: 'invalid_client', error_description: 'canary' },
      401,
      'answers 401 (invalid_client);',
    ],
    [{ error: 'canary' }, 400, 'answers 400; see whether address and credentials are right'],
    ['canary', 400, 'answers 400;'],
    [{ error: 'invalid_client' }, 403, 'answers 403;'],
    [{ error: 'invalid_client', more: 'canary'.repeat(9000) }, 401, 'answers 401;'],
  ] as const) {
    service.reply = answer(body, json, status)
    assert.match(await problemOf(fetcher.postForm(service.url, form, rules)), told)
  }
})

for (const [url, told] of [
  ['http://idp.example/keys', 'is http and not on this machine'],
  ['https://me:canary@idp.example/keys', 'holds credentials'],
  ['canary', 'is not an https URL'],
] as const) {
  test(`an address that is refused by its text: ${told}`, async () => {
    assert.match(await problemOf(fetcher.getJson(url, { ...rules, privateAddresses: true })), told)
  })
}

const resolvingTo =
  (...addresses: string[]): Resolve =>
  (_, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

test('names and addresses that are not connected to', async () => {
  const isRefused = 'is not asked: its address'
  for (const [host, addresses, opened, told] of [
    ['a.example', ['127.0.0.1'], false, 'of this machine; set privateAddresses: true'],
    ['a.example', ['10.0.0.1'], false, 'of a private network; set privateAddresses: true'],
    ['a.example', ['::ffff:10.0.0.1'], false, 'of a private network'],
    ['a.example', ['93.184.215.14', '10.0.0.1'], false, 'address 10.0.0.1 is'],
    ['a.example', ['169.254.169.254'], false, 'reserved or of a cloud’s own services; see'],
    ['a.example', ['169.254.169.254'], true, 'reserved or of a cloud’s own services; see'],
    ['a.example', ['fe80::1'], true, 'reserved'],
    ['a.example', ['64:ff9b::a9fe:a9fe'], true, 'reserved'],
    ['localhost', ['10.0.0.1'], true, 'of a private network'],
    ['localhost', ['93.184.215.14'], true, 'a public one; see what its name leads to'],
    ['10.0.0.1', [], false, 'of a private network'],
    ['169.254.169.254', [], true, 'reserved'],
    ['0.0.0.0', [], true, 'reserved'],
    ['[fd00:ec2::254]', [], true, 'reserved'],
    ['[::ffff:169.254.169.254]', [], true, 'reserved'],
    ['0xa9fea9fe', [], true, 'reserved'],
  ] as const) {
    const guarded = createFetcher({ resolve: resolvingTo(...addresses) })
    const asked = { ...rules, privateAddresses: opened }
    const problem = await problemOf(guarded.getJson(`https://${host}:1/`, asked))
    assert.match(problem, isRefused, `${host} ${addresses}`)
    assert.match(problem, told, `${host} ${addresses}`)
    await guarded.close()
  }
})

test('a name that answers otherwise the second time does not get through (rebinding)', async () => {
  let count = 0
  const guarded = createFetcher({
    resolve: (_, done) => {
      count += 1
      // A closed port of this machine stands for a public server that does not answer.
      done(null, [{ address: count === 1 ? '93.184.215.14' : '127.0.0.1', family: 4 }])
    },
  })
  const quick = { ...rules, timeoutMs: 200 }
  await problemOf(guarded.getJson('https://rebinding.example:1/', quick))
  const told = await problemOf(guarded.getJson('https://rebinding.example:1/', quick))
  assert.is(count, 2)
  assert.match(told, 'address 127.0.0.1 is one of this machine')
  await guarded.close()
})

test('privateAddresses lets names lead to this machine; what it opens stays apart', async () => {
  const { port } = new URL(service.url)
  const guarded = createFetcher({ resolve: resolvingTo('127.0.0.1') })
  // Connected, then no TLS is spoken there: it got through.
  const opened = { ...rules, privateAddresses: true }
  const told = await problemOf(guarded.getJson(`https://a.example:${port}/`, opened))
  assert.not.match(told, 'is not asked')
  assert.match(
    await problemOf(guarded.getJson(`https://a.example:${port}/`, rules)),
    'is not asked',
  )
  await guarded.close()
})

test('failures of names and connections', async () => {
  const unknown = createFetcher({
    resolve: (_, done) => done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []),
  })
  assert.match(
    await problemOf(unknown.getJson('https://a.example/', rules)),
    'name that is not known',
  )
  await unknown.close()
  const empty = createFetcher({ resolve: resolvingTo() })
  assert.match(await problemOf(empty.getJson('https://a.example/', rules)), 'has no address')
  await empty.close()
  await service.down()
  // Until the fetcher has heard that the connections it kept are closed.
  await sleep(50)
  const told = await problemOf(fetcher.getJson(service.url, rules))
  assert.match(told, 'refuses connections; see whether it is up')
  await service.up()
  service.reply = answer({ back: true })
  assert.equal(await fetcher.getJson(service.url, rules), { back: true })
})

test('certificates are verified, and a private authority is named in the environment', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-fetcher-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=idp', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', key, '-out', cert, '-days', '2']
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  execFileSync('openssl', [...made, ...subject, ...files], { stdio: 'ignore' })
  const pems = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  const secure = await startService(answer({ secure: true }), pems)
  try {
    const told = await problemOf(fetcher.getJson(secure.url, rules))
    assert.match(told, 'has a certificate that is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)')
    assert.match(told, 'NODE_EXTRA_CA_CERTS')
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    assert.match(await problemOf(fetcher.getJson(secure.url, rules)), 'DEPTH_ZERO_SELF_SIGNED')
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    assert.is(secure.asked.length, 0)
    const { port } = new URL(secure.url)
    assert.equal(await childAsks(secure.url, cert), { secure: true })
    const otherName = await childAsks(`https://localhost:${port}`, cert)
    assert.match(String(otherName), 'ERR_TLS_CERT_ALTNAME_INVALID')
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    await secure.down()
    rmSync(folder, { recursive: true })
  }
})

/** What a process that trusts the authority gets, or the text of its failure. */
async function childAsks(url: string, authority: string): Promise<unknown> {
  const { promisify } = await import('node:util')
  const { execFile } = await import('node:child_process')
  const module = new URL('../../src/fetcher/create-fetcher.js', import.meta.url).href
  const program = `
    const { createFetcher } = await import(${JSON.stringify(module)})
    const fetcher = createFetcher()
    const told = await fetcher.getJson(${JSON.stringify(url)}, { privateAddresses: false })
      .catch((error) => error.message)
    console.log(JSON.stringify(told))
    await fetcher.close()`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: authority } },
  )
  return JSON.parse(stdout)
}

test('at most eight connections to a service, and at most 256 requests', async () => {
  let open = 0
  const server = createServer((socket) => {
    open += 1
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const busy = createFetcher()
  const asked = Array.from({ length: 257 }, () =>
    problemOf(busy.getJson(`http://127.0.0.1:${port}/`, { ...rules, timeoutMs: 400 })),
  )
  await sleep(200)
  assert.is(open, 8)
  const told = await Promise.all(asked)
  assert.is(told.filter((text) => text.includes('has 256 requests under way')).length, 1)
  assert.is(told.filter((text) => text.includes('did not answer within 0.4 s')).length, 256)
  service.reply = answer({ other: true })
  assert.equal(await busy.getJson(service.url, rules), { other: true })
  await busy.close()
  server.close()
})

test('closing ends what is under way and refuses what comes after', async () => {
  service.reply = silent
  const closing = createFetcher()
  const asked = problemOf(closing.getJson(service.url, rules))
  await sleep(50)
  await closing.close()
  assert.match(await asked, 'was not heard to the end; the gateway is stopping')
  assert.match(await problemOf(closing.getJson(service.url, rules)), 'is not asked any more')
})

test.run()
