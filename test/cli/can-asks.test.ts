/**
 * What of the configuration and the command line `can` asks with: each of these decides what the
 * gateway would do, so that an answer without it would be of another gateway.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyPair } from '../rego/signed.js'
import { startOffering } from '../support/offering.js'
import { closedPortUrl } from '../support/upstream.js'
import { inProcess } from './in-process.js'
import { folder } from './support.js'

/** Each tool is allowed by one fact, of which it has the name. */
const policy = `package mcpguard.main

# METADATA
# title: "By its name\\e[2J"
# custom:
#   code: by-name
default decision := {"allow": false, "reasons": ["by-name"]}

decision := {"allow": true, "reasons": ["yes"]} if allowed

decision := {"allow": true, "reasons": ["yes"], "limits": []} if {
	not allowed
	input.resource.id == "free"
}

decision := {"allow": false, "reasons": ["ask"], "challenge": {"scopes": ["more"]}} if {
	not allowed
	input.resource.id == "scoped"
	input.subject.method == "jwt"
}

allowed if input.action.class == "list"

allowed if {
	input.action.class == "session"
	input.subject.id != "shut"
}

allowed if {
	input.subject.id == "shut"
	input.context.question == "item"
}

allowed if {
	input.resource.id == "here"
	input.resource.server == "a"
}

allowed if {
	input.resource.id == "labelled"
	input.resource.labels.env == "prod"
}

allowed if {
	input.resource.id == "near"
	input.context.ip == "10.1.2.3"
}

allowed if {
	input.resource.id == "claimed"
	input.subject.claims.dept == "hr"
	input.subject.method == "oauth"
	input.subject.tenant == "acme"
}

allowed if {
	input.resource.id == "costly"
	count([1 | some i in numbers.range(1, 100); some j in numbers.range(1, 100); i < j]) > 0
}
`
const tools = ['here', 'labelled', 'near', 'claimed', 'costly', 'free', 'scoped'].map((name) => ({
  name,
}))

const [a, b, gone] = [await startOffering(), await startOffering(), await closedPortUrl()]
a.offer = { tools: [[...tools, { name: 'of-a' }]] }
b.offer = { tools: [tools] }
test.after(async () => {
  for (const { upstream } of [a, b]) await upstream.close()
})

writeFileSync(join(folder, 'policy.rego'), policy)
writeFileSync(join(folder, 'items.json'), JSON.stringify({ tools }))
const alice = { id: 'alice', sha256: 'a'.repeat(64) }

interface Written {
  readonly upstreams?: object
  readonly identity?: object
  readonly policy?: object
  readonly limits?: object
}

function write(name: string, { policy: more, ...written }: Written): string[] {
  const value = {
    upstreams: { a: { url: gone } },
    identity: { apiKeys: [alice] },
    ...written,
    policy: { path: 'policy.rego', ...more },
  }
  writeFileSync(join(folder, name), JSON.stringify(value), { mode: 0o600 })
  return ['-c', name]
}

const run = (...words: string[]) => inProcess(['can', ...words])
const items = ['--items', 'items.json']

/** What somebody may use of all that is offered; a table needs no more than the compiled policy. */
async function mayUse(...words: string[]): Promise<ReadonlySet<string>> {
  const { stdout, stderr } = await run(...words, '--json')
  assert.match(stdout, '"servers"', stderr)
  const found = JSON.parse(stdout).servers[0].items as { name: string; use: string }[]
  return new Set(found.filter(({ use }) => use === 'yes').map(({ name }) => name))
}

const plain = write('plain.yaml', {})

test('yes of one server and no of another is no', async () => {
  const both = write('both.yaml', {
    upstreams: { a: { url: a.upstream.url }, b: { url: b.upstream.url } },
  })
  const { code, stdout } = await run('alice', 'here', ...both, '--json')
  const { allow, answers } = JSON.parse(stdout) as { allow: boolean; answers: { allow: boolean }[] }
  assert.equal([code, allow], [1, false])
  assert.equal(
    answers.map((one) => one.allow),
    [true, false],
  )
})

test('only the servers that offer an item are asked of it', async () => {
  const both = write('both.yaml', {
    upstreams: { a: { url: a.upstream.url }, b: { url: b.upstream.url } },
  })
  const { stdout, stderr } = await run('alice', 'of-a', ...both)
  assert.match(stdout, /^no: alice may not call of-a on a\n(?!.* on b\n)/)
  assert.is(stderr, '')
})

test('yes is no answer for all while a server has not answered', async () => {
  const one = write('one.yaml', { upstreams: { a: { url: a.upstream.url }, gone: { url: gone } } })
  const { code, stdout, stderr } = await run('alice', 'here', ...one)
  assert.is(code, 1)
  assert.match(stdout, /^yes: alice may call here on a\n/)
  assert.match(stderr, /^error: gone: .*ECONNREFUSED/)
})

test('a policy that nobody signed is not asked where a signature is', async () => {
  const signed = write('signed.yaml', { policy: { verify: { key: keyPair().publicKey } } })
  const { code, stdout, stderr } = await run('alice', 'here', ...signed, ...items)
  assert.equal([code, stdout], [1, ''])
  assert.match(stderr, /^error: .*sign/)
})

test('the budget is that of the configuration, and running out of it is told', async () => {
  const asked = (...config: string[]) => run('alice', ...config, ...items)
  const enough = await asked(...plain)
  assert.match(enough.stdout, 'a\ttool\tcostly\tseen\tyes\t')
  const small = await asked(...write('small.yaml', { policy: { budget: 100_000 } }))
  assert.match(small.stdout, 'a\ttool\tcostly\thidden\tno\tpolicy-budget\n')
  assert.match(small.stderr, /^the policy failed: policy-budget/)
})

test('keys of a file count, and without a readable one there is no answer', async () => {
  const keys = join(folder, 'some.keys')
  const apiKeys = [{ ...alice, id: 'bob', sha256: 'b'.repeat(64) }]
  writeFileSync(keys, JSON.stringify({ apiKeys }), { mode: 0o600 })
  const both = write('keys.yaml', { identity: { apiKeys: [alice], apiKeyFile: 'some.keys' } })
  assert.ok((await mayUse('bob', ...both, ...items)).has('here'))
  writeFileSync(keys, 'apiKeys: 7\n')
  for (const who of ['alice', 'bob']) {
    const { code, stdout, stderr } = await run(who, 'here', ...both, ...items)
    assert.equal([code, stdout], [1, ''])
    assert.match(stderr, /^error: .*some\.keys:1: /)
  }
})

test('without a credential nobody is let in where that is not configured', async () => {
  assert.equal(await run('anonymous', 'here', ...plain, ...items), {
    code: 1,
    stdout: '',
    stderr:
      'nobody is let in without a credential\n' +
      'error: anonymous is not let in, and so may do nothing\n',
  })
  const open = write('open.yaml', { identity: { anonymous: true } })
  assert.ok((await mayUse('anonymous', ...open, ...items)).has('here'))
})

test('the address and the labels of the server are facts as the gateway has them', async () => {
  const ip = ['--ip', '10.1.2.3']
  assert.is((await run('alice', 'near', ...plain, ...items)).code, 1)
  assert.is((await run('alice', 'near', ...plain, ...items, ...ip)).code, 0)
  assert.is((await run('alice', 'labelled', ...plain, ...items)).code, 1)
  const upstreams = { a: { url: gone, labels: { env: 'prod' } } }
  assert.is(
    (await run('alice', 'labelled', ...write('label.yaml', { upstreams }), ...items)).code,
    0,
  )
})

test('a caller that may not begin a session sees nothing, whatever its lists would say', async () => {
  const given = ['--role', 'any', ...plain, ...items]
  const { stdout, stderr } = await run('shut', ...given)
  assert.match(stdout, /^a\ttool\there\thidden\t/)
  assert.not.match(stdout, '\tseen\t')
  assert.is(stderr, 'a: shut may not list tools (by-name)\na: shut sees 0 of 7 items\n')
  const { servers } = JSON.parse((await run('shut', ...given, '--json')).stdout)
  assert.equal(servers[0].notListed, [{ kind: 'tools', reasons: ['by-name'] }])
})

test('what a file says of somebody counts, and what is no fact is refused', async () => {
  const facts = { id: 'zoe', method: 'oauth', tenant: 'acme', claims: { dept: 'hr' } }
  const asked = (more: object) => {
    writeFileSync(join(folder, 'zoe.json'), JSON.stringify({ ...facts, ...more }))
    return ['--subject', 'zoe.json', ...plain, ...items]
  }
  assert.ok((await mayUse(...asked({}))).has('claimed'))
  for (const more of [{ claims: {} }, { tenant: null }, { method: null }]) {
    assert.not.ok((await mayUse(...asked(more))).has('claimed'), JSON.stringify(more))
  }
  const rows: readonly (readonly [more: object, problem: string])[] = [
    [{ claims: [] }, 'claims is no object'],
    [{ roles: ['dev', 1] }, 'roles is no list of texts'],
    [{ roles: 'dev' }, 'roles is no list of texts'],
    [{ kind: 'robot' }, 'kind is none of user, service, anonymous'],
    [{ method: 'none' }, 'method is none of api-key, anonymous, jwt, oauth, client-cert'],
    [{ tenant: 7 }, 'tenant is no text'],
    [{ id: '' }, 'id is missing'],
  ]
  for (const [more, problem] of rows) {
    const { code, stderr } = await run(...asked(more))
    assert.is(code, 2, problem)
    assert.match(stderr, `error: the file zoe.json: ${problem}`)
  }
})

test('limits are told with where they are from', async () => {
  const limits = { default: [{ name: 'calls', tokens: 30, per: '1m', burst: 5 }] }
  const limited = write('limited.yaml', { limits })
  const told = async (config: readonly string[]) => {
    const { stdout } = await run('alice', ...config, ...items)
    const { servers } = JSON.parse((await run('alice', ...config, ...items, '--json')).stdout)
    return ['here', 'free'].map((tool) => {
      const { limits: own, limitsFrom } = servers[0].items.find(
        (item: { name: string }) => item.name === tool,
      )
      const text = new RegExp(`\\t${tool}\\tseen\\tyes\\t(.*)$`, 'm').exec(stdout)?.[1]
      return [text, own.length, limitsFrom]
    })
  }
  const calls = 'limits.default: calls 30 in 60 s, burst 5'
  const free = ['unlimited', 0, 'policy']
  assert.equal(await told(limited), [[calls, 1, 'configuration'], free])
  assert.equal(await told(plain), [['unlimited', 0, 'configuration'], free])
})

test('what more scopes would lift is told apart from what is refused', async () => {
  const { stdout } = await run('zoe', '--issuer', 'https://idp.example', ...plain, ...items)
  assert.match(stdout, 'a\ttool\tscoped\thidden\tscopes\task (scopes more)\n')
  assert.match(stdout, 'a\ttool\tnear\thidden\tno\tby-name\n')
})

test('what is foreign in an answer cannot act on a terminal', async () => {
  const { stdout } = await run('alice', 'x\u001b[2J', ...plain, ...items)
  assert.match(stdout, 'no: alice may not call x\\u001b[2J on a\n')
  assert.match(stdout, '  by-name: By its name\\u001b[2J\n')
  assert.not.match(stdout, '\u001b')
})

const wrong: readonly (readonly [words: string[], message: string])[] = [
  [
    [...write('two.yaml', { upstreams: { a: { url: gone }, b: { url: gone } } }), ...items],
    '--items is what one server offers: say which with --server NAME',
  ],
  [
    [...write('url.yaml', { policy: { path: 'https://bundles.example/b.tar.gz' } }), ...items],
    'the policy is fetched from a URL: name a copy of it with --policy',
  ],
]
for (const [words, message] of wrong) {
  test(`exit 2: ${message}`, async () => {
    const { code, stdout, stderr } = await run('alice', 'here', ...words)
    assert.equal([code, stdout], [2, ''])
    assert.is(stderr, `error: ${message}\nmcp-guard can --help shows how it is used\n`)
  })
}

test.run()
