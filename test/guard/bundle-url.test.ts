/**
 * What is asked of the server of a bundle URL, how often, and what is made of everything that it can
 * answer. A real server over HTTP; what becomes of a bundle is told by the test.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PolicyEvent } from '../../src/domain.js'
import { GuardError } from '../../src/errors.js'
import { createFetcher } from '../../src/fetcher/create-fetcher.js'
import type { Offer, Outcome } from '../../src/guard/policy/activation.js'
import { createRemoteSource, type RemoteSource } from '../../src/guard/policy/remote.js'
import { type BundleServer, bundleType, startBundleServer } from '../support/bundle-server.js'
import type { Reply } from '../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-url-'))
const fetcher = createFetcher()
const good = gzipSync('good')
const other = gzipSync('other')
const bad = gzipSync('bad')

test.after(async () => {
  await fetcher.close()
  rmSync(folder, { recursive: true })
})

interface Rig {
  readonly server: BundleServer
  readonly source: RemoteSource
  /** Bundles that were offered to the activation. */
  readonly offered: string[]
  readonly settled: Outcome[]
  readonly told: string[]
  readonly fields: unknown[]
  readonly events: PolicyEvent[]
  close(): Promise<void>
}

const poll = {
  intervalMs: 40,
  longPollMs: 0,
  token: null,
  tokenFile: null,
  privateAddresses: false,
}

async function rig(more: Partial<typeof poll> | { tokenFile: string } = {}): Promise<Rig> {
  const server = await startBundleServer(good)
  const offered: string[] = []
  const settled: Outcome[] = []
  const told: string[] = []
  const fields: unknown[] = []
  const events: PolicyEvent[] = []

  async function activate({ read }: Offer): Promise<Outcome> {
    const found = await read()
    if (!found.ok) {
      const message = found.problems.map((one) => one.message).join()
      return refused(message, true)
    }
    const bundle = 'bundle' in found.source ? found.source.bundle : ''
    offered.push(bundle)
    if (bundle === bad.toString('base64')) return refused('it is bad', true)
    if (bundle === other.toString('base64') && offered.filter((one) => one === bundle).length < 3) {
      return refused('the compiler is away', false)
    }
    return { kind: 'activated', revision: bundle }
  }
  const source = createRemoteSource({
    url: `${server.url}?signature=secret`,
    poll: { ...poll, ...more },
    fetcher,
    activate,
    settled: (outcome) => settled.push(outcome),
    observer: {
      log(level, text, more) {
        told.push(`${level} ${text}`)
        fields.push(more)
      },
      policy: (event) => events.push(event),
    },
  })
  return {
    server,
    source,
    offered,
    settled,
    told,
    fields,
    events,
    async close() {
      source.stop()
      await server.down()
    },
  }
}

function refused(message: string, lasting: boolean): Outcome {
  return { kind: 'refused', error: new GuardError('GUARD_POLICY_INVALID', message), lasting }
}

async function until(what: string, condition: () => boolean, ms = 5000): Promise<void> {
  const deadline = performance.now() + ms
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`)
    await sleep(5)
  }
}

test('the first question is for a whole bundle, later ones name its ETag, and 304 changes nothing', async () => {
  const { server, source, offered, settled, events, close } = await rig()
  assert.is((await source.ask()).kind, 'activated')
  const [first] = server.asked
  assert.equal(
    [first?.verb, first?.path, first?.headers['if-none-match'], first?.headers['prefer']],
    ['GET', '/bundles/main.tar.gz?signature=secret', undefined, 'modes=snapshot'],
  )
  assert.equal(
    [
      first?.headers['user-agent'],
      first?.headers['authorization'],
      first?.headers['accept-encoding'],
    ],
    ['mcp-guard', undefined, 'identity'],
  )
  source.start()
  await until('three answers of 304', () => server.counts.unchanged >= 3)
  assert.is(server.asked[1]?.headers['if-none-match'], '"1"')
  assert.equal([server.counts.sent, offered.length, settled], [1, 1, []])
  server.offer(bad)
  await until('another bundle', () => settled.length === 1)
  assert.equal(events.slice(0, 2), [
    { type: 'asked', result: 'changed' },
    { type: 'asked', result: 'unchanged' },
  ])
  assert.is(source.problem(), null)
  await close()
})

test('a refused bundle is said once and not fetched again until its ETag changes', async () => {
  const { server, source, offered, settled, close } = await rig()
  await source.ask()
  source.start()
  server.offer(bad)
  await until('the refusal', () => settled.length === 1)
  const sent = server.counts.sent
  await until('more answers', () => server.counts.unchanged >= 4)
  assert.equal([server.counts.sent, settled.length, offered.length], [sent, 1, 2])
  assert.is(server.asked.at(-1)?.headers['if-none-match'], '"2"')
  server.offer(good)
  await until('the good one again', () => settled.length === 2)
  assert.is(settled[1]?.kind, 'activated')
  await close()
})

test('what was refused for no fault of its own is fetched again', async () => {
  const { server, source, offered, settled, close } = await rig()
  await source.ask()
  server.offer(other)
  assert.equal([(await source.ask()).kind, (await source.ask()).kind], ['refused', 'refused'])
  assert.is((await source.ask()).kind, 'activated')
  assert.equal([server.counts.sent, offered.length, settled], [4, 4, []])
  assert.is(server.asked.at(-1)?.headers['if-none-match'], undefined)
  await close()
})

test('without an ETag each answer is a whole bundle, and the same one is offered once', async () => {
  const { server, source, offered, settled, close } = await rig()
  server.offer(good, null)
  await source.ask()
  source.start()
  await until('more answers', () => server.counts.sent >= 4)
  assert.equal([offered.length, settled], [1, []])
  assert.is(server.asked.at(-1)?.headers['if-none-match'], undefined)
  await close()
})

for (const unusable of ['no quotes', '"a"b"', `"${'a'.repeat(2000)}"`, '"é"']) {
  test(`an ETag that cannot be sent back is none: ${unusable.slice(0, 12)}`, async () => {
    const { server, source, close } = await rig()
    server.instead = (_, response) => {
      response.setHeader('etag', unusable)
      response.writeHead(200, { 'content-type': 'application/gzip' }).end(good)
    }
    await source.ask()
    await source.ask()
    assert.is(server.asked[1]?.headers['if-none-match'], undefined)
    await close()
  })
}

test('a server that knows long polling is asked to wait, and what changes is there at once', async () => {
  const { server, source, settled, close } = await rig({ intervalMs: 60_000, longPollMs: 20_000 })
  server.type = bundleType
  await source.ask()
  assert.is(server.asked[0]?.headers['prefer'], 'modes=snapshot')
  source.start()
  await until('a question that waits', () => server.counts.waiting === 1)
  assert.is(server.asked[1]?.headers['prefer'], 'modes=snapshot;wait=20')
  const startedMs = performance.now()
  server.offer(bad)
  await until('the change', () => settled.length === 1)
  assert.ok(performance.now() - startedMs < 500)
  await until('the next question', () => server.counts.waiting === 2, 3000)
  await close()
})

test('a server that says it waits and does not is asked once a second', async () => {
  const { server, source, close } = await rig({ intervalMs: 60_000, longPollMs: 1_000 })
  server.type = bundleType
  server.instead = (asked, response) => {
    const known = asked.headers['if-none-match'] === '"x"'
    const headers = { 'content-type': bundleType, etag: '"x"' }
    if (known) response.writeHead(304, headers).end()
    else response.writeHead(200, headers).end(good)
  }
  await source.ask()
  source.start()
  await sleep(1_500)
  assert.ok(server.asked.length <= 3, String(server.asked.length))
  await close()
})

test('longPoll: 0s never asks for it', async () => {
  const { server, source, close } = await rig({ longPollMs: 0 })
  server.type = bundleType
  await source.ask()
  source.start()
  await until('more questions', () => server.asked.length >= 3)
  assert.equal(
    new Set(server.asked.map(({ headers }) => headers['prefer'])),
    new Set(['modes=snapshot']),
  )
  await close()
})

const gzip = 'application/gzip'
const unusable: readonly (readonly [what: string, reply: Reply, problem: RegExp])[] = [
  ['500', (_, response) => void response.writeHead(500).end(), /answers 500; see its log/],
  [
    '401',
    (_, response) => void response.writeHead(401).end('canary'),
    /answers 401; .*credentials/,
  ],
  ['404', (_, response) => void response.writeHead(404).end(), /answers 404/],
  [
    'a redirect',
    (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    /redirects \(302\); redirects are not followed/,
  ],
  [
    'HTML',
    (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<canary>'),
    /answers with text\/html instead of a bundle; see whether the address is right/,
  ],
  [
    'JSON',
    (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
    /application\/json instead of a bundle/,
  ],
  [
    'too much, said',
    (_, response) => {
      response.writeHead(200, { 'content-type': gzip, 'content-length': String(2 ** 26 + 1) })
      response.write('x')
    },
    /more than 67108864 bytes/,
  ],
  [
    'half of it',
    (_, response) => {
      response.writeHead(200, { 'content-type': gzip, 'content-length': '1000' })
      response.write(good)
      setTimeout(() => response.destroy(), 20)
    },
    /broke off/,
  ],
  [
    'half of it, without a length',
    (_, response) => {
      response.writeHead(200, { 'content-type': gzip })
      response.write(good)
      setTimeout(() => response.destroy(), 20)
    },
    /broke off/,
  ],
  [
    'brotli',
    (_, response) =>
      void response.writeHead(200, { 'content-type': gzip, 'content-encoding': 'br' }).end(good),
    /encodes its answer/,
  ],
  [
    '304 to the first question',
    (_, response) => void response.writeHead(304).end(),
    /nothing changed, and was not told since when/,
  ],
]

for (const [what, reply, problem] of unusable) {
  test(`no use, and said once: ${what}`, async () => {
    const { server, source, offered, settled, told, events, close } = await rig()
    server.instead = reply
    const outcome = await source.ask()
    assert.is(outcome.kind, 'unanswered')
    await source.ask()
    assert.match(source.problem() ?? '', problem)
    assert.not.match(source.problem() ?? '', 'canary')
    assert.is(told.length, 1, told.join('\n'))
    assert.match(told[0] ?? '', /^warn the policy cannot be asked for: /)
    assert.equal(events.at(-1), { type: 'asked', result: 'failed' })
    assert.equal([offered, settled, source.answeredAtMs()], [[], [], null])
    server.instead = null
    assert.is((await source.ask()).kind, 'activated')
    assert.equal([source.problem(), told.length], [null, 2])
    assert.ok(source.answeredAtMs() !== null)
    await close()
  })
}

test('64 MiB and not a byte more, also where no length is said', async () => {
  const { server, source, close } = await rig()
  const piece = randomBytes(2 ** 20)
  server.instead = (_, response) => {
    response.writeHead(200, { 'content-type': gzip })
    let count = 0
    const more = () => {
      while (count < 70 && response.write(piece)) count += 1
      count += 1
      if (count >= 70) response.end()
    }
    response.on('drain', more).on('error', () => undefined)
    more()
  }
  await source.ask()
  assert.match(source.problem() ?? '', /more than 67108864 bytes/)
  await close()
})

test('an answer that is no gzip is refused, once', async () => {
  const { server, source, settled, close } = await rig()
  server.offer(Buffer.from('package mcpguard.main'))
  const outcome = await source.ask()
  assert.is(outcome.kind, 'refused')
  assert.match(outcome.kind === 'refused' ? outcome.error.message : '', 'what came is no bundle')
  source.start()
  await until('more answers', () => server.counts.unchanged >= 2)
  assert.equal(settled, [])
  await close()
})

for (const encoding of ['gzip', 'x-gzip']) {
  test(`a file that its server calls encoded is what it is: ${encoding}`, async () => {
    const { server, source, offered, close } = await rig()
    const headers = { 'content-type': 'application/x-tar', 'content-encoding': encoding }
    server.instead = (_, response) => void response.writeHead(200, headers).end(good)
    assert.is((await source.ask()).kind, 'activated')
    assert.equal(offered, [good.toString('base64')])
    await close()
  })
}

test('a server that is away is asked less and less often, and as usual once it is back', async () => {
  const { server, source, settled, told, fields, events, close } = await rig()
  await source.ask()
  await server.down()
  source.start()
  await until('three failures', () => events.length >= 4, 8_000)
  const failed = events.slice(1).every((one) => one.type === 'asked' && one.result === 'failed')
  assert.ok(failed)
  assert.match(told.join('\n'), /refuses connections; see whether it is up/)
  assert.is(told.length, 1)
  await server.up()
  await until('an answer', () => source.problem() === null, 10_000)
  assert.equal(told[1], 'info the policy can be asked for again')
  assert.equal(fields[1], { url: server.url })
  assert.not.match(told.join('\n'), 'secret')
  assert.not.ok(settled.some((one) => one.kind !== 'unanswered'))
  await close()
})

test('a token goes along, read anew each time, and not from a file that others may read', async () => {
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, 'first\n', { mode: 0o600 })
  const { server, source, close } = await rig({ tokenFile })
  await source.ask()
  writeFileSync(tokenFile, 'second')
  await source.ask()
  assert.equal(
    server.asked.map(({ headers }) => headers['authorization']),
    ['Bearer first', 'Bearer second'],
  )
  chmodSync(tokenFile, 0o644)
  assert.is((await source.ask()).kind, 'unanswered')
  assert.match(source.problem() ?? '', /is open to others \(mode 0644\); run: chmod 600/)
  rmSync(tokenFile)
  await source.ask()
  assert.match(source.problem() ?? '', 'does not exist')
  writeFileSync(tokenFile, 'two words', { mode: 0o600 })
  await source.ask()
  assert.match(source.problem() ?? '', 'holds no token of printable characters')
  assert.is(server.asked.length, 2)
  await close()
})

test('what is forgotten is asked for as a whole and offered again', async () => {
  const { server, source, offered, close } = await rig()
  await source.ask()
  source.forget()
  await source.ask()
  assert.equal([server.counts.sent, offered.length], [2, 2])
  await close()
})

test.run()
