/**
 * Tests on both engines, with planted faults: each verdict, what is said of it, and where. And what
 * runs again after a change.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openTestModule } from '../../src/policy/test-module.js'
import { createTestRunner, runTests } from '../../src/rego/run-tests.js'
import type { SourceSet } from '../../src/rego/source-set.js'
import type { PolicyTest, TestReport, TestRunOutcome } from '../../src/rego/test-report.js'
import { plantedPolicy } from './planted-policy.js'

const setOf = (files: Readonly<Record<string, string>>): SourceSet => ({
  source: { files: { ...files } },
  shown: (file) => `policies/${file}`,
})

function reportOf(outcome: TestRunOutcome): TestReport {
  if (outcome.ok) return outcome.report
  throw new Error(JSON.stringify(outcome.problems))
}

const report = reportOf(await runTests(setOf(plantedPolicy), openTestModule, { coverage: true }))
const named = new Map(report.tests.map((one) => [one.name, one]))

function found(name: string): PolicyTest {
  const one = named.get(name)
  if (one === undefined) throw new Error(`${name} did not run`)
  return one
}

const pass = { outcome: 'pass', text: 'true' }
const fails = { outcome: 'fail', text: 'undefined' }
const rows: readonly (readonly [name: string, verdict: string, engines: unknown])[] = [
  ['test_compiled_only', 'disagreed', { interpreter: fails, wasm: pass }],
  ['test_interpreted_only', 'disagreed', { interpreter: pass, wasm: fails }],
  [
    'test_cases_differ',
    'disagreed',
    {
      interpreter: { outcome: 'fail', text: 'fails for cut' },
      wasm: { outcome: 'pass', text: '{"whole":true,"cut":true}' },
    },
  ],
  ['test_fail', 'failed', { interpreter: fails, wasm: fails }],
  [
    'test_table',
    'failed',
    {
      interpreter: { outcome: 'fail', text: 'fails for small' },
      wasm: { outcome: 'fail', text: 'fails for small' },
    },
  ],
  ['todo_test_later', 'skipped', { interpreter: null, wasm: null }],
  ['test_pass', 'passed', { interpreter: pass, wasm: pass }],
  ['test_no_input', 'passed', { interpreter: pass, wasm: pass }],
  ['test_b', 'passed', { interpreter: pass, wasm: pass }],
]

for (const [name, verdict, engines] of rows) {
  test(`${verdict}: ${name}`, () => {
    assert.equal([found(name).verdict, found(name).engines], [verdict, engines])
  })
}

test('a contradiction is an error on both engines, with the places OPA names', () => {
  const { verdict, error, engines } = found('test_conflict')
  assert.is(verdict, 'error')
  assert.match(error, /^policies\/a\.rego:7: eval_conflict_error: /)
  assert.match(error, /policies\/a\.rego:5/)
  assert.is(engines.wasm?.outcome, 'error')
  assert.match(String(engines.wasm?.text), /a\.rego:7.*conflict/)
})

test('a failure has its place, its expression, its values and what was printed', () => {
  const { file, row, col, failedAt, output, durationNs } = found('test_fail')
  assert.equal([file, row, col], ['policies/a_test.rego', 7, 1])
  assert.is(output, 'n is 3\n')
  assert.ok(durationNs > 0)
  assert.equal(failedAt, {
    text: 'a.large with input.n as n',
    file: 'policies/a_test.rego',
    row: 10,
    col: 2,
    values: { n: '3' },
  })
  assert.is(found('test_pass').failedAt, null)
})

test('a table says which case failed, and with what', () => {
  const { subResults, failedAt } = found('test_table')
  assert.equal(subResults, [
    { name: ['big'], passed: true },
    { name: ['small'], passed: false },
  ])
  assert.equal(failedAt?.values, { name: '"small"', n: '1' })
})

test('coverage has the rows of every file, each once', () => {
  const file = report.coverage?.files.find((one) => one.file === 'policies/a.rego')
  assert.equal([file?.covered, file?.notCovered], [[3, 5, 7, 9], []])
  assert.equal(
    report.coverage?.files.map((one) => one.file),
    ['policies/a.rego', 'policies/a_test.rego', 'policies/b_test.rego'],
  )
})

test('in the order of their places', () => {
  const places = report.tests.map(({ file, row }) => `${file}:${String(row).padStart(3, '0')}`)
  assert.equal(places, [...places].sort())
  assert.is(report.tests.length, 10)
})

test('a second test of a name is a problem with both places', async () => {
  const files = { ...plantedPolicy, 'c_test.rego': 'package b_test\n\ntest_b if false\n' }
  const outcome = await runTests(setOf(files), openTestModule)
  assert.not(outcome.ok)
  if (outcome.ok) return
  assert.equal(
    outcome.problems.map(({ code, message, file, row }) => [code, message, file, row]),
    [
      [
        'duplicate_test',
        'b_test has a test test_b already, at policies/b_test.rego:3',
        'policies/c_test.rego',
        3,
      ],
    ],
  )
})

test('an endless test is stopped, on both engines, and the others run', async () => {
  const endless = `package slow_test

test_endless if {
	r := numbers.range(1, 5000)
	some a in r
	some b in r
	some c in r
	a + b + c == 0
}

test_quick if true
`
  const files = { 'slow_test.rego': endless }
  const { tests } = reportOf(await runTests(setOf(files), openTestModule, { timeoutMs: 300 }))
  assert.equal(
    tests.map(({ name, verdict }) => [name, verdict]),
    [
      ['test_endless', 'error'],
      ['test_quick', 'passed'],
    ],
  )
  assert.is(tests[0]?.error, 'policies/slow_test.rego:3: not done after 300ms')
  assert.is(tests[0]?.engines.wasm?.text, 'more than 30000000 units of work')
})

test('a compiler that tells nothing for too long is ended, and the next run has another', async () => {
  const runner = createTestRunner(openTestModule)
  try {
    await runner.run(setOf(plantedPolicy), { timeoutMs: 1, silenceMs: 1 })
    assert.unreachable()
  } catch (thrown) {
    assert.match(String(thrown), 'the Rego compiler said nothing for 2 ms')
  }
  const { tests } = reportOf(await runner.run(setOf(plantedPolicy), { run: 'test_pass' }))
  assert.equal(
    tests.map(({ name }) => name),
    ['test_pass'],
  )
  runner.close()
})

const readsItself = (name: string) => `package a_test

test_ok if true

${name} if {
	some x in [["a_test", "one"]]
	data[x[0]][x[1]] == 1
}

one := 1
`

test('a package that cannot be asked as a whole is asked test by test', async () => {
  for (const name of ['helper', 'todo_test_later']) {
    const files = {
      'a_test.rego': readsItself(name),
      'b_test.rego': 'package b_test\n\ntest_b if true\n',
    }
    const { tests } = reportOf(await runTests(setOf(files), openTestModule))
    const passed = tests.filter(({ verdict }) => verdict === 'passed')
    assert.equal(
      passed.map(({ name: one }) => one),
      ['test_ok', 'test_b'],
    )
  }
})

test('a test that the gateway could not evaluate is named, and why', async () => {
  const outcome = await runTests(setOf({ 'a_test.rego': readsItself('test_dyn') }), openTestModule)
  assert.not(outcome.ok)
  const [problem, ...more] = outcome.ok ? [] : outcome.problems
  assert.equal(more, [])
  assert.equal(
    [problem?.code, problem?.file, problem?.row],
    ['test_not_compiled', 'policies/a_test.rego', 5],
  )
  assert.match(
    String(problem?.message),
    /^data\.a_test\.test_dyn cannot be compiled to what the gateway evaluates: policies\/a_test\.rego:7: .*not supported/,
  )
})

test('after another kind of change everything runs', async () => {
  const runner = createTestRunner(openTestModule)
  const files = (n: number) => ({
    'data.json': `{"n": ${n}}`,
    'a_test.rego': 'package a_test\n\ntest_a if data.n == 1\n',
  })
  const verdicts: string[][] = []
  for (const n of [1, 2, 1]) {
    const { tests } = reportOf(await runner.run(setOf(files(n))))
    verdicts.push(tests.map(({ verdict }) => verdict))
  }
  assert.equal(verdicts, [['passed'], ['failed'], ['passed']])
  runner.close()
})

test('after a change the same is said as by a run of everything, of fewer tests', async () => {
  const texts = (n: number, extra = '') => ({
    'base.rego': `package base\n\nleast := ${n}\n`,
    'user.rego': 'package user\n\nok if input.n >= data.base.least\n',
    'user_test.rego':
      'package user_test\n\ntest_ok if data.user.ok with input as {"n": 5}\n\ntest_no if not data.user.ok with input as {"n": 1}\n',
    'other.rego': 'package other\n\none := 1\n',
    'other_test.rego': `package other_test\n\ntest_one if data.other.one == 1\n${extra}`,
    'all_test.rego': 'package all_test\n\ntest_all if count([1 | some p; data[p].least]) == 1\n',
  })
  const steps: readonly (readonly [
    files: Record<string, string>,
    ran: readonly string[],
    failed: readonly string[],
  ])[] = [
    [texts(3), ['test_all', 'test_no', 'test_ok', 'test_one'], []],
    [texts(6), ['test_all', 'test_no', 'test_ok'], ['test_ok']],
    [
      texts(6, '\ntest_two if false\n'),
      ['test_all', 'test_one', 'test_two'],
      ['test_ok', 'test_two'],
    ],
    [texts(3), ['test_all', 'test_no', 'test_ok', 'test_one'], []],
  ]
  const runner = createTestRunner(openTestModule)
  const everything = createTestRunner(openTestModule)
  for (const [index, [files, ran, failed]] of steps.entries()) {
    const names: string[] = []
    const onProgress = ({ name }: { name: string }) => {
      names.push(name.replace(/^.*\./, ''))
    }
    const { tests } = reportOf(await runner.run(setOf(files), { onProgress }))
    assert.equal(names.sort(), ran, `step ${index}`)
    const bad = tests.filter(({ verdict }) => verdict !== 'passed')
    assert.equal(bad.map(({ name }) => name).sort(), failed, `step ${index}`)
    // Coverage makes it run everything.
    const whole = reportOf(await everything.run(setOf(files), { coverage: true })).tests
    const verdicts = (list: readonly PolicyTest[]) => list.map((one) => [one.name, one.verdict])
    assert.equal(verdicts(tests), verdicts(whole), `step ${index}`)
  }
  const { 'other.rego': _, 'other_test.rego': __, ...fewer } = texts(3)
  const { tests } = reportOf(await runner.run(setOf(fewer)))
  assert.equal(tests.map(({ name }) => name).sort(), ['test_all', 'test_no', 'test_ok'])
  const broken = await runner.run(setOf({ ...texts(3), 'base.rego': 'package base\n\nleast :=\n' }))
  assert.not(broken.ok)
  runner.close()
  everything.close()
})

test.run()
