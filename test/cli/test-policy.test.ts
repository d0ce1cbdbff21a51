/** `test-policy` as it is used: what it prints, which files it writes, and its exit codes, OPA's. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readPlan, type TestArguments } from '../../src/cli/test-policy/options.js'
import { plantedPolicy } from '../rego/planted-policy.js'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

function write(home: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, home, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

const main = `package mcpguard.main

default decision := {"allow": false, "reasons": ["not-granted"]}

decision := {"allow": true, "reasons": ["granted"]} if input.subject.id == "alice"
`
const mainTest = `package mcpguard.main_test

import data.mcpguard.main

test_alice if main.decision.allow with input as {"subject": {"id": "alice"}}

test_nobody if not main.decision.allow with input as {}

todo_test_bob if false
`
write('planted', plantedPolicy)
write('repository/policies', { 'main.rego': main, 'main_test.rego': mainTest })
write('untested', { 'main.rego': main })

/** Without what the machine that runs the tests happens to say of itself. */
delete process.env['CI']
const run = (...words: readonly string[]) => inProcess(['test-policy', ...words])

test('each planted fault is told apart, with its place, and the run ends with 2', async () => {
  const { code, stdout, stderr } = await run('planted')
  assert.is(code, 2)
  assert.is(stderr, '')
  for (const piece of [
    /planted\/a_test\.rego:7:\ndata\.a_test\.test_fail: FAIL \(\S+\)\n {2}not true: a\.large with input\.n as n\n {4}at planted\/a_test\.rego:10:2\n {4}n = 3\n\n {2}n is 3\n/,
    /data\.a_test\.test_table: FAIL \(\S+\)\n {2}small: FAIL\n/,
    /data\.a_test\.todo_test_later: SKIPPED\n/,
    /data\.a_test\.test_conflict: ERROR \(\S+\)\n {2}planted\/a\.rego:7: eval_conflict_error: /,
    /data\.a_test\.test_compiled_only: DISAGREED \(\S+\)\n {2}the two engines do not agree\n {4}interpreter: fail: undefined\n {4}wasm: {8}pass: true\n/,
    /data\.a_test\.test_interpreted_only: DISAGREED \(\S+\)\n {2}the two engines do not agree\n {4}interpreter: pass: true\n {4}wasm: {8}fail: undefined\n/,
    /data\.a_test\.test_cases_differ: DISAGREED/,
    /\nPASS: 4\/11\nFAIL: 2\/11\nDISAGREED: 3\/11\nSKIPPED: 1\/11\nERROR: 1\/11\n$/,
  ]) {
    assert.match(stdout, piece)
  }
  assert.not.match(stdout, 'test_pass')
})

test('a duplicate name is an error with both places: 1', async () => {
  write('twice', { ...plantedPolicy, 'c_test.rego': 'package b_test\n\ntest_b if false\n' })
  const { code, stdout, stderr } = await run('twice')
  assert.is(code, 1)
  assert.is(stdout, '')
  assert.match(
    stderr,
    /^error: twice\/c_test\.rego:3:1: b_test has a test test_b already, at twice\/b_test\.rego:3 \(give it another name, or write one table: /,
  )
})

const repository = 'repository/policies'

const wrong: readonly (readonly [words: string, message: string])[] = [
  ['--threshold 101', '--threshold takes a number from 0 to 100'],
  ['--timeout 5', '--timeout takes a duration up to 10m, such as 500ms or 10s'],
  ['--count 0', '--count takes a number from 1'],
  ['--run (', '--run takes a regular expression, such as test_deny or tools_test'],
  ['--coverage-format lcov', '--coverage-format needs --coverage-output FILE'],
  ['--bench --coverage', '--bench and --coverage exclude each other'],
  ['--watch --update', '--watch goes with none of --update, --bench and --count'],
  [
    '--update --run bob',
    '--update rewrites all cases: leave --run out, or name a file with --cases',
  ],
]

for (const [words, message] of wrong) {
  test(`wrong: test-policy ${words}`, async () => {
    const { code, stderr } = await run(...words.split(' '))
    assert.is(code, 1)
    assert.is(stderr, `error: ${message}\nmcp-guard test-policy --help shows how it is used\n`)
  })
}

test('a wrong command line ends with 1 here, because 2 says that tests failed', async () => {
  const ended = await cli(['test-policy', '--frob'])
  assert.equal(ended, {
    code: 1,
    stdout: '',
    stderr: 'error: there is no option --frob\nmcp-guard test-policy --help shows how it is used\n',
  })
})

test('where CI is set nothing run is an error, and may be allowed', () => {
  const options = { format: 'pretty' } as const
  const rows: readonly (readonly [
    ci: string | undefined,
    said: boolean | undefined,
    is: boolean,
  ])[] = [
    [undefined, undefined, false],
    ['', undefined, false],
    ['false', undefined, false],
    ['true', undefined, true],
    ['1', undefined, true],
    ['true', false, false],
    [undefined, true, true],
  ]
  for (const [ci, said, is] of rows) {
    const given = said === undefined ? options : { ...options, 'fail-on-empty': said }
    assert.is(readPlan(given as TestArguments, ci).failOnEmpty, is, `CI=${ci} ${said}`)
  }
})

test('no policy, and no tests', async () => {
  assert.match((await run('nowhere')).stderr, /^error: there is no policy at nowhere/)
  assert.is((await run('nowhere')).code, 1)
  const none = await run('untested', '--fail-on-empty')
  const why =
    'no tests were run: there are no tests in untested and no decision cases beside (a test is a rule whose name begins with test_)\n'
  assert.equal([none.code, none.stderr], [1, why])
  const filtered = await run('untested', '-r', 'test_alice')
  assert.equal([filtered.code, filtered.stderr], [0, why])
})

test('what --run matches nothing of is counted, and what was meant is named', async () => {
  write('withCases/policies', { 'main.rego': main, 'main_test.rego': mainTest })
  const facts = '{ resource: { type: tool, server: s, id: x } }'
  const cases = `cases:\n  - { name: bob is denied, facts: ${facts}, expect: { allow: false } }\n`
  write('withCases/cases', { 'a.yaml': cases })
  const rows: readonly (readonly [path: string, run: string, said: string])[] = [
    [repository, 'test_alcie', 'none of 3 tests; did you mean test_alice?'],
    ['withCases/policies', 'zzz', 'none of 3 tests and 1 decision case'],
    [
      'withCases/policies',
      'bob is denid',
      'none of 3 tests and 1 decision case; did you mean bob is denied?',
    ],
  ]
  for (const [path, expression, said] of rows) {
    const found = await run(path, '-r', expression)
    assert.is(found.stderr, `no tests were run: --run ${expression} matches ${said}\n`)
    assert.is(found.code, 0)
  }
  const inCi = await run(repository, '-r', 'zzz', '--fail-on-empty')
  assert.equal([inCi.code, inCi.stderr.split(':')[0]], [1, 'no tests were run'])
})

test('only some, several times, measured', async () => {
  const { code, stdout } = await run(repository, '-r', 'test_alice', '--count', '2', '--bench')
  assert.is(code, 0)
  const once = /data\.mcpguard\.main_test\.test_alice\t\d+\t\d+ ns\/op\n-+\nPASS: 1\/1\n/
  assert.match(stdout, new RegExp(`^(${once.source}){2}$`))
  const failed = await run('planted', '-r', 'test_fail', '--count', '2')
  assert.equal([failed.code, failed.stdout.match(/FAIL: 1/g)?.length], [2, 1])
})

test('reports and coverage go into files, and people still read the screen', async () => {
  const words = [
    repository,
    '-z',
    '-f',
    'junit',
    '-o',
    'junit.xml',
    '--coverage-output',
    'lcov.info',
  ]
  const { code, stdout } = await run(...words, '--coverage-format', 'lcov')
  assert.is(code, 0)
  assert.match(stdout, /^PASS: 2\/3\n|SKIPPED/)
  assert.match(readFileSync(join(folder, 'junit.xml'), 'utf8'), /<testsuites/)
  assert.match(
    readFileSync(join(folder, 'lcov.info'), 'utf8'),
    /SF:repository\/policies\/main\.rego\n/,
  )
  const json = await run(repository, '-f', 'json')
  assert.is((JSON.parse(json.stdout) as unknown[]).length, 3)
})

test('values are cut unless asked for', async () => {
  const long = `package long_test\n\ntest_long if {\n\tx := numbers.range(1, 100)\n\tcount(x) == 1\n}\n`
  write('long', { 'long_test.rego': long })
  assert.match((await run('long')).stdout, '… (--var-values)')
  const longer = long.replace('100', '1000')
  write('long', { 'long_test.rego': longer })
  assert.match((await run('long', '--var-values')).stdout, '999, 1000]')
  for (const format of ['json', 'tap', 'junit', 'sarif', 'github']) {
    const { stdout } = await run('long', '--format', format)
    assert.not.match(stdout, '--var-values')
    assert.is(stdout.includes('999, 1000]'), format === 'json', format)
  }
  assert.match((await run('long', '--var-values', '--format', 'tap')).stdout, '999, 1000]')
})

const cases = `cases:
  - name: alice may
    facts: {subject: {id: alice}, action: {name: ping}, resource: {server: s}}
    expect: {allow: true}
  - name: bob may not
    facts: {subject: {id: bob}, action: {name: ping}, resource: {server: s}}
    expect: {allow: true}
`

test('cases beside the policy run with the tests; --update makes them say what the policy does', async () => {
  write('repository/cases', { 'main.yaml': cases })
  const failed = await run(repository, '-z')
  assert.is(failed.code, 2)
  assert.match(failed.stdout, /CASES: 1\/2/)
  assert.match(failed.stdout, /bob may not: FAIL/)
  const updated = await run(repository, '-z', '--update')
  assert.is(updated.code, 0, updated.stdout + updated.stderr)
  assert.match(updated.stdout, '-    expect: {allow: true}\n+    expect: {allow: false}\n')
  assert.match((await run(repository, '-z')).stdout, /CASES: 2\/2/)
  assert.match((await run(repository, '-r', 'bob may')).stdout, /CASES: 1\/1/)
  write('repository/bare', { 'README.md': '#' })
  const bare = await run(repository, '-z', '--cases', 'repository/bare')
  assert.is(bare.code, 1)
  assert.match(bare.stderr, 'repository/bare: has no file of decision cases')
  const elsewhere = await run(repository, '-z', '--cases', 'nowhere')
  assert.is(elsewhere.code, 1)
})

test.run()
