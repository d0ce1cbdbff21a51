/**
 * What an operator is told about a policy that cannot enforce: each row a policy and the one line
 * that says where, what and what to write instead.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json } from '../../src/domain.js'
import { formatProblem } from '../../src/rego/compile-policy.js'
import { entryPoint } from '../../src/rego/host-module.js'
import { readProblem } from '../../src/rego/problem.js'
import { compile, compileSource, must, onSource } from './reactor-fixture.js'
import { bundleOf, tarGz } from './tar.js'

const main = 'package mcpguard.main\n\n'
const allow = `${main}decision := {"allow": true}\n`
const rule = (body: string) => ({ 'main.rego': `${main}decision := {"allow": ${body}}\n` })

const clock = 'the clock is a fact: read input.context.time, time_ns, date, hour, weekday or zones'
const noData = 'keep data outside mcpguard/rules, mcpguard/main and mcpguard/host'
const otherName = 'give the package another name'

const refused: [string, Record<string, string>, string, string][] = [
  // [what, files, code, text]
  [
    'syntax error',
    { 'main.rego': `${main}decision := {"allow": }\n` },
    'rego_parse_error',
    'main.rego:3:23: unexpected } token',
  ],
  [
    'unfinished rule',
    { 'main.rego': `${main}decision := x if {\n\tx := 1\n` },
    'rego_parse_error',
    'main.rego:5:1: unexpected eof token',
  ],
  [
    'type error',
    rule('count(1)'),
    'rego_type_error',
    'main.rego:3:23: count: invalid argument(s) (it takes (any<string, array[any], object[any: any], set[any]>) and is given (number))',
  ],
  ['unsafe variable', rule('x'), 'rego_unsafe_var_error', 'main.rego:3:23: var x is unsafe'],
  [
    'two defaults',
    { 'main.rego': `${allow}default decision := 1\ndefault decision := 2\n` },
    'rego_type_error',
    'main.rego:1:1: multiple default rules data.mcpguard.main.decision found at main.rego:4, main.rego:5',
  ],
  [
    'a member the facts do not have, near one they have',
    rule('input.resource.tol == "x"'),
    'rego_type_error',
    'main.rego:3:23: undefined ref: input.resource.tol (there is: annotations, arguments, digest, id, known, labels, params, server, type, uri)',
  ],
  [
    'a swapped letter',
    rule('input.subject.roels[_] == "dev"'),
    'rego_type_error',
    'main.rego:3:23: undefined ref: input.subject.roels[_] (did you mean `input.subject.roles[_]`?)',
  ],
  [
    'a whole section',
    rule('input.subjekt.id == "dev"'),
    'rego_type_error',
    'main.rego:3:23: undefined ref: input.subjekt.id (did you mean `input.subject.id`?)',
  ],
  [
    'the network',
    rule('http.send({"method": "get", "url": "http://x"})'),
    'rego_type_error',
    "main.rego:3:23: undefined function http.send (a decision makes no calls: put what it needs into the bundle's data)",
  ],
  [
    'the clock',
    rule('time.now_ns() > 0'),
    'rego_type_error',
    `main.rego:3:23: undefined function time.now_ns (${clock})`,
  ],
  [
    'tokens',
    rule('io.jwt.decode("x") == []'),
    'rego_type_error',
    'main.rego:3:23: undefined function io.jwt.decode (the gateway has verified the credential: read input.subject and input.subject.claims)',
  ],
  [
    'a builtin without a substitute',
    rule('uuid.parse("x") == {}'),
    'rego_type_error',
    'main.rego:3:23: undefined function uuid.parse (this builtin is not available in the gateway)',
  ],
  [
    'a deprecated builtin',
    rule('any([true])'),
    'rego_type_error',
    'main.rego:3:23: undefined function any (this builtin is not available in the gateway)',
  ],
  [
    'what only the compiler may call',
    rule('internal.print([[1]])'),
    'rego_type_error',
    'main.rego:3:23: undefined function internal.print (this builtin is not available in the gateway)',
  ],
  [
    'a misspelt builtin',
    rule('startwith("a", "b")'),
    'rego_type_error',
    'main.rego:3:23: undefined function startwith (did you mean `startswith`?)',
  ],
  [
    'no entry point',
    { 'a.rego': 'package a\n\nx := 1\n' },
    'entry_point_missing',
    'the policy does not define mcpguard/main/decision (write a file with `package mcpguard.main` and a rule `decision := {"allow": …}`)',
  ],
  [
    'an empty folder',
    {},
    'entry_point_missing',
    'the policy does not define mcpguard/main/decision (write a file with `package mcpguard.main` and a rule `decision := {"allow": …}`)',
  ],
  [
    'a misspelt entry point',
    { 'main.rego': `${main}decison := {"allow": true}\n` },
    'entry_point_missing',
    'main.rego:1:1: the policy does not define mcpguard/main/decision (did you mean `decision` for `decison`?)',
  ],
  [
    'an entry point only in a test file',
    { 'main_test.rego': allow },
    'entry_point_missing',
    'the policy does not define mcpguard/main/decision (write a file with `package mcpguard.main` and a rule `decision := {"allow": …}`)',
  ],
  [
    'a function for an entry point',
    { 'main.rego': `${main}decision(x) := {"allow": x}\n` },
    'entry_point_missing',
    'main.rego:3:1: mcpguard/main/decision must be a rule, not a function',
  ],
  [
    "the gateway's own package",
    {
      'main.rego': allow,
      'h.rego': 'package mcpguard.host\n\ndecisions := {"0": {"allow": true}}\n',
    },
    'reserved_package',
    `h.rego:1:1: the package mcpguard.host belongs to the gateway (${otherName})`,
  ],
  [
    'a package below it',
    { 'main.rego': allow, 'h.rego': 'package mcpguard.host.x\n' },
    'reserved_package',
    `h.rego:1:1: the package mcpguard.host belongs to the gateway (${otherName})`,
  ],
  [
    'a rule that reaches into it from above',
    { 'main.rego': allow, 'h.rego': 'package mcpguard\n\nhost.decisions[0] := {"allow": true}\n' },
    'reserved_package',
    `h.rego:3:1: the package mcpguard.host belongs to the gateway (${otherName})`,
  ],
  [
    'a test package that would be composed',
    { 'main.rego': allow, 'x.rego': 'package mcpguard.rules.x_test\n\npermit contains "y"\n' },
    'reserved_package',
    'x.rego:1:1: package mcpguard.rules.x_test would take part in the decision (name the file *_test.rego)',
  ],
  [
    'data below the rules',
    { 'main.rego': allow, 'mcpguard/rules/x/data.json': '{"permit": ["y"]}' },
    'reserved_data',
    `mcpguard/rules/x/data.json: data at mcpguard/rules would stand in for a rule (${noData})`,
  ],
  [
    'data in the place of the decision, in YAML at the root',
    { 'main.rego': allow, 'data.yaml': 'mcpguard:\n  main: {x: 1}\n' },
    'reserved_data',
    `data.yaml: data at mcpguard/main would stand in for a rule (${noData})`,
  ],
  [
    "data in the gateway's place",
    { 'main.rego': allow, 'mcpguard/data.json': '{"host": {}}' },
    'reserved_data',
    `mcpguard/data.json: data at mcpguard/host would stand in for a rule (${noData})`,
  ],
  [
    'data that hides everything of ours',
    { 'main.rego': allow, 'data.json': '{"mcpguard": 1}' },
    'reserved_data',
    `data.json: data at mcpguard would stand in for a rule (${noData})`,
  ],
  [
    'data in the place of a rule',
    { 'main.rego': `${allow}`, 'lib.rego': 'package lib\n\nx := 1\n', 'lib/data.json': '{"x": 2}' },
    'rego_compile_error',
    'lib.rego:3:1: conflicting rule for data path lib/x found',
  ],
  [
    'a YAML alias',
    { 'main.rego': allow, 'grants/data.yaml': 'a: &a [1]\nb: *a\n' },
    'data_error',
    'grants/data.yaml:1:4: YAML anchors and aliases are refused (write the value out)',
  ],
  [
    'a YAML merge key',
    { 'main.rego': allow, 'data.yml': 'x:\n  <<: {a: 1}\n' },
    'data_error',
    'data.yml:2:3: YAML merge keys are refused (write the members out)',
  ],
  [
    'two YAML documents',
    { 'main.rego': allow, 'data.yaml': 'a: 1\n---\nb: 2\n' },
    'data_error',
    'data.yaml: not one YAML document',
  ],
  [
    'a member twice in YAML',
    { 'main.rego': allow, 'data.yaml': 'a: 1\na: 2\n' },
    'data_error',
    'data.yaml:2:1: the member "a" is there twice',
  ],
  [
    'a member twice in JSON',
    { 'main.rego': allow, 'data.json': '{"a": {"b": 1,\n  "b": 2}}' },
    'data_error',
    'data.json:2:6: the member "b" is there twice',
  ],
  [
    'more than one JSON value',
    { 'main.rego': allow, 'data.json': '{} {}' },
    'data_error',
    'data.json:1:5: not JSON: there is more after the value',
  ],
  [
    'half a JSON value',
    { 'main.rego': allow, 'data.json': '{"a": ' },
    'data_error',
    'data.json:1:6: not JSON: unexpected end',
  ],
  [
    'a number that would be rounded',
    { 'main.rego': allow, 'data.json': '{"id": 9007199254740993}' },
    'data_error',
    'data.json: the number 9007199254740993 cannot be held exactly (write it as a string)',
  ],
  [
    'a list at the root of the data',
    { 'main.rego': allow, 'data.json': '[]' },
    'data_error',
    'data.json: data at the root must be an object',
  ],
  [
    'two files with one value',
    { 'main.rego': allow, 'data.json': '{"a": {"b": 1}}', 'a/data.yaml': 'b: 1\n' },
    'data_error',
    'data.json: another data file has a value at /a/b too',
  ],
  [
    'a package outside the roots',
    { 'main.rego': allow, '.manifest': '{"roots": ["grants"]}' },
    'manifest_error',
    'main.rego:1:1: package mcpguard.main is outside the roots ["grants"] of the manifest (add its path to roots in .manifest)',
  ],
  [
    'data outside the roots',
    { 'main.rego': allow, 'data.json': '{"x": 1}', '.manifest': '{"roots": ["mcpguard"]}' },
    'manifest_error',
    'data.json: data at /x is outside the roots ["mcpguard"] of the manifest (add its path to roots in .manifest)',
  ],
  [
    'roots that overlap',
    { 'main.rego': allow, '.manifest': '{"roots": ["mcpguard", "mcpguard/main"]}' },
    'manifest_error',
    '.manifest: the roots "mcpguard" and "mcpguard/main" overlap',
  ],
  [
    'an old Rego',
    { 'main.rego': allow, '.manifest': '{"rego_version": 0}' },
    'manifest_error',
    '.manifest: rego_version 0 is not supported (write the policy in Rego v1 and set rego_version to 1)',
  ],
  [
    'a contract that is no version',
    { 'main.rego': allow, '.manifest': '{"metadata": {"mcpguard": {"contract": "2"}}}' },
    'manifest_error',
    '.manifest: metadata.mcpguard.contract must be a whole number from 1 on (write {"metadata": {"mcpguard": {"contract": 1}}})',
  ],
]

for (const [what, files, code, text] of refused) {
  test(`refused: ${what}`, () => {
    const [first] = problemsOf(compile(files).problems)
    assert.is(first?.text, text)
    assert.is(first?.code, code)
  })
}

const instead: [call: string, hint: string][] = [
  ['http.send({})', "a decision makes no calls: put what it needs into the bundle's data"],
  [
    'net.lookup_ip_addr("x")',
    "a decision makes no calls: the caller's address is input.context.ip",
  ],
  ['opa.runtime()', "a policy cannot read the environment: put settings into the bundle's data"],
  [
    'rand.intn("x", 2)',
    'a decision depends on its facts alone: input.context.request_id differs for each request',
  ],
  [
    'uuid.rfc4122("x")',
    'a decision depends on its facts alone: input.context.request_id differs for each request',
  ],
  ['time.now_ns()', clock],
  ['time.format(1)', 'use time.date, time.clock and time.weekday, and a template string'],
  ['time.parse_ns("x", "y")', 'use time.parse_rfc3339_ns'],
  ['time.diff(1, 2)', 'subtract the nanoseconds: there are 86400000000000 in a day'],
  [
    'io.jwt.decode_verify("x", {})',
    'the gateway has verified the credential: read input.subject and input.subject.claims',
  ],
  ['crypto.md5("x")', 'use crypto.sha256'],
  ['crypto.sha1("x")', 'use crypto.sha256'],
  ['crypto.hmac.sha512("x", "y")', 'use crypto.hmac.sha256'],
  ['regex.split("x", "y")', 'use split, or regex.replace and split'],
  ['regex.find_n("x", "y", 1)', 'use regex.find_all_string_submatch_n'],
  ['regex.globs_match("x", "y")', 'use startswith, or sets and objects keyed by name'],
  ['units.parse("1k")', 'use units.parse_bytes'],
]
for (const [call, hint] of instead) {
  const name = call.slice(0, call.indexOf('('))
  test(`what to use instead of ${name}`, () => {
    const [first] = problemsOf(compile(rule(call)).problems)
    assert.is(first?.text, `main.rego:3:23: undefined function ${name} (${hint})`)
  })
}

test('glob.match is warned of where it is used, but not in tests', () => {
  const reply = compile({
    'main.rego': `${main}decision := {"allow": true} if {\n\tnot glob.match("a*", [], input.resource.id)\n}\n`,
    'main_test.rego': 'package x_test\n\ntest_x if glob.match("a*", [], "a")\n',
  })
  assert.ok(reply.ok)
  const warnings = (reply.result?.['warnings'] ?? []) as { [member: string]: Json }[]
  assert.equal(problemsOf(warnings), [
    {
      code: 'glob_match',
      text: 'main.rego:4:6: glob.match compiles its pattern anew in every evaluation (use startswith and endswith, or sets and objects keyed by name)',
    },
  ])
  const excused = `${main}decision := {"allow": glob.match("a-*-b", [], input.resource.id)} # mcp-guard: allow glob-for-set\n`
  for (const text of [allow, excused]) {
    assert.equal(compile({ 'main.rego': text }).result?.['warnings'], [])
  }
})

test('every problem of every file is told at once, in the order of the files', () => {
  const reply = compile({
    'b.rego': 'package b\n\nx := \n',
    'a.rego': 'package a\n\ny := {\n',
    'data.json': '[',
  })
  const files = problemsOf(reply.problems).map(({ text }) => text.split(':')[0])
  assert.equal([...new Set(files)], ['a.rego', 'b.rego', 'data.json'])
})

test('strict builds also refuse what only looks wrong', () => {
  const files = { 'main.rego': `${main}import data.unused\n\ndecision := {"allow": true}\n` }
  const checked = (strict: boolean) =>
    must(onSource('check', files, { strict, entryPoint }))['findings'] as {
      [member: string]: Json
    }[]
  assert.equal(
    problemsOf(checked(true)).map(({ text }) => text),
    ['main.rego:3:1: import data.unused unused'],
  )
  assert.equal(checked(false), [])
})

const archives: [string, Buffer, string][] = [
  ['no gzip', Buffer.from('PK'), 'the bundle is not gzip: unexpected EOF'],
  [
    'a link',
    tarGz([{ name: '/main.rego', content: '', type: '2' }]),
    '"/main.rego" is not a plain file',
  ],
  [
    'a name that climbs',
    tarGz([{ name: 'a/../../main.rego', content: allow }]),
    '"a/../../main.rego" is not a name inside the bundle',
  ],
  [
    'a name twice',
    tarGz([
      { name: '/main.rego', content: allow },
      { name: './main.rego', content: allow },
    ]),
    '"main.rego" is in the bundle twice',
  ],
]

for (const [what, packed, message] of archives) {
  test(`bundle refused: ${what}`, () => {
    const [first] = problemsOf(compileSource({ bundle: packed.toString('base64') }).problems)
    assert.is(first?.text, `${message} (a bundle is a gzip tar as \`opa build\` writes it)`)
    assert.is(first?.code, 'bundle_error')
  })
}

test('a bundle is held to the same rules as a folder', () => {
  const packed = bundleOf({ 'main.rego': allow, 'data.json': '{"mcpguard": {"rules": {}}}' })
  const [first] = problemsOf(compileSource({ bundle: packed.toString('base64') }).problems)
  assert.is(first?.code, 'reserved_data')
})

function problemsOf(problems: readonly Json[] | undefined) {
  return (problems ?? []).map(readProblem).map((p) => ({ code: p.code, text: formatProblem(p) }))
}

test.run()
