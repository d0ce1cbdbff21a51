/**
 * The decision cases of the shipped policy: all of them pass, every rule has its say in some, and
 * each of a sample of mistakes in the rules turns the file about it red.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runCaseFiles, runDecisionCases } from '../../src/cli/decision-cases.js'
import { parseCaseFile } from '../../src/config/case-file.js'
import { readCases } from '../../src/config/cases.js'
import type { CompiledBundle, JsonObject } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import type { DecisionCase } from '../../src/rego/test-report.js'
import { compile, must } from '../rego/reactor-fixture.js'
import { compileShipped, shippedPolicies } from './shipped.js'

const cases = packageFile('cases')
const policyFiles: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(shippedPolicies, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(\.manifest|\.yaml|(?<!_test)\.rego)$/.test(name))
    .map((name) => [name, readFileSync(join(shippedPolicies, name), 'utf8')]),
)

function compiled(files: Readonly<Record<string, string>>): CompiledBundle {
  const { wasm, data, ...rest } = must(compile({ ...files }))
  return {
    ...(rest as JsonObject & Omit<CompiledBundle, 'wasm' | 'data'>),
    wasm: Buffer.from(String(wasm), 'base64'),
    data: Buffer.from(JSON.stringify(data)),
  }
}

function run(bundle: CompiledBundle, file = ''): readonly DecisionCase[] {
  const outcome = runDecisionCases(packageFile('cases', file), bundle)
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems))
  return outcome.cases
}

function brief({ file, row, name, verdict, differences, problem }: DecisionCase): string {
  return `${file}:${row} ${name}: ${verdict} ${problem} ${JSON.stringify(differences)}`
}

test('all pass, and there are many', async () => {
  const found = run(await compileShipped())
  const others = found.filter(({ verdict }) => verdict !== 'passed')
  assert.equal(others.map(brief), [])
  assert.ok(found.length >= 60, `${found.length}`)
})

test('every reason that the shipped rules can give is expected somewhere', () => {
  const read = readCases(cases)
  assert.ok(read.ok)
  const expected = new Set(
    read.files.flatMap((file) =>
      file.cases.flatMap(({ expect }) => [...(expect.reasons ?? []), expect.reason ?? '']),
    ),
  )
  const codes = Object.values(policyFiles).flatMap((text) => [
    ...[...text.matchAll(/^#\s+code: (\S+)$/gm)].map(([, code = '']) => code),
    ...[...text.matchAll(/^# {5}([a-z]+(?:-[a-z]+)+):/gm)].map(([, code = '']) => code),
  ])
  assert.ok(codes.length >= 17, codes.join())
  // Tables that nobody can read are not for people who write cases.
  const missing = codes.filter((code) => !expected.has(code))
  assert.equal(missing, ['destructive-table-malformed'])
})

const rule = (name: string) => `mcpguard/rules/${name}/${name}.rego`

/** File of the rule, what stands there, what stands there by mistake, file of the cases. */
const mistakes: readonly (readonly [string, string, string, string])[] = [
  [rule('grants'), '_kind("task") := "methods"', '_kind("task") := "tools"', 'methods.yaml'],
  [
    rule('grants'),
    'count(value) <= limit\n}\n\n_holds("maxLength"',
    'count(value) < limit\n}\n\n_holds("maxLength"',
    'bounds.yaml',
  ],
  [rule('grants'), '\tpaths.is_plain(value)\n', '', 'bounds.yaml'],
  [rule('grants'), '[data.grants, data.tenants[tenant]]', '[data.grants]', 'tenants.yaml'],
  [rule('housekeeping'), '\t"*" in facts.role_keys\n', '', 'housekeeping.yaml'],
  [
    rule('destructive_tools'),
    '_holds(scope) if scope in input.subject.scopes',
    '_holds(scope) if count(input.subject.scopes) > 0',
    'hints.yaml',
  ],
  [
    rule('destructive_tools'),
    '} else := patterns.table(data.hints["*"])',
    '} else := {}',
    'destructive.yaml',
  ],
  [
    rule('pins'),
    '_is_digest(pin) if input.resource.digest == pin',
    '_is_digest(pin) if input.resource.known',
    'pins.yaml',
  ],
  [rule('windows'), '_day_before[weekday] in hours.days', 'weekday in hours.days', 'windows.yaml'],
  [rule('quarantine'), 'issuers[input.subject.issuer]', 'issuers[_]', 'quarantine.yaml'],
  [rule('uris'), '\tnot _uri_ok\n', '\tfalse\n', 'uris.yaml'],
  [rule('limits'), 'input.context.direction != "server"', 'true', 'server-messages.yaml'],
  [rule('limits'), '\tnot _is_in_table(line)\n', '\tfalse\n', 'tiers.yaml'],
  ['mcpguard/main/main.rego', 'facts.can_step_up', 'false', 'destructive.yaml'],
  [
    'mcpguard/main/main.rego',
    '\tcount(_denials) == 0\n} else := {"allow": false',
    '} else := {"allow": false',
    'lists.yaml',
  ],
]

for (const [file, from, to, about] of mistakes) {
  test(`${about} notices ${JSON.stringify(to)} in ${file}`, () => {
    const text = policyFiles[file] ?? ''
    assert.is(text.split(from).length, 2, `${from} is not there once`)
    const bundle = compiled({ ...policyFiles, [file]: text.replace(from, to) })
    assert.ok(run(bundle, about).some(({ verdict }) => verdict !== 'passed'))
  })
}

test('the example in the documentation passes', async () => {
  const docs = readFileSync(packageFile('docs', 'policy.md'), 'utf8')
  const [, text = ''] = /^`cases\/readers\.yaml`:\n\n```yaml\n([\s\S]*?)^```$/m.exec(docs) ?? []
  const parsed = parseCaseFile('readers.yaml', text)
  assert.ok(parsed.ok)
  const outcome = runCaseFiles([parsed.file], await compileShipped())
  assert.ok(outcome.ok)
  assert.equal(
    outcome.cases.map(({ verdict }) => verdict),
    ['passed', 'passed'],
  )
})

test('each case names one schema in its first line', () => {
  const read = readCases(cases)
  for (const { file } of read.ok ? read.files : []) {
    const [first] = readFileSync(file, 'utf8').split('\n')
    assert.is(first, '# yaml-language-server: $schema=../schemas/cases.schema.json', file)
  }
})

test.run()
