/** The file of pins: what is written is read back, what is not of its form is refused. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  canBePinned,
  comparePins,
  formatPins,
  parsePins,
  renewPins,
  type ServerPins,
} from '../../src/cli/pins.js'
import { compilePolicy } from '../../src/rego/compile-policy.js'
import { printedSeed } from '../policy/seed.js'

const digest = (digit: string) => `sha256:${digit.repeat(64)}`
const pinsOf = (more: Partial<ServerPins>): ServerPins => ({
  tools: new Map(),
  prompts: new Map(),
  resources: new Map(),
  ...more,
})

const noDigests =
  'does not hold digests for up; below tools, prompts and resources stands NAME: sha256:<64 hex digits>'
const refused: readonly [string, string, string][] = [
  ['nothing', '', 'is not YAML of the plain kind (is empty); write {} where nothing is pinned'],
  [
    'an alias',
    'a: {}\nb: &x {}\nc: *x\n',
    'is not YAML of the plain kind (line 2: has a YAML anchor); write {} where nothing is pinned',
  ],
  ['a list', '- a\n', 'does not hold servers by name; write {} where nothing is pinned'],
  ['a server without kinds', 'up: yes\n', noDigests],
  ['another kind', `up:\n  tasks:\n    a: ${digest('0')}\n`, noDigests],
  ['a kind that is a list', 'up:\n  tools: [a]\n', noDigests],
  ['another digest', 'up:\n  tools:\n    a: md5:00\n', noDigests],
  ['a digest in capitals', `up:\n  tools:\n    a: ${digest('A')}\n`, noDigests],
  ['another rule for a list', 'up:\n  tools:\n    "*": maybe\n', noDigests],
  ['a rule for one item', 'up:\n  tools:\n    a: required\n', noDigests],
  ['a number', 'up:\n  tools:\n    a: 1\n', noDigests],
]
for (const [what, text, problem] of refused) {
  test(`refused: ${what}`, () => assert.equal(parsePins(text), { ok: false, problem }))
}

test('what is written, byte for byte', () => {
  const up = pinsOf({
    tools: new Map([
      ['b', digest('b')],
      ['a', digest('a')],
    ]),
    resources: new Map([['file:///x y', digest('c')]]),
  })
  const lines = formatPins(
    new Map([
      ['up', up],
      ['empty', pinsOf({})],
    ]),
  ).split('\n')
  const from = lines.findIndex((line) => !line.startsWith('#'))
  assert.ok(from > 0)
  assert.equal(lines.slice(from), [
    '"empty": {}',
    '"up":',
    '  tools:',
    `    "a": ${digest('a')}`,
    `    "b": ${digest('b')}`,
    '  resources:',
    `    "file:///x y": ${digest('c')}`,
    '',
  ])
})

test('any name is read back as it was', () => {
  const name = fc.oneof(
    fc.string({ minLength: 1, unit: 'binary' }),
    fc.constantFrom(
      'yes',
      'null',
      '~',
      '1e3',
      '__proto__',
      '<<',
      'constructor',
      '\u0085\u2028\ufeff',
      '\u{e0041}',
      '"',
      '\\',
      '# a',
      '- b',
      'a: b',
    ),
  )
  const digests = fc.dictionary(name, fc.constantFrom(digest('0'), digest('f')), { maxKeys: 6 })
  void fc.assert(
    fc.property(name, digests, (server, tools) => {
      const pins = new Map([[server, pinsOf({ tools: new Map(Object.entries(tools)) })]])
      const read = parsePins(formatPins(pins))
      assert.ok(read.ok, formatPins(pins))
      if (!read.ok) return
      assert.equal([...read.pins.keys()], [server])
      assert.equal(
        comparePins(read.pins.get(server) ?? pinsOf({}), pins.get(server) ?? pinsOf({})),
        [],
      )
      assert.is(read.pins.get(server)?.tools.size, Object.keys(tools).length)
    }),
    { seed: printedSeed('pins'), numRuns: 500 },
  )
})

const longest = 'x'.repeat(998)
const names: readonly [string, string, boolean][] = [
  ['longer than readers of YAML take', `${longest}x`, false],
  ['that long when it is escaped', '\u200b'.repeat(100), false],
  ['that long in bytes', '\u00e9'.repeat(500), false],
  ['half a pair', 'a\ud800', false],
  ['the name for all others', '*', false],
  ['as long as can be', longest, true],
  ['a merge key', '<<', true],
  ['no name', '', true],
  ['a control character', '\u0000', true],
]
for (const [what, name, can] of names) {
  test(`${what}: can ${can ? '' : 'not '}be pinned`, () => assert.is(canBePinned(name), can))
}

test('what can be pinned the compiler reads as it is', async () => {
  const given = names.filter(([, , can]) => can).map(([, name]) => name)
  const tools = new Map([...given, '__proto__'].map((name) => [name, digest('0')]))
  const root = mkdtempSync(join(tmpdir(), 'pins-'))
  mkdirSync(join(root, 'pins'))
  const pins = new Map([['<<', pinsOf({ tools })]])
  writeFileSync(join(root, 'pins', 'data.yaml'), formatPins(pins))
  writeFileSync(join(root, 'main.rego'), 'package mcpguard.main\n\ndecision := {"allow": true}\n')
  const compiled = await compilePolicy(root, { cacheDir: join(root, 'cache') })
  assert.ok(compiled.ok, JSON.stringify(compiled))
  if (!compiled.ok) return
  const data = JSON.parse(new TextDecoder().decode(compiled.bundle.data))
  assert.equal(Object.keys(data.pins['<<'].tools).sort(), [...tools.keys()].sort())
})

test('what the operator asks of a whole list is read, kept, and no difference', () => {
  const text = `up:\n  tools:\n    "*": required\n    gone: ${digest('0')}\n`
  const read = parsePins(text)
  assert.ok(read.ok)
  if (!read.ok) return
  const before = read.pins.get('up') ?? pinsOf({})
  const now = pinsOf({ tools: new Map([['fresh', digest('1')]]) })
  assert.equal(
    comparePins(before, now).map(({ name }) => name),
    ['fresh', 'gone'],
  )
  const written = formatPins(new Map([['up', renewPins(before, now)]]))
  assert.ok(written.endsWith(`"up":\n  tools:\n    "*": required\n    "fresh": ${digest('1')}\n`))
})

test('no pins at all are read back too', () => {
  assert.equal(parsePins(formatPins(new Map())), { ok: true, pins: new Map() })
})

test('what differs, by kind and name', () => {
  const before = pinsOf({
    tools: new Map([
      ['same', digest('0')],
      ['gone', digest('1')],
      ['other', digest('2')],
    ]),
  })
  const now = pinsOf({
    tools: new Map([
      ['same', digest('0')],
      ['other', digest('3')],
    ]),
    prompts: new Map([['fresh', digest('4')]]),
  })
  assert.equal(comparePins(before, now), [
    { change: 'removed', kind: 'tools', name: 'gone', before: digest('1'), now: null },
    { change: 'changed', kind: 'tools', name: 'other', before: digest('2'), now: digest('3') },
    { change: 'added', kind: 'prompts', name: 'fresh', before: null, now: digest('4') },
  ])
})

test.run()
