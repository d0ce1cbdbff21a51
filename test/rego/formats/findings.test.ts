/** What `check` and `lint` find, on a terminal and as JSON. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unpainted } from '../../../src/lib/paint.js'
import type { PolicyFinding } from '../../../src/rego/finding.js'
import { formatFindings } from '../../../src/rego/formats/index.js'
import { hostileText } from './reports.js'

const options = { paint: unpainted, version: '0.1.0' }

const unknown: PolicyFinding = {
  code: 'tool-unknown',
  level: 'warning',
  message: 'no server offers it',
  file: 'policies/a.rego',
  row: 3,
  col: 7,
  details: { name: 'x' },
  hint: 'remove it',
  page: 'docs/lint/tool-unknown.md',
}
const nowhere: PolicyFinding = {
  ...unknown,
  code: 'source_error',
  level: 'error',
  message: 'nothing there',
  file: null,
  row: null,
  col: null,
  hint: null,
  page: null,
}

test('hostile text stays on its line', () => {
  const finding = { ...unknown, message: hostileText, hint: hostileText, file: hostileText }
  const text = formatFindings('pretty', [finding], options)
  assert.is(text.split('\n').length, 3)
  assert.not.match(text, /[^\P{C}\n]|[\u2028\ufffe]/u)
  const [read] = JSON.parse(formatFindings('json', [finding], options)).warnings
  assert.is(read.message, hostileText.toWellFormed())
})

test('place, level, hint, code and page', () => {
  assert.equal(formatFindings('pretty', [unknown, nowhere], options).split('\n'), [
    'policies/a.rego:3:7: warning: no server offers it (remove it) [tool-unknown]',
    '  see docs/lint/tool-unknown.md',
    'error: nothing there [source_error]',
    '',
  ])
})

test('json: errors as OPA writes them, warnings apart', () => {
  assert.equal(JSON.parse(formatFindings('json', [unknown, nowhere], options)), {
    errors: [
      {
        message: 'nothing there',
        code: 'source_error',
        location: null,
        details: { name: 'x' },
        hint: null,
        page: null,
      },
    ],
    warnings: [
      {
        message: 'no server offers it',
        code: 'tool-unknown',
        location: { file: 'policies/a.rego', row: 3, col: 7 },
        details: { name: 'x' },
        hint: 'remove it',
        page: 'docs/lint/tool-unknown.md',
      },
    ],
  })
})

test('nothing found', () => {
  assert.is(formatFindings('pretty', [], options), '')
  assert.equal(JSON.parse(formatFindings('json', [], options)), { errors: [], warnings: [] })
})

test.run()
