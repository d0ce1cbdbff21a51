/** `can` says what the gateway does: about the same callers, servers, items and arguments. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { canCommand } from '../../src/cli/can.js'
import type { Json, JsonObject } from '../../src/domain.js'
import { keyOf, startGateway } from '../support/gateway.js'
import { call, request } from '../support/messages.js'
import { startOffering } from '../support/offering.js'
import { shippedRules } from '../support/peer-items.js'
import { stdioServer } from '../support/stdio.js'
import { closedPortUrl, json } from '../support/upstream.js'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

const everyDay = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const grants = {
  dev: {
    up: {
      tools: {
        open: {},
        bounded: { arguments: { repo: { prefix: 'acme/' }, count: { max: 5, min: 1 } } },
        'delete-all': {},
        wipes: {},
        twice: {},
        timed: {},
      },
      prompts: { ask: {}, told: { arguments: { name: { enum: ['a'] } } } },
      resources: { 'file:///a/': {}, 'note://{id}': {} },
    },
  },
}
const policy = {
  ...shippedRules(),
  [join('grants', 'data.yaml')]: JSON.stringify(grants),
  [join('tenants', 'data.yaml')]: JSON.stringify({ acme: { dev: { up: { tools: { own: {} } } } } }),
  [join('windows', 'data.yaml')]: JSON.stringify({
    day: {
      zone: 'Europe/Zurich',
      open: [{ days: everyDay, from: '08:00', to: '18:00' }],
      for: { tools: { up: ['timed'] } },
    },
  }),
  [join('tiers', 'data.yaml')]: JSON.stringify({
    order: [{ role: 'dev', tier: 'gold' }],
    tiers: { gold: { user: { tokens: 60000, per: '1m', burst: 5000 } } },
  }),
}
const tools = [
  { name: 'open' },
  { name: 'bounded' },
  { name: 'delete-all' },
  { name: 'wipes', annotations: { destructiveHint: true } },
  { name: 'twice', description: 'one' },
  { name: 'twice', description: 'another' },
  { name: 'timed' },
  { name: 'own' },
  { name: 'other\u001b[2J' },
]
const offer = {
  tools: [tools.slice(0, 3), tools.slice(3)],
  prompts: [[{ name: 'ask' }, { name: 'told' }, { name: 'no' }]],
  resources: [
    [
      { uri: 'file:///a/b', name: 'b' },
      { uri: 'file:///c', name: 'c' },
    ],
  ],
  resourceTemplates: [[{ uriTemplate: 'note://{id}', name: 'note' }]],
}

writeFileSync(
  join(folder, 'who.yaml'),
  'id: zoe\nroles: [dev]\nmethod: oauth\nissuer: https://idp.example\n',
)

const server = await startOffering()
const nobody = await closedPortUrl()
const callers = {
  alice: ['dev'],
  root: ['dev'],
  eve: [],
  off: ['dev'],
  old: ['dev'],
  soon: ['dev'],
}
const gateway = await startGateway({
  upstreams: {
    up: {
      url: server.upstream.url,
      credential: { header: { name: 'x-own', value: 'of-the-gateway-1234' } },
    },
    child: stdioServer(),
    gone: nobody,
  },
  callers,
  entries: {
    root: { scopes: ['mcp:destructive'], tenant: 'acme' },
    off: { disabled: true },
    old: { expires: '2026-01-01T00:00:00Z' },
    soon: { notBefore: '2099-01-01T00:00:00Z' },
  },
  anonymous: true,
  policy,
  policyOptions: { timeZones: ['Europe/Zurich'] },
})
const config = join(gateway.folder, 'guard.yaml')
test.before.each(() => {
  server.clear()
  server.offer = offer
})
test.after(async () => {
  await gateway.close()
  await server.upstream.close()
})

const run = (...words: string[]) => inProcess(canCommand, ['can', ...words])
const can = (...words: string[]) => run(...words, '-c', config, '--server', 'up')
const noon = ['--time', '2026-11-23T11:00:00Z']
const night = ['--time', '2026-11-23T23:00:00Z']

interface View {
  readonly kind: string
  readonly name: string
  readonly seen: boolean
  readonly use: string
}

async function listedBy(as: string, method: string, kind: string, member: string) {
  const names: Json[] = []
  for (let params: JsonObject | undefined = {}; params !== undefined; ) {
    const { body } = await gateway.send({ as, body: request(method, params) })
    const { result } = JSON.parse(body)
    names.push(...result[kind].map((item: JsonObject) => item[member]))
    params = result.nextCursor === undefined ? undefined : { cursor: result.nextCursor }
  }
  return names
}

test('what it says of every item is what the gateway does', async () => {
  const lists = {
    tools: 'name',
    prompts: 'name',
    resources: 'uri',
    resourceTemplates: 'uriTemplate',
  }
  const methods = {
    tools: 'tools/list',
    prompts: 'prompts/list',
    resources: 'resources/list',
    resourceTemplates: 'resources/templates/list',
  }
  const found: Record<string, string[]> = {}
  for (const as of ['alice', 'root', 'eve']) {
    const { code, stdout } = await can(as, '--json')
    assert.is(code, 0)
    const { items } = JSON.parse(stdout).servers[0] as { items: View[] }
    for (const [kind, member] of Object.entries(lists)) {
      const listed = await listedBy(as, methods[kind as keyof typeof methods], kind, member)
      const seen = items.filter((item) => item.kind === kind && item.seen)
      assert.equal(
        [...new Set(listed)],
        seen.map(({ name }) => name),
        `${as} ${kind}`,
      )
    }
    for (const { name, use, kind } of items) {
      const body =
        kind === 'tools'
          ? call(name)
          : kind === 'resources'
            ? request('resources/read', { uri: name })
            : request('prompts/get', { name })
      if (kind === 'resourceTemplates') continue
      const answer = await gateway.send({ as, body })
      assert.is(!/Denied|denied/.test(answer.body), use === 'yes', `${as} ${name}: ${answer.body}`)
    }
    found[as] = items.map(({ use }) => use)
  }
  // Whoever runs the tests by night finds `timed` closed.
  found['alice'] = found['alice']?.map((use, at) => (at === 5 ? '-' : use)) ?? []
  assert.equal(found['alice'], [
    ...['yes', 'some', 'no', 'no', 'no', '-', 'no', 'no'],
    ...['yes', 'some', 'no', 'yes', 'no', 'yes'],
  ])
  assert.equal(new Set(found['eve']), new Set(['no']))
})

test('a table in a pipe: lines with tabs, a note for each server, text of servers made harmless', async () => {
  assert.equal(await can('alice', ...noon), {
    code: 0,
    stdout: `up\ttool\topen\tseen\tyes\tuser gold 60000 in 60 s, burst 5000
up\ttool\tbounded\tseen\targuments\targument-out-of-bounds, not-granted
up\ttool\tdelete-all\thidden\tno\tscope-missing
up\ttool\twipes\thidden\tno\tscope-missing
up\ttool\ttwice\thidden\tno\tscope-missing
up\ttool\ttimed\tseen\tyes\tuser gold 60000 in 60 s, burst 5000
up\ttool\town\thidden\tno\tnot-granted
up\ttool\tother\\u001b[2J\thidden\tno\tnot-granted
up\tprompt\task\tseen\tyes\tuser gold 60000 in 60 s, burst 5000
up\tprompt\ttold\tseen\targuments\targument-out-of-bounds, not-granted
up\tprompt\tno\thidden\tno\tnot-granted
up\tresource\tfile:///a/b\tseen\tyes\tuser gold 60000 in 60 s, burst 5000
up\tresource\tfile:///c\thidden\tno\tnot-granted
up\ttemplate\tnote://{id}\tseen\tyes\tresource-granted
`,
    stderr: 'up: alice sees 7 of 14 items\n',
  })
})

const no = (what: string, ...lines: string[]) =>
  `no: ${what}\n${lines.map((line) => `  ${line}\n`).join('')}`
const granted = (what: string, code = 'tool-granted: A tool granted to a role of the caller') =>
  `yes: ${what}\n  ${code}\n  limits: user gold 60000 in 60 s, burst 5000\n`
const notGranted = 'not-granted: Nothing permits it'
const bounds = 'argument-out-of-bounds: Granted, but not with these arguments'
const scopeMissing = 'scope-missing: The caller lacks a scope that the tool needs'
const rows: readonly (readonly [words: string[], code: number, stdout: string])[] = [
  [
    ['alice', 'own'],
    1,
    no(
      'alice may not call own on up',
      notGranted,
      'refused whatever the arguments; hidden from lists',
    ),
  ],
  [
    ['alice', 'bounded', 'repo=evil/x', 'count:=9'],
    1,
    no(
      'alice may not call bounded on up',
      bounds,
      notGranted,
      'bound max 5: the argument "count" does not keep it',
      'bound prefix "acme/": the argument "repo" does not keep it',
    ),
  ],
  [
    ['alice', 'bounded', 'repo=acme/x'],
    1,
    no(
      'alice may not call bounded on up',
      bounds,
      notGranted,
      'bound max 5: the argument "count" is missing',
      'bound min 1: the argument "count" is missing',
    ),
  ],
  [
    ['wipes', '--subject', 'who.yaml'],
    1,
    no(
      'zoe may not call wipes on up',
      scopeMissing,
      'a token with these scopes would do: mcp:destructive',
      'refused whatever the arguments; listed all the same',
    ),
  ],
  [
    ['alice', 'told', '--prompts', '--arguments', '{"name": "b"}'],
    1,
    no(
      'alice may not get told on up',
      bounds,
      notGranted,
      'bound enum ["a"]: the argument "name" does not keep it',
    ),
  ],
  [
    ['alice', 'file:///c', '--resources'],
    1,
    no(
      'alice may not read file:///c on up',
      notGranted,
      'refused whatever the arguments; hidden from lists',
    ),
  ],
  [
    ['alice', 'timed', ...night],
    1,
    no(
      'alice may not call timed on up',
      'outside-window: A window that holds for the message is closed; hours that cannot be read are not open',
      'refused whatever the arguments; hidden from lists',
    ),
  ],
  [
    ['anonymous', 'open'],
    1,
    no(
      'anonymous may not call open on up',
      notGranted,
      'refused whatever the arguments; hidden from lists',
    ),
  ],
  [['alice', 'bounded', 'repo=acme/x', 'count:=5'], 0, granted('alice may call bounded on up')],
  [['alice', 'timed', ...noon], 0, granted('alice may call timed on up')],
  [['soon', 'open', '--time', '2099-01-02T00:00:00Z'], 0, granted('soon may call open on up')],
  [['zoe', 'own', '--role', 'dev', '--tenant', 'acme'], 0, granted('zoe may call own on up')],
  [
    [
      'zoe',
      'wipes',
      '--role',
      'dev',
      '--scope',
      'mcp:destructive',
      '--issuer',
      'https://idp.example',
    ],
    0,
    granted('zoe may call wipes on up'),
  ],
  [
    ['alice', 'ask', '--prompts'],
    0,
    granted('alice may get ask on up', 'prompt-granted: A prompt granted to a role of the caller'),
  ],
]
for (const [words, code, stdout] of rows) {
  test(`can ${words.join(' ')}: exit ${code}`, async () => {
    const ended = await can(...words)
    assert.equal({ code: ended.code, stdout: ended.stdout }, { code, stdout })
  })
}

test('yes or no as JSON: the codes with their titles, which question refused, the bounds', async () => {
  const { code, stdout } = await can('alice', 'bounded', 'repo=acme/x', '--json')
  assert.is(code, 1)
  assert.equal(JSON.parse(stdout), {
    who: 'alice',
    allow: false,
    answers: [
      {
        server: 'up',
        kind: 'tools',
        name: 'bounded',
        offered: true,
        seen: true,
        refusedBy: 'message',
        bounds: [
          { argument: 'count', bound: 'max', isMissing: true, limit: 5 },
          { argument: 'count', bound: 'min', isMissing: true, limit: 1 },
        ],
        allow: false,
        reasons: [
          { code: 'argument-out-of-bounds', title: 'Granted, but not with these arguments' },
          { code: 'not-granted', title: 'Nothing permits it' },
        ],
        challenge: null,
      },
    ],
  })
})

const unusable: readonly (readonly [who: string, note: string])[] = [
  ['off', 'is disabled'],
  ['old', 'has expired'],
  ['soon', 'is not valid yet'],
]
for (const [who, note] of unusable) {
  test(`a key that ${note} lets nobody in, and that is said`, async () => {
    const { code, stdout, stderr } = await can(who, 'open')
    assert.equal([code, stdout], [1, ''])
    assert.match(stderr, new RegExp(`^the key sha256:[0-9a-f]{12}… of ${who} ${note}\n`))
    assert.match(stderr, `error: ${who} is not let in, and so may do nothing`)
  })
}

test('of several keys one that can be used is enough, and the others are named', async () => {
  const file = join(folder, 'several.yaml')
  const entry = (digit: string, more: object) => ({
    id: 'alice',
    sha256: digit.repeat(64),
    roles: ['dev'],
    ...more,
  })
  const apiKeys = [entry('a', { expires: '2026-01-01T00:00:00Z' }), entry('b', {})]
  const value = {
    policy: { path: gateway.policyFolder },
    upstreams: { up: { url: server.upstream.url } },
    identity: { apiKeys },
  }
  writeFileSync(file, JSON.stringify(value), { mode: 0o600 })
  const { code, stdout, stderr } = await run('alice', 'open', '-c', file)
  assert.is(code, 0)
  assert.match(stdout, 'yes: alice may call open on up')
  assert.is(
    stderr,
    'alice has 2 keys, which give the same rights\nthe key sha256:aaaaaaaaaaaa… of alice has expired\n',
  )
})

test('all servers: each asked as the gateway asks, one that does not answer is said, exit 1', async () => {
  const { code, stdout, stderr } = await run('alice', '-c', config, '--json')
  assert.is(code, 1)
  const views = JSON.parse(stdout).servers as { server: string; items: View[] }[]
  assert.equal(
    views.map((view) => view.server),
    ['up', 'child'],
  )
  assert.ok((views[1]?.items.length ?? 0) > 0)
  assert.match(stderr, /^error: gone: .*ECONNREFUSED/m)
  const asked = server.upstream.seen
  assert.ok(asked.length >= 6)
  for (const { headers } of asked) {
    assert.is(headers.get('x-own'), 'of-the-gateway-1234')
    assert.not.match(JSON.stringify([...headers]), keyOf('alice'))
  }
  assert.is(asked[0]?.message.method, 'initialize')
  assert.is(asked.at(-1)?.verb, 'DELETE')
})

test('a server without sessions is asked in the newer era', async () => {
  server.instead = ({ message }, response) => {
    if (message.method !== 'initialize') return false
    json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'no' } }, 404)
    return true
  }
  const { code, stdout } = await can('alice', 'open')
  assert.is(code, 0)
  assert.match(stdout, 'yes: alice may call open on up')
  const list = server.upstream.seen.find(({ message }) => message.method === 'tools/list')
  assert.is(list?.headers.get('mcp-protocol-version'), '2026-07-28')
  assert.is(list?.headers.get('mcp-method'), 'tools/list')
})

test('an item that nobody offers is judged as unknown, and that is said', async () => {
  const { code, stdout, stderr } = await can('alice', 'opne')
  assert.is(code, 1)
  assert.match(stdout, 'not-granted')
  assert.is(stderr, 'up does not list it, so nothing is known of it\n')
})

test('a caller of whom the policy refuses lists sees nothing, and that is said', async () => {
  const main = join(folder, 'closed.rego')
  writeFileSync(
    main,
    'package mcpguard.main\n\ndefault decision := {"allow": false, "reasons": ["closed"]}\n\ndecision := {"allow": true} if input.action.class in {"session", "use"}\n',
  )
  const { stdout, stderr } = await can('alice', '--policy', main)
  assert.match(stdout, 'up\ttool\topen\thidden\tyes\tunlimited\n')
  assert.match(stderr, 'up: alice may not list tools (closed)\n')
  assert.match(stderr, 'up: alice sees 0 of 14 items\n')
})

test('without a server and without a configuration: items and facts from files', async () => {
  writeFileSync(join(folder, 'items.json'), `\ufeff${JSON.stringify({ tools })}`)
  writeFileSync(
    join(folder, 'answer.json'),
    JSON.stringify({ jsonrpc: '2.0', id: 7, result: { tools } }),
  )
  writeFileSync(
    join(folder, 'facts.json'),
    '{"subject": {"id": "zoe", "roles": ["dev"], "tenant": null}}',
  )
  // Whoever has a token is shown what more scopes would lift.
  for (const [items, who, sees] of [
    ['items.json', 'who.yaml', 5],
    ['answer.json', 'facts.json', 2],
  ] as const) {
    const offline = ['--policy', gateway.policyFolder, '--server', 'up', '--items', items]
    const all = await run('--subject', who, ...offline)
    assert.equal([all.code, all.stderr], [0, `up: zoe sees ${sees} of 8 items\n`])
    assert.match(all.stdout, 'up\ttool\topen\tseen\tyes\t')
    const one = await run('--subject', who, 'bounded', 'repo=acme/x', 'count:=2', ...offline)
    assert.is(one.code, 0, one.stderr)
    assert.match(one.stdout, 'yes: zoe may call bounded on up')
  }
  assert.equal(server.upstream.seen, [])
})

writeFileSync(join(folder, 'odd.yaml'), 'id: zoe\nrole: [dev]\n')
writeFileSync(join(folder, 'number.json'), '{"id": 7}')
writeFileSync(join(folder, 'list.json'), '{"tools": [], "Tools": []}')
const facts =
  'id, kind, issuer, method, client_id, actors, roles, groups, scopes, tenant, expires_at, claims'
const wrong: readonly (readonly [words: string[], message: string])[] = [
  [
    ['can'],
    'name the servers: --config FILE, --upstream NAME=URL, or --items FILE with --server NAME',
  ],
  [
    ['can', '-c', config],
    'say who: the id of a key, or somebody described by --role, --scope, ...',
  ],
  [
    ['can', 'mallory', '-c', config],
    `no API key has the id mallory: there are ${Object.keys(callers).join(', ')}\na caller with a token or certificate is described: --subject FILE, or --role, --scope, --tenant, --issuer`,
  ],
  [
    ['can', 'alice', '-c', config, '--server', 'x'],
    'there is no upstream x: --server takes one of up, child, gone',
  ],
  [
    ['can', 'alice', '-c', config, '--time', 'noon'],
    '--time takes a moment with its zone, such as 2026-11-22T20:00:00Z',
  ],
  [
    ['can', 'alice', '-c', config, '--prompts'],
    'say of which item: a tool, --prompts NAME or --resources URI',
  ],
  [['can', 'alice', 'x', 'a=b', '-c', config, '--resources'], 'a resource takes no arguments'],
  [
    ['can', 'alice', '-c', config, '--subject', 'odd.yaml', '--role', 'a'],
    '--subject says everything of a caller: leave --role and the like out',
  ],
  [
    ['can', '-c', config, '--subject', 'odd.yaml'],
    `the file odd.yaml: role is no fact of a subject; there are ${facts}`,
  ],
  [['can', '-c', config, '--subject', 'number.json'], 'the file number.json: id is no text'],
  [['can', '-c', config, '--subject', 'none.yaml'], 'the file none.yaml does not exist'],
  [
    ['can', 'alice', '-c', config, '--items', 'odd.yaml'],
    'the file odd.yaml holds no list that every reader reads alike, such as {"tools": [{"name": "echo"}]}',
  ],
  [
    ['can', 'alice', '-c', config, '--items', 'list.json'],
    'the file list.json holds no list that every reader reads alike, such as {"tools": [{"name": "echo"}]}',
  ],
  [
    ['can', 'alice', '--server', 'up', '--items', 'items.json'],
    'without --config nobody is known: describe the caller with --role, --scope, ...',
  ],
]
for (const [words, message] of wrong) {
  test(`exit 2: mcp-guard ${words.filter((word) => word !== config).join(' ')}`, async () => {
    assert.equal(await cli(words), {
      code: 2,
      stdout: '',
      stderr: `error: ${message}\nmcp-guard --help shows how it is used\n`,
    })
  })
}

test('a policy that does not compile, and a configuration that cannot be read: exit 1', async () => {
  writeFileSync(join(folder, 'bad.rego'), 'package mcpguard.main\n\ndecision := input.subjec\n')
  const bad = await can('alice', '--policy', 'bad.rego')
  assert.is(bad.code, 1)
  assert.match(bad.stderr, 'error: bad.rego:3:13: undefined ref: input.subjec')
  const none = await run('alice', '-c', 'none.yaml')
  assert.equal([none.code, none.stdout], [1, ''])
  assert.match(none.stderr, 'error: none.yaml: does not exist')
})

test.run()
