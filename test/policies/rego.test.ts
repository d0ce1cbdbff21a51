/**
 * The shipped Rego as its authors see it: its own tests, coverage, format, strict check, and
 * annotations, from which the published reason codes come.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkPolicy, formatRego, runTests, type TestResult } from '../../src/rego/authoring.js'
import { formatProblem } from '../../src/rego/compile-policy.js'
import { shippedPolicies } from './shipped.js'

/** Pinned: alerts and dashboards match on these. */
const reasonCodes = [
  'completion-granted',
  'destructive-table-malformed',
  'housekeeping',
  'method-granted',
  'not-granted',
  'path-unsafe',
  'prompt-granted',
  'resource-granted',
  'scope-missing',
  'tier-unknown',
  'tool-granted',
  'uri-not-canonical',
]

const files = Object.fromEntries(
  readdirSync(shippedPolicies, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rego'))
    .sort()
    .map((name) => [name, readFileSync(join(shippedPolicies, name), 'utf8')]),
)
const rules = Object.entries(files).filter(([name]) => !name.endsWith('_test.rego'))

const run = await runTests(shippedPolicies, { coverage: true })
if (!run.ok) throw new Error(run.problems.map(formatProblem).join('\n'))

function describeFailure({ file, row, error, failedAt, output }: TestResult): string {
  const at = failedAt === null ? '' : `\n  ${failedAt.file}:${failedAt.row}: ${failedAt.text}`
  const values = Object.entries(failedAt?.values ?? {}).map(
    ([name, value]) => `\n    ${name} = ${value}`,
  )
  return `${file}:${row} ${error}${at}${values.join('')}\n${output}`
}

for (const result of run.tests) {
  test(`${result.package}.${result.name}`, () => {
    assert.is(result.outcome, 'pass', describeFailure(result))
  })
}

test('every package with rules has tests that ran', () => {
  const tested = new Set(run.tests.map((result) => result.package))
  for (const [name, text] of rules) {
    const packageName = /^package (\S+)$/m.exec(text)?.[1]
    assert.ok(tested.has(`${packageName}_test`), `${name} has no tests`)
  }
})

test('the tests reach every line of the rules', () => {
  const missed = rules.flatMap(([name]) => {
    const file = run.coverage?.files[name]
    if (file === undefined) return [`${name}: not loaded`]
    return (file.not_covered ?? []).map((range) => `${name}:${range.start.row}`)
  })
  assert.equal(missed, [])
})

test('formatted', async () => {
  const formatted = await formatRego(files)
  assert.ok(formatted.ok)
  assert.equal(formatted.ok && formatted.files, files)
})

test('no problem under the strict check with the schema of the facts', async () => {
  assert.equal((await checkPolicy(shippedPolicies)).map(formatProblem), [])
})

test('packages and public rules say what they are for', () => {
  for (const [name, text] of rules) {
    const seen = new Set<string>()
    for (const block of text.split(/\n{2,}/)) {
      const code = block.split('\n').find((line) => !line.startsWith('#')) ?? ''
      const subject = /^(?:default )?([a-z]\w*)/.exec(code)?.[1]
      if (subject === undefined || subject === 'import' || seen.has(subject)) continue
      // A second rule of a set explains itself only when it has a reason of its own.
      seen.add(subject)
      assert.match(block, /^# METADATA\n# title: \S/, `${name}: ${code}`)
    }
    assert.ok(seen.has('package'), `${name} has no package`)
  }
})

test('every permit and deny takes its reason from its annotation', () => {
  for (const [name, text] of rules) {
    const heads = text.match(/^(permit|deny) contains .*/gm) ?? []
    for (const head of heads) {
      assert.match(head, /^\w+ contains rego\.metadata\.rule\(\)\.custom\.code if /, name)
    }
  }
})

test('reason codes', () => {
  const codes = rules.flatMap(([, text]) =>
    [...text.matchAll(/^# {3}code: (.+)$/gm)].map((match) => match[1]),
  )
  assert.equal([...new Set(codes)].sort(), reasonCodes)
})

test('only the accessors spell input paths', () => {
  const readers = rules.filter(([, text]) => /\binput\b/.test(text.replace(/^#.*$/gm, '')))
  assert.equal(
    readers.map(([name]) => name),
    ['mcpguard/lib/facts/facts.rego'],
  )
})

test.run()
