import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { casesFolder, runDecisionCases } from '../../src/cli/decision-cases.js'
import { updateDecisionCases } from '../../src/cli/update-cases.js'
import { packageFile } from '../../src/lib/package-root.js'
import { unpainted } from '../../src/lib/paint.js'
import { compilePolicy } from '../../src/rego/compile-policy.js'
import { folderOf } from '../rego/folder.js'

const policy = folderOf({
  'policies/main.rego': `package mcpguard.main

default decision := {"allow": false, "reasons": ["no"]}

decision := {"allow": true, "reasons": ["granted"], "limits": []} if {
	input.resource.id in data.granted.tools
	input.context.question == "message"
} else := {"allow": true} if {
	input.resource.id in data.granted.tools
} else := {"allow": true} if input.action.class == "list"
else := {"allow": true} if input.resource.id in data.also.tools

decision := {"allow": "broken"} if input.resource.id == "broken"
`,
  'policies/granted/data.yaml': 'tools: [echo]\n',
  'policies/also/data.yaml': 'tools: [more]\n',
  'cases/a.yaml': 'cases: []\n',
})
const cacheDir = packageFile('dist', '.test-cache', 'policy')
const compiled = await compilePolicy(join(policy, 'policies'), { cacheDir })
if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
const { bundle } = compiled
const file = join(policy, 'one.yaml')

function run(text: string) {
  writeFileSync(file, text)
  return runDecisionCases(file, bundle)
}

/** `row message (hint)` of each problem. */
function problems(text: string): string[] {
  const outcome = run(text)
  return outcome.ok
    ? []
    : outcome.problems.map(({ row, message, hint }) => `${row} ${message} (${hint})`)
}

const head = 'defaults:\n  resource: { server: s }\ncases:\n'

test('wrong facts are problems with their line, all at once', () => {
  const text = `${head}  - name: a
    facts:
      resource: { type: tool }
    expect: { allow: true }
  - name: b
    facts:
      action: { name: tools/call }
      resource: { id: x }
      context:
        hour: 9
        weekday: monday
        date: "2026-01-06"
    items: [a]
    expect: { allow: true, visible: [] }
`
  assert.equal(problems(text), [
    '6 resource.id is missing (name the tool)',
    '14 context.weekday is monday, but at 2026-01-06T09:00:00Z it is tuesday (keep one of them, the rest is worked out)',
  ])
})

test('items of what is no list, and data that the policy does not have, are problems', () => {
  const items = `${head}  - name: a\n    facts: { resource: { type: tool, id: x } }\n    items: [a]\n    expect: { allow: true, visible: [] }\n`
  assert.equal(problems(items), [
    '4 tools/call asks for no list that could have `items` (take them out, or ask for a list such as tools/list)',
  ])
  const data = `data: { grantd: {} }\n${head}  - name: a\n    facts: { resource: { type: tool, id: x } }\n    expect: { allow: false }\n`
  assert.equal(problems(data), [
    'null the policy has no data named "grantd" (did you mean granted?)',
  ])
  assert.equal(problems(data.replace('grantd', 'toString')), [
    'null the policy has no data named "toString" (it has also, granted)',
  ])
})

test('a misspelt method is a problem, one that nobody knows is not', () => {
  const asks = (name: string) =>
    `${head}  - name: a\n    facts:\n      action: { name: "${name}" }\n    expect: { allow: false }\n`
  for (const [name, meant] of [
    ['tools/lst', 'tools/list'],
    ['tool/call', 'tools/call'],
    ['Tools/List', 'tools/list'],
    ['tools-list', 'tools/list'],
    ['initialise', 'initialize'],
    ['notifications/progres', 'notifications/progress'],
  ] as const) {
    assert.equal(problems(asks(name)), [
      `6 action.name "${name}" is no method (did you mean ${meant}?)`,
    ])
  }
  for (const name of ['tools/get', 'roles/list', 'vendor/search', 'x', 'tools/list']) {
    assert.equal(problems(asks(name)), [], name)
  }
})

test('a named folder without cases is a problem', () => {
  const bare = folderOf({ 'cases/README.md': '#\n' })
  const update = { show: () => assert.unreachable(), paint: unpainted, named: true }
  for (const outcome of [
    runDecisionCases(bare, bundle, { named: true }),
    updateDecisionCases(bare, bundle, update),
  ]) {
    assert.match(JSON.stringify(outcome), 'has no file of decision cases')
  }
})

test('a file can stand on other data than the policy', () => {
  const rows = `  - name: a\n    facts: { resource: { type: tool, id: other } }\n    expect: { allow: true }\n`
  const own = run(`${head}${rows}`)
  const other = run(`data: { granted: { tools: [other] } }\n${head}${rows}`)
  assert.equal(
    [own, other].map((one) => one.ok && one.cases[0]?.verdict),
    ['failed', 'passed'],
  )
})

test('each file stands on its own data, and on the rest of what the policy has', () => {
  const asks = (name: string, tools: string) =>
    `data: { granted: { tools: [${tools}] } }\n${head}${['a', 'b', 'more']
      .map((id) => `  - name: ${id}\n    facts: { resource: { type: tool, id: ${id} } }\n`)
      .map((text) => `${text}    expect: { allow: true }\n`)
      .join('')}`.replaceAll('name: ', `name: ${name} `)
  const folder = folderOf({ 'one.yaml': asks('one', 'a'), 'two.yaml': asks('two', 'b') })
  const outcome = runDecisionCases(folder, bundle)
  const passed = outcome.ok ? outcome.cases.filter(({ verdict }) => verdict === 'passed') : []
  assert.equal(
    passed.map(({ name }) => name),
    ['one a', 'one more', 'two b', 'two more'],
  )
})

test('what the policy is not shown must not matter', () => {
  writeFileSync(
    file,
    `${head}  - name: a\n    facts: { resource: { type: tool, id: echo } }\n    expect: { allow: true }\n`,
  )
  const outcome = runDecisionCases(file, { ...bundle, paths: [['subject']] })
  const [found] = outcome.ok ? outcome.cases : []
  assert.is(found?.verdict, 'failed')
  assert.equal(found?.differences[0]?.member, 'all facts shown')
  assert.match(found?.problem ?? '', /^the policy decides otherwise when it is shown all facts/)
})

test('a policy that cannot decide is no denial that somebody meant', () => {
  const outcome = run(
    `${head}  - name: a\n    facts: { resource: { type: tool, id: broken } }\n    expect: { allow: false }\n`,
  )
  const [found] = outcome.ok ? outcome.cases : []
  assert.is(found?.verdict, 'error')
  assert.match(
    found?.problem ?? '',
    /^the policy could not decide: decision-malformed: the decision has no boolean/,
  )
})

test('only the cases that are asked for are run', () => {
  writeFileSync(
    file,
    `${head}  - name: first\n    facts: { resource: { type: tool, id: echo } }\n    expect: { allow: true }\n  - name: second\n    facts: { resource: { type: tool, id: echo } }\n    expect: { allow: true }\n`,
  )
  const outcome = runDecisionCases(file, bundle, { run: /one\.yaml: sec/ })
  assert.equal(outcome.ok ? outcome.cases.map(({ name }) => name) : [], ['second'])
})

test('cases stand beside the policy, when nobody says where', () => {
  assert.is(casesFolder(undefined, [join(policy, 'policies')]), join(policy, 'cases'))
  assert.is(casesFolder(undefined, [join(policy, 'cases', 'a.yaml')]), null)
  assert.is(casesFolder('x', ['policies']), 'x')
})

test('cases stand beside a policy that is named as the current folder, or from below it', () => {
  const home = process.cwd()
  try {
    process.chdir(join(policy, 'policies'))
    assert.is(casesFolder(undefined, ['.']), join('..', 'cases'))
    process.chdir('granted')
    assert.is(casesFolder(undefined, ['..']), join('..', '..', 'cases'))
  } finally {
    process.chdir(home)
  }
})

// ── Updates ─────────────────────────────────────────────────────────────────────────────────────

function update() {
  const shown: string[] = []
  const outcome = updateDecisionCases(file, bundle, {
    show: (diff) => shown.push(diff),
    paint: unpainted,
  })
  return { outcome, shown }
}

const outdated = `# about
${head}  - name: a # why
    facts: { resource: { type: tool, id: echo } }
    expect: { allow: false, reason: no } # not yet
  - name: b
    facts: { action: { name: tools/list } }
    items: [echo, other]
    expect:
      visible:
        - other # wrong
`

test('an update shows what it changes, changes nothing else, and then all passes', () => {
  writeFileSync(file, outdated)
  chmodSync(file, 0o640)
  const { outcome, shown } = update()
  assert.equal(outcome.ok && outcome.cases.map(({ verdict }) => verdict), ['passed', 'passed'])
  assert.is(shown.length, 1)
  assert.match(shown[0] ?? '', /^-\s+expect: \{ allow: false, reason: no \} # not yet$/m)
  assert.is(
    readFileSync(file, 'utf8'),
    outdated
      .replace('allow: false, reason: no', 'allow: true, reasons: [granted]')
      .replace('- other # wrong', '- echo'),
  )
  assert.is(statSync(file).mode & 0o777, 0o640)
  assert.equal(update().shown, [])
})

test('an update leaves alone what it cannot make right', () => {
  const broken = `${head}  - name: a\n    facts: { resource: { type: tool, id: broken } }\n    expect: { allow: true }\n`
  writeFileSync(file, broken)
  const { outcome, shown } = update()
  assert.equal(outcome.ok && outcome.cases.map(({ verdict }) => verdict), ['error'])
  assert.equal([shown.length, readFileSync(file, 'utf8')], [0, broken])
  const wrong = outdated.replace('id: echo', 'ids: echo')
  writeFileSync(file, wrong)
  assert.not.ok(update().outcome.ok)
  assert.is(readFileSync(file, 'utf8'), wrong)
  const unclear = `${outdated}  - name: c\n    facts: { resource: { type: tool } }\n    expect: { allow: true }\n`
  writeFileSync(file, unclear)
  assert.not.ok(update().outcome.ok)
  assert.is(readFileSync(file, 'utf8'), unclear)
})

test.run()
