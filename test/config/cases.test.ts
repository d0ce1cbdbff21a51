import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseCaseFile } from '../../src/config/case-file.js'
import { readCases } from '../../src/config/cases.js'

const good =
  'cases:\n  - name: a\n    facts: { resource: { type: tool, id: x } }\n    expect: { allow: true }\n'

function problemsOf(text: string): string[] {
  const read = parseCaseFile('c.yaml', text)
  if (read.ok) return []
  return read.problems.map(
    ({ source, line, pointer, problem, fix }) =>
      `${source}:${line}: ${pointer}: ${problem}; ${fix}`,
  )
}

/** One case with this below its name. */
function oneCase(...lines: readonly string[]): string {
  return `cases:\n  - name: a\n${lines.map((line) => `    ${line}\n`).join('')}`
}

const metByDenial = (members: string) =>
  `c.yaml:3: /cases/0/expect: a denial has such ${members} too, whatever it is for; say also \`allow\``

const wrong: readonly (readonly [string, string, string])[] = [
  ['nothing', '# only this\n', 'c.yaml:1: : is empty; write at least `cases:`'],
  ['no cases', 'defaults: {}\n', 'c.yaml:1: : "cases" is missing; add it: the cases, at least one'],
  ['an empty list of them', 'cases: []\n', 'c.yaml:1: /cases: is empty; the cases, at least one'],
  [
    'a misspelt key',
    `${good}deflauts: {}\n`,
    'c.yaml:5: /deflauts: unknown key "deflauts"; did you mean "defaults"?',
  ],
  [
    'a case without a name',
    'cases:\n  - expect: { allow: true }\n',
    'c.yaml:2: /cases/0: "name" is missing; add it: what the case shows, in a sentence',
  ],
  [
    'a case that expects nothing',
    'cases:\n  - name: a\n',
    'c.yaml:2: /cases/0: "expect" is missing; add it: what the policy has to say; at least one member',
  ],
  [
    'an expectation that says nothing',
    oneCase('expect: {}'),
    'c.yaml:3: /cases/0/expect: is empty; what the policy has to say; at least one member',
  ],
  ['what any denial has: no tier', oneCase('expect: { tier: null }'), metByDenial('`tier`')],
  [
    'what any denial has: nothing charged or asked for',
    oneCase('expect: { limits: null, challenge: [] }'),
    metByDenial('`limits`, `challenge`'),
  ],
  [
    'what any denial has: nothing to be seen',
    oneCase('expect: { visible: [] }', 'items: [a]'),
    metByDenial('`visible`'),
  ],
  [
    'a misspelt member of it',
    oneCase('expect:', '  alow: true'),
    'c.yaml:4: /cases/0/expect/alow: unknown key "alow"; did you mean "allow"?',
  ],
  [
    'a text for yes',
    oneCase('expect: { allow: yes }'),
    'c.yaml:3: /cases/0/expect/allow: must be true or false; whether the message passes',
  ],
  [
    'a misspelt fact',
    oneCase('facts:', '  subject:', '    rolse: [a]', 'expect: { allow: true }'),
    'c.yaml:5: /cases/0/facts/subject/rolse: unknown key "rolse"; did you mean "roles"?',
  ],
  [
    'a fact of another type',
    oneCase('facts: { subject: { roles: reader } }', 'expect: { allow: true }'),
    'c.yaml:3: /cases/0/facts/subject/roles: must be a list; roles of the subject; the shipped grants are keyed by them',
  ],
  [
    'a misspelt fact of the defaults',
    `defaults: { contxt: {} }\n${good}`,
    'c.yaml:1: /defaults/contxt: unknown key "contxt"; did you mean "context"?',
  ],
  [
    'a misspelt member of a bucket',
    oneCase('expect:', '  limits:', '    - { name: user, bust: 1 }'),
    'c.yaml:5: /cases/0/expect/limits/0/bust: unknown key "bust"; did you mean "burst"?',
  ],
  [
    'both of one',
    oneCase('expect: { reason: a, reasons: [a] }'),
    'c.yaml:3: /cases/0/expect: has both `reason` and `reasons`; keep one of them',
  ],
  [
    'something to be seen where nothing is listed',
    oneCase('expect: { visible: [a] }'),
    'c.yaml:3: /cases/0/expect/visible: there are no `items` to be seen; add them to the case',
  ],
  [
    'items of which nothing is expected',
    oneCase('items: [a]', 'expect: { allow: true }'),
    'c.yaml:3: /cases/0/items: nothing is expected of them; add `visible` to `expect`',
  ],
  [
    'something to be seen that is not there',
    oneCase('items: [a]', 'expect: { visible: [b] }'),
    'c.yaml:4: /cases/0/expect/visible/0: "b" is none of the `items`; add it there',
  ],
  [
    'an item that is there twice',
    oneCase('items: [a, { id: a }]', 'expect: { visible: [a] }'),
    'c.yaml:3: /cases/0/items/1: "a" is there twice; keep one of them',
  ],
  [
    'a name that is there twice',
    `${good}${good.replace('cases:\n', '')}`,
    'c.yaml:5: /cases/1/name: the name "a" is there twice, first in line 2; give one of them another name',
  ],
  [
    'a key that is there twice',
    oneCase('name: b', 'expect: { allow: false }'),
    'c.yaml:3: /cases/0/name: key "name" is there twice, first in line 2; keep one of them',
  ],
  [
    'an anchor',
    oneCase('facts: &f {}', 'expect: { allow: true }'),
    'c.yaml:3: /cases/0/facts: has a YAML anchor; write the value out; anchors and aliases are not accepted',
  ],
  [
    'a value that is left empty',
    oneCase('facts:', 'expect: { allow: true }'),
    'c.yaml:3: /cases/0/facts: has no value; give it a value or remove the key',
  ],
  ['no YAML', 'cases: [\n', 'c.yaml:2: : is not YAML: deficient indentation; correct the syntax'],
]

for (const [description, text, problem] of wrong) {
  test(`${description} is told of with its line`, () => assert.equal(problemsOf(text), [problem]))
}

test('all problems of a file are told of at once', () => {
  const text = oneCase('facts: { subject: { rolse: [] } }', 'expect: { alow: true, tier: 1 }')
  assert.is(problemsOf(text).length, 3)
})

test('a case has the facts of the file beneath its own, and null is a value', () => {
  const read = parseCaseFile(
    'c.yaml',
    `defaults:
  subject: { roles: [dev], tenant: acme }
  resource: { server: s, labels: { env: prod, __proto__: x } }
data: { quarantine: {} }
cases:
  - name: a
    facts:
      subject: { roles: [], tenant: null }
      resource: { id: x, labels: { env: test } }
    items: [a, { id: b, known: false }]
    expect: { allow: true, tier: null, limits: null, visible: [] }
`,
  )
  assert.ok(read.ok)
  const { cases, data } = read.file
  const [written] = cases
  assert.equal(JSON.parse(JSON.stringify(written?.facts)), {
    subject: { roles: [], tenant: null },
    resource: JSON.parse('{"server":"s","labels":{"env":"test","__proto__":"x"},"id":"x"}'),
  })
  assert.equal(JSON.parse(JSON.stringify(data)), { quarantine: {} })
  assert.equal(JSON.parse(JSON.stringify(written?.items)), [{ id: 'a' }, { id: 'b', known: false }])
  assert.is(written?.row, 6)
  const lines = [
    ['resource', 'server'],
    ['resource', 'id'],
    ['context', 'hour'],
    ['subject', 'tenant'],
  ]
  assert.equal(
    lines.map((path) => written?.lineOf(path)),
    [3, 9, 7, 8],
  )
})

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-cases-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

test('a folder is read in the order of names, folders in it too', () => {
  mkdirSync(join(folder, 'b', 'c'), { recursive: true })
  mkdirSync(join(folder, '.git'))
  for (const name of ['b/c/z.yaml', 'a.yml', 'b/y.yaml', 'c.yaml', '.git/x.yaml', 'README.md']) {
    writeFileSync(join(folder, name), name.endsWith('.md') ? '#' : good)
  }
  symlinkSync(join(folder, 'b'), join(folder, 'link'))
  const read = readCases(folder)
  assert.ok(read.ok)
  assert.equal(
    read.files.map(({ file }) => relative(folder, join(process.cwd(), file))),
    ['a.yml', 'b/c/z.yaml', 'b/y.yaml', 'c.yaml'],
  )
  const one = readCases(join(folder, 'a.yml'))
  assert.is(one.ok && one.files.length, 1)
})

test('what says something of a denial needs no `allow`', () => {
  for (const expect of ['limits: []', 'tier: gold', 'challenge: [a]', 'tier: null, reason: a']) {
    assert.equal(problemsOf(oneCase(`expect: { ${expect} }`)), [], expect)
  }
})

test('a named folder without cases, and one that is too deep, are problems', () => {
  const bare = mkdtempSync(join(folder, 'bare-'))
  writeFileSync(join(bare, 'a.json'), good)
  const usual = readCases(bare)
  assert.equal(usual, { ok: true, files: [] })
  const named = readCases(bare, { named: true })
  const withoutCases = { source: bare, problem: 'has no file of decision cases' }
  const fix = 'name the folder that has the .yaml or .yml files'
  assert.equal(named, { ok: false, problems: [{ ...withoutCases, pointer: '', fix }] })
  const reached = join(bare, ...Array<string>(16).fill('d'))
  mkdirSync(join(reached, 'e'), { recursive: true })
  writeFileSync(join(reached, 'a.yaml'), good)
  const deep = readCases(bare)
  const problem = 'is more than 16 folders below the cases'
  const place = { source: join(reached, 'e'), pointer: '' }
  assert.equal(deep, { ok: false, problems: [{ ...place, problem, fix: 'move it up' }] })
  rmSync(join(reached, 'e'), { recursive: true })
  const whole = readCases(bare, { named: true })
  assert.is(whole.ok && whole.files.length, 1)
  rmSync(bare, { recursive: true })
})

test('more files than anybody has are a problem', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-cases-'))
  try {
    for (let at = 0; at < 1_001; at += 1) writeFileSync(join(folder, `${at}.yaml`), good)
    const many = readCases(folder)
    assert.equal(many.ok ? [] : many.problems.map(({ problem }) => problem), [
      'has more than 1000 files of cases',
    ])
    rmSync(join(folder, '0.yaml'))
    assert.ok(readCases(folder).ok)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what cannot be read is told of, with what is wrong in the others', () => {
  writeFileSync(join(folder, 'c.yaml'), Buffer.from([0xff, 0xfe, 0x00]))
  writeFileSync(join(folder, 'd.yaml'), 'cases: []\n')
  const read = readCases(folder)
  const problems = read.ok ? [] : read.problems.map(({ problem }) => problem)
  assert.equal(problems, ['is not valid UTF-8', 'is empty'])
  const missing = readCases(join(folder, 'none'))
  assert.equal(missing.ok ? [] : missing.problems.map(({ problem }) => problem), ['does not exist'])
})

test.run()
