/**
 * Reports to format: an ordinary one with every verdict, and one in which everything that a policy
 * or a case file can say is hostile to some format.
 */
import type { DecisionCase, PolicyTest, TestReport } from '../../../src/rego/test-report.js'

export function policyTest(given: Partial<PolicyTest>): PolicyTest {
  return {
    package: 'a_test',
    name: 'test_a',
    file: 'policies/a_test.rego',
    row: 3,
    col: 1,
    verdict: 'passed',
    engines: {
      interpreter: { outcome: 'pass', text: 'true' },
      wasm: { outcome: 'pass', text: 'true' },
    },
    error: '',
    output: '',
    durationNs: 1_234_567,
    subResults: [],
    failedAt: null,
    ...given,
  }
}

export function decisionCase(given: Partial<DecisionCase>): DecisionCase {
  return {
    file: 'cases/a.yaml',
    row: 2,
    name: 'alice reads',
    verdict: 'passed',
    differences: [],
    problem: '',
    durationNs: 90_000,
    ...given,
  }
}

export function testReport(given: Partial<TestReport>): TestReport {
  return { tests: [], cases: [], coverage: null, benchmarks: [], durationMs: 1500, ...given }
}

const failed = { outcome: 'fail', text: 'undefined' } as const

export const ordinary: TestReport = testReport({
  tests: [
    policyTest({}),
    policyTest({
      name: 'test_b',
      row: 5,
      verdict: 'failed',
      engines: { interpreter: failed, wasm: failed },
      output: 'x is 1\nno more\n',
      failedAt: {
        text: 'x ==\n\t2',
        file: 'policies/a_test.rego',
        row: 6,
        col: 2,
        values: { y: '"b"', x: '1' },
      },
    }),
    policyTest({
      name: 'test_table',
      row: 9,
      verdict: 'failed',
      engines: { interpreter: failed, wasm: failed },
      subResults: [
        { name: ['one'], passed: true },
        { name: ['two'], passed: false },
        { name: ['two', 'deep'], passed: false },
        { name: ['two', 'else'], passed: true },
      ],
    }),
    policyTest({ name: 'todo_test_c', row: 20, verdict: 'skipped', durationNs: 0 }),
    policyTest({
      package: 'b_test',
      file: 'policies/b_test.rego',
      row: 4,
      name: 'test_conflict',
      verdict: 'error',
      error: 'eval_conflict_error: complete rules must not produce multiple outputs',
      durationNs: 42_000,
    }),
    policyTest({
      package: 'b_test',
      file: 'policies/b_test.rego',
      row: 8,
      name: 'test_engines',
      verdict: 'disagreed',
      engines: { interpreter: { outcome: 'pass', text: 'true' }, wasm: failed },
    }),
  ],
  cases: [
    decisionCase({}),
    decisionCase({
      row: 9,
      name: 'mallory deletes',
      verdict: 'failed',
      differences: [
        { member: 'allow', expected: false, actual: true },
        { member: 'reasons', expected: ['not-granted'], actual: [] },
      ],
    }),
    decisionCase({ row: 15, name: 'nobody', verdict: 'error', problem: 'subject: is missing' }),
  ],
})

/** Markers of every format here, ends of lines and attributes, and characters no XML may hold. */
export const hostileText = [
  'a"b\'c<d>&e]]>f%g,h:i;j#k\\l`m',
  '::set-output name=x::y',
  '  ##[error]z',
  'end_of_record\rSF:/etc/passwd',
  '\u001b[2J\u0000\u0007\u0085\u2028\u202e\ufffe\ud800 ...\t---',
  'not ok 1 # TODO 🙂 __proto__',
].join('\n')

export const hostile: TestReport = testReport({
  tests: [
    policyTest({
      package: `p[${JSON.stringify(hostileText)}]`,
      name: `test_${hostileText}`,
      file: `dir ü/${hostileText}.rego`,
      verdict: 'failed',
      engines: { interpreter: failed, wasm: failed },
      output: hostileText,
      failedAt: {
        text: hostileText,
        file: `dir ü/${hostileText}.rego`,
        row: 7,
        col: 3,
        values: Object.fromEntries([
          [hostileText, hostileText],
          ['__proto__', 'x'],
        ]),
      },
      subResults: [
        { name: [hostileText], passed: false },
        { name: ['__proto__'], passed: false },
        { name: ['__proto__', 'constructor'], passed: false },
      ],
    }),
    policyTest({ name: hostileText, verdict: 'error', error: hostileText, output: hostileText }),
    policyTest({ name: '', verdict: 'skipped', output: hostileText }),
    policyTest({
      name: 'test_d',
      verdict: 'disagreed',
      engines: {
        interpreter: { outcome: 'error', text: hostileText },
        wasm: { outcome: 'pass', text: hostileText },
      },
    }),
    policyTest({ name: 'test_e', output: hostileText }),
  ],
  cases: [
    decisionCase({ name: hostileText, verdict: 'error', problem: hostileText, file: hostileText }),
    decisionCase({
      name: hostileText,
      file: '/abs/a.yaml',
      verdict: 'failed',
      differences: [
        { member: hostileText, expected: hostileText, actual: { [hostileText]: null } },
      ],
    }),
    decisionCase({ name: hostileText, file: '../up/a.yaml' }),
  ],
})
