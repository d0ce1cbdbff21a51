/** A sample of the mutants of the shipped policy, always the same; test/long judges all of them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mutantsOf } from './mutants.js'
import { allMutants, runMutation } from './run.js'

test('what is done to a rule', () => {
  const text =
    'package a\n\nimport data.b\n\n# c\nd contains "e" if {\n\tf(x) == 3\n\tnot g # h\n}\n'
  assert.equal(
    mutantsOf('a.rego', text).map(({ row, change }) => `${row} ${change}`),
    [
      '6 removed the rule: d contains "e" if {',
      '6 "e" became "e~": d contains "e" if {',
      '7 removed: f(x) == 3',
      '7 negated: f(x) == 3',
      '7 == became !=: f(x) == 3',
      '7 3 became 4: f(x) == 3',
      '7 3 became 2: f(x) == 3',
      '8 removed: not g # h',
      '8 negated: not g # h',
    ],
  )
})

test('a mutant is the text with one change', () => {
  const text = 'package a\n\nb if {\n\tc > 1\n\td\n}\n\ne := 1\n'
  assert.equal(
    mutantsOf('a.rego', text).map((mutant) => mutant.text),
    [
      'package a\n\n\ne := 1\n',
      'package a\n\nb if {\n\td\n}\n\ne := 1\n',
      'package a\n\nb if {\n\tnot c > 1\n\td\n}\n\ne := 1\n',
      'package a\n\nb if {\n\tc >= 1\n\td\n}\n\ne := 1\n',
      'package a\n\nb if {\n\tc <= 1\n\td\n}\n\ne := 1\n',
      'package a\n\nb if {\n\tc > 2\n\td\n}\n\ne := 1\n',
      'package a\n\nb if {\n\tc > 0\n\td\n}\n\ne := 1\n',
      'package a\n\nb if {\n\tc > 1\n}\n\ne := 1\n',
      'package a\n\nb if {\n\tc > 1\n\tnot d\n}\n\ne := 1\n',
      'package a\n\nb if {\n\tc > 1\n\td\n}\n\n',
      'package a\n\nb if {\n\tc > 1\n\td\n}\n\ne := 2\n',
      'package a\n\nb if {\n\tc > 1\n\td\n}\n\ne := 0\n',
    ],
  )
})

test('a mutant in sixty: at least 85 % are noticed', () => {
  const { judged, killed } = runMutation(allMutants().filter((_, index) => index % 60 === 7))
  assert.ok(judged > 8, `${judged}`)
  assert.ok(killed / judged >= 0.85, `${killed} of ${judged}`)
})

test.run()
