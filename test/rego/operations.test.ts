/**
 * The compiler's operations on small policies, without the child process: format, inspect, evaluate,
 * paths, test, and what it answers to requests that are none.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject } from '../../src/domain.js'
import { hostBuiltins as offered } from '../../src/policy/builtins/index.js'
import { capabilities } from '../../src/rego/compile-policy.js'
import { call, callText, compile, must, onSource } from './reactor-fixture.js'

test('requests that are none are faults, never problems of a policy', () => {
  const rows: [string, RegExp][] = [
    ['', /^the request is not JSON: /],
    ['{"op": "nothing"}', /^unknown operation "nothing"$/],
    ['{"op": "fmt", "request": {"file": {}}}', /unknown field "file"/],
    ['{"op": "fmt", "request": []}', /does not fit the operation/],
    ['{"op": "check", "request": {"capabilities": 1}}', /^the capabilities cannot be read: /],
    ['{"op": "check", "request": {"capabilities": {}, "source": {"bundle": "%"}}}', /not base64/],
  ]
  for (const [text, expected] of rows) {
    const reply = callText(text)
    assert.is(reply.ok, false, text)
    assert.match(reply.fault ?? '', expected)
    assert.is(reply.problems, undefined)
  }
})

test('fmt formats, and says where a file cannot be read', () => {
  const ugly = 'package   a\nx   :=  {"b":1}\n'
  assert.equal(must(call('fmt', { files: { 'a.rego': ugly } }))['files'], {
    'a.rego': 'package a\n\nx := {"b": 1}\n',
  })
  const reply = call('fmt', { files: { 'a.rego': ugly, 'b.rego': 'package\n' } })
  assert.is(reply.problems?.[0]?.['file'], 'b.rego')
})

test('inspect of nothing has empty lists', () => {
  const { entryPoints, dataRoots, packages, annotations, files, warnings } = must(
    call('inspect', { source: { files: {} }, capabilities: capabilities() }),
  )
  const lists = [entryPoints, dataRoots, packages, annotations, files, warnings]
  assert.equal(lists, [[], [], [], [], [], []])
})

test('inspect lists packages, annotations, entry points and data', () => {
  const files = {
    '.manifest': '{"metadata": {"team": "a"}}',
    'a/x.rego':
      '# METADATA\n# title: Rules of a\npackage a\n\n# METADATA\n# entrypoint: true\n# custom:\n#   code: no\nx := 1\n',
    'a/y.rego': 'package a\n\ny := 2\n',
    'a/y_test.rego': 'package a_test\n',
    'roles/data.json': '{"dev": 1}',
  }
  const found = must(onSource('inspect', files))
  assert.equal(found['packages'], [{ package: 'a', files: ['a/x.rego', 'a/y.rego'] }])
  assert.equal(found['entryPoints'], ['a/x'])
  assert.equal(found['dataRoots'], ['roles'])
  assert.is(found['compiled'], null)
  assert.match(String(found['revision']), /^sha256:[0-9a-f]{64}$/)
  const annotations = found['annotations'] as { path: string; file: string; row: number }[]
  assert.equal(
    annotations.map(({ path, file, row }) => [path, file, row]),
    [
      ['data.a', 'a/x.rego', 3],
      ['data.a.x', 'a/x.rego', 9],
    ],
  )
})

test('eval answers with values, prints and a trace; undefined is no value', () => {
  const files = {
    'a.rego': 'package a\n\nx := y if {\n\ty := input.n + 1\n\tprint("n is", input.n)\n}\n',
  }
  const three = must(onSource('eval', files, { query: 'data.a.x', input: { n: 2 }, explain: true }))
  assert.equal(three['values'], [3])
  assert.is(three['output'], 'n is 2\n')
  assert.ok((three['trace'] as string[]).some((line) => line.includes('Enter data.a.x')))
  const none = must(onSource('eval', files, { query: 'data.a.x', input: {} }))
  assert.equal(none, { values: [], output: '', trace: [] })
  const absent = must(onSource('eval', files, { query: 'input', explain: false }))
  assert.equal(absent['values'], [])
  const conflict = { 'a.rego': 'package a\n\nx := 1\n\nx := 2 if input.n == 2\n' }
  const reply = onSource('eval', conflict, { query: 'data.a.x', input: { n: 2 } })
  assert.is(reply.problems?.[0]?.['code'], 'eval_conflict_error')
  assert.is(reply.problems?.[0]?.['row'], 5)
})

const main = 'package mcpguard.main\n\n'

const paths: [string, string, unknown][] = [
  ['nothing', 'decision := {"allow": false}', []],
  [
    'two members',
    'decision := {"allow": input.subject.id == input.resource.id}',
    ['resource.id', 'subject.id'],
  ],
  ['a section whole', 'decision := {"allow": count(input.subject) > 0}', ['subject']],
  ['the input whole', 'decision := {"allow": input == {}}', null],
  [
    'through with',
    'decision := {"allow": h} if h with input.subject.id as input.resource.server\n\nh if input.subject.id == "x"',
    ['resource.server', 'subject.id'],
  ],
  [
    'print is not there in an enforcement build',
    'decision := {"allow": true} if print(input.action.name)',
    [],
  ],
]

for (const [what, rules, expected] of paths) {
  test(`paths: ${what}`, () => {
    const files = { 'main.rego': `${main}${rules}\n` }
    const request = { entryPoint: 'mcpguard/main/decision' }
    const found = must(onSource('paths', files, request))['paths'] as string[][] | null
    assert.equal(found?.map((path) => path.join('.')) ?? null, expected)
    // The gateway's own module reads whole sections of its own input; a policy's paths are not its.
    assert.equal(must(compile(files))['paths'], found)
  })
}

test('test reports passes, failures with place and values, cases, skips, errors and prints', () => {
  const files = {
    'a.rego': 'package a\n\nlarge if input.n > 10\n\nunused if input.n > 100\n',
    'a_test.rego': `package a_test

import data.a

test_pass if a.large with input.n as 11

test_fail if {
	n := 3
	print("n", n)
	a.large with input.n as n
}

test_table[name] if {
	some name, n in {"big": 11, "small": 1}
	a.large with input.n as n
}

todo_test_later if false

test_error if clash == 1

clash := 1

clash := 2 if true
`,
  }
  const report = must(onSource('test', files, { coverage: true }))
  const tests = report['tests'] as {
    name: string
    outcome: string
    output: string
    error: string
    row: number
    cases: unknown
    failedAt: { text: string; row: number; values: unknown } | null
  }[]
  assert.equal(
    tests.map(({ name, outcome, row }) => [name, outcome, row]),
    [
      ['test_pass', 'pass', 5],
      ['test_fail', 'fail', 7],
      ['test_table', 'fail', 13],
      ['todo_test_later', 'skip', 18],
      ['test_error', 'error', 20],
    ],
  )
  const failed = tests[1]
  assert.is(failed?.output, 'n 3\n')
  assert.is(failed?.failedAt?.text, 'a.large with input.n as n')
  assert.is(failed?.failedAt?.row, 10)
  assert.equal(failed?.failedAt?.values, { n: '3' })
  assert.equal(tests[2]?.cases, [
    { name: ['big'], pass: true },
    { name: ['small'], pass: false },
  ])
  const coverage = report['coverage'] as {
    files: Record<string, { not_covered?: { start: { row: number } }[] }>
  }
  assert.match(String(tests[4]?.error), /^a_test.rego:24: eval_conflict_error: /)
  const uncovered = coverage.files['a.rego']?.not_covered?.map((range) => range.start.row)
  assert.equal([...new Set(uncovered)], [5])
})

test('a second test of a name is refused, wherever it is, and a rule of two ways is one', () => {
  const twice = {
    'a_test.rego': 'package a_test\n\ntest_one if true\n\ntodo_test_one if false\n',
    'b_test.rego': 'package a_test\n\ntest_one if false\n',
  }
  for (const op of ['test', 'testmodule'] as const) {
    const [found, ...others] = onSource(op, twice).problems ?? []
    assert.equal(others, [])
    assert.equal(
      [found?.['code'], found?.['file'], found?.['row']],
      ['duplicate_test', 'b_test.rego', 3],
    )
    assert.is(found?.['message'], 'a_test has a test test_one already, at a_test.rego:3')
  }
  const rows: readonly (readonly [text: string, isRefused: boolean])[] = [
    ['test_a if input.x\n\ntest_a if true\n', true],
    ['test_a if false\n\nelse := true\n', false],
    ['default test_a := true\n\ntest_a := false if input\n', true],
    ['test_a[x] if some x in ["b"]\n\ntest_a[x] if some x in ["c"]\n', true],
    ['test_a.b if true\n\ntest_a.c if true\n', true],
    ['x.test_a if true\n\ny.test_a if true\n', false],
    ['todo_test_a if true\n\ntodo_test_a if true\n', false],
  ]
  for (const [text, isRefused] of rows) {
    const reply = onSource('test', { 'a_test.rego': `package a_test\n\n${text}` })
    assert.is(reply.problems?.[0]?.['code'] === 'duplicate_test', isRefused, text)
    if (!isRefused) must(reply)
  }
})

test('only the tests that are asked for run', () => {
  const files = { 'a_test.rego': 'package a_test\n\ntest_one if true\n\ntest_two if true\n' }
  const report = must(onSource('test', files, { run: 'a_test.test_two$' }))
  assert.equal(
    (report['tests'] as { name: string }[]).map(({ name }) => name),
    ['test_two'],
  )
  assert.match(onSource('test', files, { run: '(' }).fault ?? '', /not a regular expression/)
})

test('the list of builtins is exactly what a module does by itself and what the gateway brings', async () => {
  const builtins = capabilities()['builtins'] as {
    name: string
    decl: { args?: unknown[] }
    relation?: boolean
  }[]
  const compilers = ['print', 'internal.print', 'rego.metadata.chain', 'rego.metadata.rule']
  const called = builtins.filter(({ name }) => ![...compilers, 'assign', 'eq'].includes(name))
  assert.ok(called.length > 80)
  const rules = called.map(({ name, decl, relation }, i) => {
    if (relation === true) return `r${i} contains x if ${name}(input.x, x)`
    return `r${i} := x if x := ${name}(${(decl.args ?? []).map(() => 'input.x').join(', ')})`
  })
  const brought = [...offered.keys()].sort()
  assert.equal((await hostBuiltins(capabilities(), rules)).sort(), brought)
  const more = { ...capabilities(), builtins: [...builtins, md5] } as unknown as JsonObject
  const asked = await hostBuiltins(more, [...rules, `r${rules.length} := crypto.md5(input.x)`])
  assert.equal(asked.sort(), [...brought, 'crypto.md5'].sort())
})

const md5 = {
  name: 'crypto.md5',
  decl: { type: 'function', args: [{ type: 'string' }], result: { type: 'string' } },
}

/** The builtins a module of these rules asks its host for. */
async function hostBuiltins(known: JsonObject, rules: readonly string[]): Promise<string[]> {
  const all = rules.map((_, i) => `all contains x if x := r${i}`)
  const files = { 'a.rego': ['package a', '', ...rules, ...all, ''].join('\n') }
  const request = { source: { files }, capabilities: known, entryPoints: ['a/all'] }
  const wasm = Buffer.from(String(must(call('build', request))['wasm']), 'base64')
  const memory = new WebAssembly.Memory({ initial: 20 })
  const nothing = () => 0
  const env: WebAssembly.ModuleImports = { memory, opa_abort: nothing, opa_println: nothing }
  for (const arity of [0, 1, 2, 3, 4]) env[`opa_builtin${arity}`] = nothing
  const { instance } = await WebAssembly.instantiate(wasm, { env })
  const exported = instance.exports as unknown as Record<string, (...args: number[]) => number>
  const at = exported['opa_json_dump']?.(exported['builtins']?.() ?? 0) ?? 0
  const bytes = new Uint8Array(memory.buffer)
  const text = new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)))
  return Object.keys(JSON.parse(text) as JsonObject)
}

test('a build keeps the revision it is given, and names the entry point it lacks', () => {
  const files = { 'a.rego': 'package a\n\nx := 1\n' }
  const built = must(onSource('build', files, { entryPoints: ['a/x'], revision: 'r7' }))
  assert.is(built['revision'], 'r7')
  const reply = onSource('build', files, { entryPoints: ['a/y'] })
  assert.is(reply.problems?.[0]?.['code'], 'entry_point_missing')
  assert.is(reply.problems?.[0]?.['hint'], 'did you mean `y` for `x`?')
})

test.run()
