import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseCaseFile } from '../../src/config/case-file.js'
import { type CaseChange, updateCaseText } from '../../src/config/update-cases.js'
import { yamlPlaces } from '../../src/config/yaml-places.js'
import type { Json } from '../../src/domain.js'
import { printedSeed } from '../policy/seed.js'

const change = (member: string, value: Json, renamed?: string): CaseChange => {
  return { index: 0, member, value, ...(renamed !== undefined && { renamed }) }
}

function file(expect: string): string {
  return `# about\ncases:\n  - name: a # why\n${expect}\n  - name: b\n    expect: { allow: true }\n`
}

const rewritten: readonly (readonly [string, string, readonly CaseChange[], string])[] = [
  [
    'a word',
    '    expect: { allow: false } # t',
    [change('allow', true)],
    '    expect: { allow: true } # t',
  ],
  [
    'a list on its line',
    "    expect: { allow: true, reasons: [ 'a' , b ] }",
    [change('reasons', ['c', 'd:e'])],
    '    expect: { allow: true, reasons: [c, d:e] }',
  ],
  [
    'a list on several lines',
    '    expect:\n      reasons: [\n        a, # first\n        b,\n        ] # end\n      allow: true',
    [change('reasons', ['a'])],
    '    expect:\n      reasons: [a] # end\n      allow: true',
  ],
  [
    'an empty list',
    '    expect: { reasons: [] }',
    [change('reasons', ['a'])],
    '    expect: { reasons: [a] }',
  ],
  [
    'a list of lines loses one',
    '    expect:\n      reasons: # of\n        - a # first\n        # between\n        - b # second\n      allow: true',
    [change('reasons', ['a'])],
    '    expect:\n      reasons: # of\n        - a # first\n        # between\n      allow: true',
  ],
  [
    'a list of lines gains one',
    '    expect:\n      reasons:\n        - "a"\n      allow: true',
    [change('reasons', ['a', 'b'])],
    '    expect:\n      reasons:\n        - "a"\n        - b\n      allow: true',
  ],
  [
    'a list of lines becomes another',
    '    expect:\n      reasons:\n      - a\n      - b',
    [change('reasons', ['c'])],
    '    expect:\n      reasons:\n      - c',
  ],
  [
    'a list of lines becomes empty',
    '    expect:\n      reasons: # of\n        - a\n      allow: true',
    [change('reasons', [])],
    '    expect:\n      reasons: [] # of\n      allow: true',
  ],
  [
    'what could be taken for something else is quoted',
    '    expect: { reasons: [a] }',
    [change('reasons', ['true', '1', 'a b', 'a: b', '- a', '', '#', 'ä'])],
    '    expect: { reasons: ["true", "1", "a b", "a: b", "- a", "", "#", "ä"] }',
  ],
  [
    'a text in quotes',
    "    expect: { tier: 'gold' }",
    [change('tier', 'silver')],
    '    expect: { tier: silver }',
  ],
  [
    'a text over several lines',
    '    expect:\n      tier: >-\n        gold\n      allow: true',
    [change('tier', null)],
    '    expect:\n      tier: null\n      allow: true',
  ],
  [
    'a member under another name',
    '    expect: { reason: a, allow: true }',
    [change('reason', ['b'], 'reasons')],
    '    expect: { reasons: [b], allow: true }',
  ],
  [
    'maps in a list',
    '    expect:\n      limits:\n        - name: user\n          burst: 5\n        - tool',
    [change('limits', [{ name: 'user', burst: 6, key: ['a b'] }])],
    '    expect:\n      limits:\n        - { name: user, burst: 6, key: ["a b"] }',
  ],
  [
    'several at once',
    '    expect: { allow: true, tier: gold, reasons: [a] }',
    [change('tier', null), change('allow', false), change('reasons', [])],
    '    expect: { allow: false, tier: null, reasons: [] }',
  ],
]

for (const [description, before, changes, after] of rewritten) {
  test(`rewritten in its place: ${description}`, () => {
    assert.is(updateCaseText(file(before), changes), file(after))
    assert.ok(parseCaseFile('c', file(after)).ok)
  })
}

test('a file without a last newline, or with others, keeps what it has', () => {
  const bare = 'cases:\n  - name: a\n    expect:\n      reasons:\n        - a'
  assert.is(updateCaseText(bare, [change('reasons', ['a', 'b'])]), `${bare}\n        - b\n`)
  const windows = 'cases:\r\n  - name: a\r\n    expect: { allow: true }\r\n'
  assert.is(updateCaseText(windows, [change('allow', false)]), windows.replace('true', 'false'))
})

test('a member that is not there is an error', () => {
  const text = file('    expect: { allow: true }')
  assert.throws(() => updateCaseText(text, [change('tier', 'a')]), /case 0 expects no tier/)
})

// ── Places ──────────────────────────────────────────────────────────────────────────────────────

test('the place of each value is its text', () => {
  const text =
    'a: "x" # c\n"b": [1, {c: \'y\'}, ]\nd:\n  - p\n  - q: r\n    s: |\n      t\n      u\n\ne: {}\n'
  const places = yamlPlaces(text)
  const found = Object.fromEntries(
    [...places].map(([pointer, { start, end }]) => [pointer, text.slice(start, end)]),
  )
  assert.equal(found, {
    '': text.slice(0, text.indexOf('{}') + 2),
    '/a': '"x"',
    '/b': "[1, {c: 'y'}, ]",
    '/b/0': '1',
    '/b/1': "{c: 'y'}",
    '/b/1/c': "'y'",
    '/d': '- p\n  - q: r\n    s: |\n      t\n      u',
    '/d/0': 'p',
    '/d/1': 'q: r\n    s: |\n      t\n      u',
    '/d/1/q': 'r',
    '/d/1/s': '|\n      t\n      u',
    '/e': '{}',
  })
})

test('whatever is written there is what is read afterwards, and nothing else changes', async () => {
  const seed = printedSeed('updated cases')
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 4 })
  const forms = ['flow', 'lines'] as const
  await fc.assert(
    fc.property(texts, texts, fc.constantFrom(...forms), (before, after, form) => {
      const listed = [...new Set(before)]
      const wanted = [...new Set(after)]
      const lines = listed
        .map((one) => `        - ${JSON.stringify(one)} # ${one.length}\n`)
        .join('')
      const flow = form === 'flow' || listed.length === 0
      const list = flow ? ` ${JSON.stringify(listed)}\n` : `\n${lines}`
      const text = `cases:\n  - name: a\n    expect:\n      reasons:${list}      allow: true # end\n`
      const updated = updateCaseText(text, [change('reasons', wanted)])
      const read = parseCaseFile('c', updated)
      assert.ok(read.ok, JSON.stringify(read))
      const reasons = read.file.cases[0]?.expect.reasons ?? []
      assert.equal([...reasons].sort(), [...wanted].sort(), updated)
      assert.ok(updated.endsWith('      allow: true # end\n'), updated)
    }),
    { seed, numRuns: 500 },
  )
})

test.run()
