import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadKeyFile } from '../../src/config/key-file.js'
import { loadConfig } from '../../src/config/load.js'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

test('keygen shows the key once, with the entry that lets it in', async () => {
  const { code, stdout, stderr } = await inProcess([
    'keygen',
    '--id',
    'alice',
    '--role',
    'dev',
    '--role',
    'ops',
  ])
  assert.is(code, 0)
  assert.is(stderr, '')
  const key = /^ {2}(mcpg?_[\w-]{43})$/m.exec(stdout)?.[1] ?? ''
  assert.is(
    stdout,
    `The key of alice, shown this once:

  ${key}

Let it in with this entry under identity.apiKeys of the file given to --config, and start the gateway again:

  - id: "alice"
    sha256: "${sha256(key)}"
    roles: ["dev", "ops"]
`,
  )
})

test('no two keys are the same', async () => {
  const [one, two] = await Promise.all([
    inProcess(['keygen', '--id', 'a']),
    inProcess(['keygen', '--id', 'a']),
  ])
  assert.is.not(one.stdout, two.stdout)
})

test('keygen --append adds the entry to a key file, made if absent', async () => {
  const path = join(folder, 'keys.yaml')
  const first = await inProcess([
    'keygen',
    '--id',
    'alice',
    '--role',
    'dev',
    '--append',
    'keys.yaml',
  ])
  const second = await inProcess(['keygen', '--id', 'bob', '--append', 'keys.yaml'])
  assert.equal([first.code, second.code], [0, 0], first.stderr + second.stderr)
  const keys = [first, second].map(({ stdout }) => /mcp_[\w-]{43}/.exec(stdout)?.[0] ?? '')
  assert.not.match(first.stdout, 'sha256')
  const loaded = loadKeyFile(path, [])
  assert.ok(loaded.ok)
  assert.equal(
    loaded.keys.map((entry) => [entry.id, entry.sha256, entry.roles]),
    [
      ['alice', sha256(keys[0] ?? ''), ['dev']],
      ['bob', sha256(keys[1] ?? ''), []],
    ],
  )
})

test('keygen --append begins a list that is empty and keeps what stands around it', async () => {
  writeFileSync(join(folder, 'keys5.yaml'), '# ours\napiKeys: []\n')
  const { code, stderr } = await inProcess(['keygen', '--id', 'alice', '--append', 'keys5.yaml'])
  assert.is(code, 0, stderr)
  const text = readFileSync(join(folder, 'keys5.yaml'), 'utf8')
  assert.match(text, /^# ours\napiKeys:\n {2}- id: "alice"\n {4}sha256: "[0-9a-f]{64}"\n$/)
})

test('keygen --append changes no file that would be wrong with the entry', async () => {
  const rows: readonly (readonly [text: string, why: RegExp])[] = [
    [
      `apiKeys: [{ id: eve, sha256: "${'0'.repeat(64)}" }]\n`,
      /keys2\.yaml:2: is not YAML.*\nwrite each entry of apiKeys on lines of its own/,
    ],
    ['listen: {}\n', /keys2\.yaml/],
    [`apiKeys:\n  - { id: bob, roles: [x], sha256: "${'0'.repeat(64)}" }\n`, /with other roles/],
  ]
  for (const [text, why] of rows) {
    writeFileSync(join(folder, 'keys2.yaml'), text)
    const { code, stdout, stderr } = await inProcess([
      'keygen',
      '--id',
      'bob',
      '--append',
      'keys2.yaml',
    ])
    assert.equal([code, stdout], [1, ''])
    assert.match(stderr, 'nothing was added')
    assert.match(stderr, why)
    assert.is(readFileSync(join(folder, 'keys2.yaml'), 'utf8'), text)
  }
})

test('keygen --append with --out leaves no entry without its key and no key without its entry', async () => {
  const run = (append: string, out: string) =>
    inProcess(['keygen', '--id', 'eve', '--append', append, '--out', out])
  assert.is((await run('keys3.yaml', 'eve.key')).code, 0)
  const before = readFileSync(join(folder, 'keys3.yaml'), 'utf8')
  const again = await run('keys3.yaml', 'eve.key')
  assert.equal([again.code, again.stdout], [1, ''])
  assert.match(again.stderr, 'eve.key is there already and is not overwritten')
  assert.is(readFileSync(join(folder, 'keys3.yaml'), 'utf8'), before)
  writeFileSync(join(folder, 'keys4.yaml'), 'listen: {}\n')
  const refused = await run('keys4.yaml', 'eve2.key')
  assert.equal([refused.code, refused.stdout], [1, ''])
  assert.match(refused.stderr, 'nothing was added')
  assert.is(existsSync(join(folder, 'eve2.key')), false)
})

test('keygen --out writes the key for its owner alone and never over another', async () => {
  const path = join(folder, 'bob.key')
  const { code, stdout } = await inProcess(['keygen', '--id', 'bob', '--out', 'bob.key'])
  assert.is(code, 0)
  const key = readFileSync(path, 'utf8').trim()
  assert.not.match(stdout, key)
  assert.match(stdout, `The key of bob is in bob.key.`)
  assert.match(stdout, `sha256: "${sha256(key)}"`)
  if (process.platform !== 'win32') assert.is(statSync(path).mode & 0o777, 0o600)
  assert.equal(await inProcess(['keygen', '--id', 'bob', '--out', 'bob.key']), {
    code: 1,
    stdout: '',
    stderr: 'error: bob.key is there already and is not overwritten; name a new file\n',
  })
  assert.is(readFileSync(path, 'utf8').trim(), key)
})

test('a key that cannot be written is not shown either', async () => {
  const { code, stdout, stderr } = await inProcess(['keygen', '--id', 'x', '--out', 'none/x.key'])
  assert.is(code, 1)
  assert.is(stdout, '')
  assert.match(stderr, /^error: ENOENT/)
  assert.is(existsSync(join(folder, 'none')), false)
})

test('the entry is YAML whatever the id holds', async () => {
  const id = `o'neill"#:{}\u{1f511}`
  const { stdout } = await inProcess(['keygen', '--id', id, '--role', '*'])
  const entry = stdout.slice(stdout.indexOf('  - id'))
  const file = join(folder, 'guard.yaml')
  writeFileSync(
    file,
    `upstreams: { one: { url: "http://10.0.0.1/" } }\nidentity:\n  apiKeys:\n${entry}`,
  )
  const loaded = loadConfig({ file })
  assert.ok(loaded.ok)
  assert.is(loaded.config.identity.apiKeys[0]?.id, id)
  assert.equal(loaded.config.identity.apiKeys[0]?.roles, ['*'])
})

const inputs: readonly (readonly [what: string, input: string, digestOf: string | null])[] = [
  ['nothing', '', null],
  ['a line end', '\n', null],
  ['two keys', 'a\nb\n', null],
  ['a space', 'a b', null],
  ['a tab', 'a\tb', null],
  ['what no header carries', 'schlüssel', null],
  ['a key', 'mcp_abc', 'mcp_abc'],
  ['a key and a line end', 'mcp_abc\n', 'mcp_abc'],
  ['a key and a Windows line end', 'mcp_abc\r\n', 'mcp_abc'],
]
for (const [what, input, digestOf] of inputs) {
  test(`hash-key reads ${what}`, async () => {
    const { code, stdout, stderr } = await cli(['hash-key'], input)
    if (digestOf !== null)
      return assert.equal([code, stdout, stderr], [0, `${sha256(digestOf)}\n`, ''])
    assert.equal([code, stdout], [2, ''])
    assert.match(stderr, 'standard input must hold one key: visible ASCII characters, no spaces')
  })
}

test('hash-key does not read without end', async () => {
  const { code, stderr } = await cli(['hash-key'], 'x'.repeat(1_000_000))
  assert.is(code, 2)
  assert.match(stderr, 'a key has at most 4096 bytes')
})

test.run()
