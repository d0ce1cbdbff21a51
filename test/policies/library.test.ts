/**
 * The shipped rules are copied into repositories of other people (`init`), where the data are theirs
 * and rules of theirs stand beside: the tests that come with the rules hold there all the same.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testReport } from '../support/policy-tests.js'
import { shippedPolicies } from './shipped.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-library-'))
test.after(() => {
  rmSync(folder, { recursive: true })
})

const theirs: Readonly<Record<string, string>> = {
  'destructive/data.yaml': '"*": { a: ["*"] }\n',
  'grants/data.yaml': '"*": { "*": { tools: { "*": {} }, resources: { "*": {} } } }\n',
  'hints/data.yaml': '"*": { noReadOnlyHint: b }\n',
  'paths/data.yaml': 'arguments: { message: true }\n',
  'pins/data.yaml': '"*": { tools: { "*": required } }\n',
  'quarantine/data.yaml': 'servers: { "*": all }\n',
  'tenants/data.yaml': 'acme: { "*": { "*": { tools: { "*": {} } } } }\n',
  'tiers/data.yaml': 'order: [{ role: "*", tier: own }]\ntiers: { own: {} }\n',
  'windows/data.yaml': 'never: { zone: UTC, open: [] }\n',
  'mcpguard/rules/theirs/theirs.rego': `package mcpguard.rules.theirs

permit contains "theirs"

deny contains "theirs"

unmet contains "theirs"

challenge contains "theirs"

limit contains {"name": "theirs"}

tier := "theirs"
`,
}

test('tests of the shipped rules hold whatever the data and beside any rule', async () => {
  cpSync(shippedPolicies, folder, { recursive: true })
  for (const [path, text] of Object.entries(theirs)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const { tests } = await testReport(folder)
  assert.ok(tests.length > 150)
  const failed = tests.filter(({ verdict }) => verdict !== 'passed')
  assert.equal(
    failed.map((one) => `${one.package}.${one.name}`),
    [],
  )
})

test.run()
