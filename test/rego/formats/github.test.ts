/**
 * Annotations against what GitHub's own toolkit prints for the same, and against the runner's two
 * ways of finding commands in an output.
 */
import { error, warning } from '@actions/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unpainted } from '../../../src/lib/paint.js'
import type { PolicyFinding } from '../../../src/rego/finding.js'
import { formatFindings, formatReport } from '../../../src/rego/formats/index.js'
import { hostile, ordinary, policyTest, testReport } from './reports.js'

const quiet = { paint: unpainted, verbose: false, version: '0.1.0' }
const verbose = { ...quiet, verbose: true }

/** What a function of the toolkit writes to standard output. */
function printed(command: () => void): string {
  const { write } = process.stdout
  let text = ''
  process.stdout.write = (piece: string | Uint8Array) => {
    text += piece.toString()
    return true
  }
  try {
    command()
  } finally {
    process.stdout.write = write
  }
  return text.trimEnd()
}

/**
 * The names of the commands that the runner carries out: at the beginning of a line, spaces aside,
 * in the form of today, else anywhere in the line in the older one.
 */
function commands(text: string): string[] {
  return text.split(/[\r\n]+/).flatMap((line) => {
    const [, today] = /^\s*::([\w-]+)(?: .*?)?::/.exec(line) ?? []
    if (today !== undefined) return [today]
    const [, older] = /##\[([^\]]*)\]/.exec(line) ?? []
    return older === undefined ? [] : [`## ${older}`]
  })
}

test('the older form and leading spaces are seen by this test', () => {
  assert.equal(commands('x ##[error]y\n  ::set-env name=a::b\n::group::c'), [
    '## error',
    'set-env',
    'group',
  ])
})

for (const [what, options] of Object.entries({ quiet, verbose })) {
  test(`hostile text, ${what}: no command but ours`, () => {
    const text = formatReport('github', hostile, options)
    const errors = Array.from({ length: 5 }, () => 'error')
    assert.equal(commands(text), ['group', ...errors, 'endgroup'])
    assert.is(text.split('\n').length, options.verbose ? 11 : 9)
  })
}

test('an annotation is what the toolkit would print', () => {
  const lines = formatReport('github', ordinary, quiet).split('\n')
  assert.is(lines[0], '::group::policy tests')
  const place = { file: 'policies/a_test.rego', startLine: 6, startColumn: 2 }
  const message = 'not true: x == 2\nat policies/a_test.rego:6:2\nx = 1\ny = "b"'
  assert.is(
    lines[1],
    printed(() => error(message, { ...place, title: 'data.a_test.test_b' })),
  )
  assert.equal(lines.slice(7), ['::endgroup::', 'PASS: 3/8, CASES: 1/3', ''])
})

test('without cases nothing is said of them', () => {
  const lines = formatReport('github', testReport({ tests: [policyTest({})] }), quiet).split('\n')
  assert.equal(lines, ['::group::policy tests', '::endgroup::', 'PASS: 1/1', ''])
})

test('what passed is listed when asked for', () => {
  const lines = formatReport('github', ordinary, verbose).split('\n')
  assert.equal(lines.slice(1, 3), ['PASS data.a_test.test_a', 'PASS alice reads'])
})

test('findings: level, place and page; `%`, `:` and `,` as the toolkit escapes them', () => {
  const finding: PolicyFinding = {
    code: 'a,b:c%',
    level: 'warning',
    message: '100%, or: none',
    file: 'x,y:z%.rego',
    row: 3,
    col: null,
    details: null,
    hint: 'say so',
    page: 'docs/lint/a.md',
  }
  const text = formatFindings('github', [finding, { ...finding, file: null, row: null }], quiet)
  const message = '100%, or: none (say so)\nsee docs/lint/a.md'
  const place = { file: 'x,y:z%.rego', startLine: 3 }
  assert.equal(text.split('\n'), [
    '::group::policy',
    printed(() => warning(message, { ...place, title: 'a,b:c%' })),
    printed(() => warning(message, { title: 'a,b:c%' })),
    '::endgroup::',
    'errors: 0, warnings: 2',
    '',
  ])
})

test.run()
