/** The file of pins: what is written is read back, what is not of its form is refused. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { comparePins, formatPins, parsePins, type ServerPins } from '../../src/cli/pins.js'
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
