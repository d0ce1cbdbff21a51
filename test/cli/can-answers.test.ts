/** Yes or no, and why: what `can WHO ITEM` prints, its exit status, and its wrong command lines. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { callers, can, closeRig, config, freshOffer, night, noon, run } from './can-rig.js'
import { folder } from './support.js'

test.before.each(freshOffer)
test.after(closeRig)

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

writeFileSync(join(folder, 'items.json'), '{"tools": []}')
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
    const ended = await run(...words.slice(1))
    const stderr = `error: ${message}\nmcp-guard can --help shows how it is used\n`
    assert.equal(ended, { code: 2, stdout: '', stderr })
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
