/**
 * The shipped Rego as its authors see it: its own tests, coverage, format, strict check, and
 * annotations, from which the published reason codes come.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkPolicy } from '../../src/rego/check.js'
import { formatProblem } from '../../src/rego/compile-policy.js'
import { formatRego } from '../../src/rego/format-rego.js'
import { lintPolicy } from '../../src/rego/lint.js'
import { readSourceSet } from '../../src/rego/source-set.js'
import { testReport } from '../support/policy-tests.js'
import { shippedPolicies } from './shipped.js'

/** Pinned: alerts and dashboards match on these. */
const reasonCodes = [
  'argument-out-of-bounds',
  'completion-granted',
  'definition-changed',
  'definition-unpinned',
  'destructive-table-malformed',
  'housekeeping',
  'method-granted',
  'not-granted',
  'outside-window',
  'path-unsafe',
  'prompt-granted',
  'quarantined',
  'resource-granted',
  'scope-missing',
  'tier-unknown',
  'tool-granted',
  'uri-not-canonical',
  'window-unknown',
]

const files = Object.fromEntries(
  readdirSync(shippedPolicies, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rego'))
    .sort()
    .map((name) => [name, readFileSync(join(shippedPolicies, name), 'utf8')]),
)
const rules = Object.entries(files).filter(([name]) => !name.endsWith('_test.rego'))

const report = await testReport(shippedPolicies, { coverage: true })

for (const result of report.tests) {
  test(`${result.package}.${result.name}`, () => {
    const why = JSON.stringify([result.engines, result.failedAt, result.output])
    assert.is(result.verdict, 'passed', `${result.file}:${result.row} ${why}`)
  })
}

test('every package with rules has tests that ran', () => {
  const tested = new Set(report.tests.map((result) => result.package))
  for (const [name, text] of rules) {
    const packageName = /^package (\S+)$/m.exec(text)?.[1]
    assert.ok(tested.has(`${packageName}_test`), `${name} has no tests`)
  }
})

test('the tests reach every line of the rules', () => {
  const missed = rules.flatMap(([name]) => {
    const file = report.coverage?.files.find(
      (one) => resolve(one.file) === join(shippedPolicies, name),
    )
    if (file === undefined) return [`${name}: not loaded`]
    return file.notCovered.map((row) => `${name}:${row}`)
  })
  assert.equal(missed, [])
})

test('formatted', async () => {
  const formatted = await formatRego(files)
  assert.ok(formatted.ok)
  assert.equal(formatted.ok && formatted.files, files)
})

test('check and lint have nothing to say', async () => {
  const read = await readSourceSet([shippedPolicies])
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'))
  assert.equal((await checkPolicy(read.set)).map(formatProblem), [])
  assert.equal((await lintPolicy(read.set)).map(formatProblem), [])
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

interface Announced {
  readonly file: string
  readonly head: string
  readonly codes: readonly string[]
}

/** Heads that give a reason, with the codes that the annotation above them names. */
const announced: readonly Announced[] = rules.flatMap(([file, text]) =>
  text.split(/\n{2,}/).flatMap((block) => {
    const head = /^\w+ contains ("[^"]*"|code)(?: if\b|$)/m.exec(block)
    if (head?.[0] === undefined || !/^(permit|deny|unmet|_refusals) /.test(head[0])) return []
    return [{ file, head: head[1] ?? '', codes: codesIn(block) }]
  }),
)

function codesIn(block: string): string[] {
  const single = /^# {3}code: (.+)$/m.exec(block)?.[1]
  const several = [...block.matchAll(/^# {5}([\w-]+): /gm)].map((match) => match[1] ?? '')
  return single === undefined ? several : [single]
}

test('a reason in a head is the one of its annotation', () => {
  const literal = announced.filter(({ head }) => head !== 'code')
  assert.ok(literal.length > 7)
  for (const { file, head, codes } of literal) {
    if (codes.length > 0) assert.equal(codes, [JSON.parse(head)], file)
  }
})

test('every reason is announced by an annotation of its file, and the other way round', () => {
  for (const [file, text] of rules) {
    const told = announced.filter((one) => one.file === file).flatMap(({ codes }) => codes)
    const code = text.replace(/^#.*$/gm, '')
    const given = [
      ...code.matchAll(/(?:contains|:=) "([a-z]+(?:-[a-z]+)+|housekeeping|quarantined)"/g),
    ]
    assert.equal(
      [...new Set(told)].sort(),
      [...new Set(given.map((match) => match[1]))].sort(),
      file,
    )
  }
})

test('reason codes', () => {
  assert.equal([...new Set(announced.flatMap(({ codes }) => codes))].sort(), reasonCodes)
})

test.run()
