/** SARIF against its own JSON Schema, and what code scanning needs of it. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unpainted } from '../../../src/lib/paint.js'
import type { PolicyFinding } from '../../../src/rego/finding.js'
import { formatFindings, formatReport } from '../../../src/rego/formats/index.js'
import { hostile, hostileText, ordinary, testReport } from './reports.js'

const options = { paint: unpainted, verbose: false, version: '0.1.0' }

/** Of draft 4, which calls `id` what later drafts call `$id`; they mean the same in all else here. */
const schemaFile =
  'test/peers/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'
const { $schema: _draft, id: $id, ...rest } = JSON.parse(readFileSync(schemaFile, 'utf8'))
const validate = new Ajv({
  strict: false,
  unicodeRegExp: false,
  allErrors: true,
  formats: {
    uri: (text: string) => URL.canParse(text),
    'uri-reference': /^([\w.~!$&'()*+,;=:@/?#[\]-]|%[0-9A-Fa-f]{2})*$/,
    'date-time': /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
  },
}).compile({ $id, ...rest })

function valid(text: string) {
  const log = JSON.parse(text)
  validate(log)
  assert.equal(validate.errors ?? [], [])
  return log.runs[0]
}

test('the schema refuses what is no SARIF', () => {
  const log = JSON.parse(formatReport('sarif', ordinary, options))
  log.runs[0].results[0].level = 'fatal'
  assert.not(validate(log))
})

test('hostile text: as many results as failures, places that stay where they are', () => {
  const { results, tool } = valid(formatReport('sarif', hostile, options))
  assert.is(results.length, 5)
  assert.equal(
    tool.driver.rules.map(({ id }: { id: string }) => id),
    ['test-failed', 'test-error', 'engines-disagree', 'case-error', 'case-failed'],
  )
  const uri: string = results[0].locations[0].physicalLocation.artifactLocation.uri
  assert.is(decodeURIComponent(uri), `dir ü/${hostileText}.rego`.toWellFormed())
  assert.is(uri.split('/').length, 4)
  assert.not.match(uri, /[ <>"\\^`{|}]/)
})

test('a run: rule, level, place and reason of each failure', () => {
  const { results, tool, columnKind } = valid(formatReport('sarif', ordinary, options))
  assert.equal(results[0], {
    ruleId: 'test-failed',
    ruleIndex: 0,
    level: 'error',
    message: {
      text: 'data.a_test.test_b: not true: x == 2\nat policies/a_test.rego:6:2\nx = 1\ny = "b"',
    },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'policies/a_test.rego', uriBaseId: '%SRCROOT%' },
          region: { startLine: 6, startColumn: 2 },
        },
      },
    ],
  })
  assert.is(results.length, 6)
  assert.is(tool.driver.semanticVersion, '0.1.0')
  assert.is(columnKind, 'unicodeCodePoints')
  for (const { ruleId, ruleIndex } of results) assert.is(tool.driver.rules[ruleIndex].id, ruleId)
  for (const { help } of tool.driver.rules) assert.ok(help.text.length > 20)
})

test('nothing failed: a run without results, so that what was open is closed', () => {
  assert.equal(valid(formatReport('sarif', testReport({}), options)).results, [])
})

test('findings: with and without a place and a page', () => {
  const finding: PolicyFinding = {
    code: 'tool-unknown',
    level: 'warning',
    message: 'no server offers it',
    file: 'policies/grants/data.yaml',
    row: 3,
    col: null,
    details: null,
    hint: 'remove it',
    page: 'docs/lint/tool-unknown.md',
  }
  const nowhere = { ...finding, code: 'rego_type_error', level: 'error', page: null } as const
  const unread = { ...nowhere, row: null }
  const found = [finding, { ...nowhere, file: null, row: null, hint: null }, unread]
  const { results, tool } = valid(formatFindings('sarif', found, options))
  assert.is(
    results[0].message.text,
    'no server offers it (remove it)\nsee docs/lint/tool-unknown.md',
  )
  assert.equal(results[0].locations[0].physicalLocation.region, { startLine: 3 })
  assert.is(tool.driver.rules[0].help.text, 'See docs/lint/tool-unknown.md.')
  assert.is(results[1].level, 'error')
  assert.is(results[1].locations, undefined)
  const artifactLocation = { uri: 'policies/grants/data.yaml', uriBaseId: '%SRCROOT%' }
  assert.equal(results[2].locations, [{ physicalLocation: { artifactLocation } }])
})

test.run()
