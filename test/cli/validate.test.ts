import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

// What is in the cache from another run would not be compiled.
process.env['XDG_CACHE_HOME'] = join(folder, 'cache')

function policy(name: string, decision: string): void {
  mkdirSync(join(folder, name), { recursive: true })
  const text = `package mcpguard.main\n\nimport rego.v1\n\ndecision := ${decision}\n`
  writeFileSync(join(folder, name, 'main.rego'), text)
}

policy('open', '{"allow": true}')
policy('broken', '{"allow": tru}')
const key = `identity: { apiKeys: [ { id: a, sha256: "${'a'.repeat(64)}" } ] }\n`
const upstreams = 'upstreams: { one: { url: "http://10.0.0.1/mcp" } }\n'
writeFileSync(join(folder, 'good.yaml'), `policy: { path: ./open }\n${upstreams}${key}`)
writeFileSync(join(folder, 'bad.yaml'), `policy: { path: ./broken }\n${upstreams}lisen: {}\n`)
writeFileSync(join(folder, 'lost.yaml'), `policy: 7\n${upstreams}`)

test('says what is good, on standard output', async () => {
  const { code, stdout, stderr } = await inProcess(['validate', '--config', 'good.yaml'])
  assert.is(code, 0)
  assert.is(stderr, '')
  const lines = stdout.split('\n')
  assert.is(lines[0], 'configuration ok: upstreams one; API keys 1')
  assert.match(lines[1] ?? '', /^policy ok: .*\/open, revision sha256:[0-9a-f]{64}$/)
})

test('warns of a server whose command is not there, and counts the file of keys', async () => {
  const absent = 'upstreams: { one: { command: no-such-program } }\n'
  const keys = 'identity: { apiKeyFile: some.keys }\n'
  writeFileSync(join(folder, 'some.keys'), 'apiKeys: []\n')
  writeFileSync(join(folder, 'absent.yaml'), `policy: { path: ./open }\n${absent}${keys}`)
  const { code, stdout, stderr } = await inProcess(['validate', '--config', 'absent.yaml'])
  assert.is(code, 0)
  assert.is(
    stderr,
    'warning: a server cannot be started: /upstreams/one/command: "no-such-program" is not found on PATH; install it, or write the whole path of the program\n',
  )
  assert.match(stdout, /^configuration ok: upstreams one; API keys 0 \(0 from some\.keys\)$/m)
})

test('a set of keys without a usable one is told of the configuration, not of the policy', async () => {
  const secret = { kty: 'oct', k: 'a'.repeat(43) }
  writeFileSync(join(folder, 'weak.json'), JSON.stringify({ keys: [secret] }))
  const jwt = '[ { issuer: i, jwks: ./weak.json, audience: [a] } ]'
  writeFileSync(
    join(folder, 'weak.yaml'),
    `policy: { path: ./open }\n${upstreams}identity: { jwt: ${jwt} }\n`,
  )
  const { code, stdout, stderr } = await inProcess(['validate', '--config', 'weak.yaml'])
  assert.is(code, 1)
  assert.match(stdout, /^policy ok: /)
  assert.match(
    stderr,
    /^the key set .*weak\.json has no usable key; key 0: is a secret, which has no place in a set of public keys; correct it, or name another\n$/,
  )
})

test('checks the command that run would start, also where it looks like something else', async () => {
  const { code, stderr } = await cli(['validate', '--policy', 'open', '--', 'no-such', '--x'])
  assert.is(code, 1)
  assert.is(
    stderr,
    'the command after --: /upstreams/server/command: "no-such" is not found on PATH; install it, or write the whole path of the program\n',
  )
})

test('shows the problems of configuration and policy at once, on standard error', async () => {
  const { code, stdout, stderr } = await cli(['validate', '--config', 'bad.yaml'])
  assert.is(code, 1)
  assert.is(stdout, '')
  const lines = stderr.split('\n')
  assert.is(lines[0], 'bad.yaml:3: /lisen: unknown key "lisen"; did you mean "listen"?')
  assert.match(lines[1] ?? '', /^policy: main\.rego:5:23: /)
})

test('says when the policy cannot be found for checking', async () => {
  const { code, stderr } = await inProcess(['validate', '--config', 'lost.yaml'])
  assert.is(code, 1)
  assert.is(
    stderr,
    'lost.yaml:1: /policy: must be a map of keys; the Rego policy that decides every message\nthe policy was not checked: its place is not known\n',
  )
})

test('a policy that compiles and cannot be activated is refused, as run refuses it', async () => {
  policy('later', '{"allow": true}')
  writeFileSync(join(folder, 'later', '.manifest'), '{"metadata":{"mcpguard":{"contract":99}}}')
  const { code, stdout, stderr } = await inProcess([
    ...['validate', '--config', 'good.yaml'],
    ...['--policy', 'later'],
  ])
  assert.is(code, 1)
  assert.is(stdout, 'configuration ok: upstreams one; API keys 1\n')
  assert.match(stderr, /^policy: .*contract 99 is not supported, this gateway speaks 1\n$/)
})

test('what costs more than its author may think is a warning', async () => {
  policy('slow', '{"allow": glob.match("read_*", [], input.resource.id)}')
  const text =
    'main.rego:5:23: glob.match compiles its pattern anew in every evaluation (use startswith and endswith, or sets and objects keyed by name)'
  const given = ['validate', '--config', 'good.yaml', '--policy', 'slow']
  // The second answer is from the cache.
  for (const _ of [1, 2]) {
    const { code, stdout, stderr } = await inProcess(given)
    assert.is(code, 0)
    assert.is(stderr, `warning: policy: ${text}\n`)
    assert.match(stdout, /^policy ok: /m)
  }
  const json = JSON.parse((await inProcess([...given, '--json'])).stdout)
  assert.equal([json.ok, json.policy.warnings.length], [true, 1])
  assert.is(json.policy.warnings[0].code, 'glob_match')
})

const ruleOfGrants = `package mcpguard.rules.grants

permit contains "granted" if data.grants[input.subject.roles[_]]
`

test('data that do not fit the shipped rule that reads them are a problem', async () => {
  policy('unfit', '{"allow": data.mcpguard.rules.grants.permit != set()}')
  writeFileSync(join(folder, 'unfit', 'grants.rego'), ruleOfGrants)
  writeFileSync(
    join(folder, 'unfit', 'data.yaml'),
    '# Grants\ngrants:\n  dev:\n    github: { tool: {} }\n',
  )
  const given = ['validate', '--config', 'good.yaml', '--policy', 'unfit']
  const { code, stdout, stderr } = await inProcess(given)
  assert.is(code, 1)
  assert.is(stdout, 'configuration ok: upstreams one; API keys 1\n')
  assert.is(
    stderr,
    'policy: data.yaml:4: data /grants/dev/github/tool: unknown key "tool" (did you mean "tools"?)\n',
  )
  const json = JSON.parse((await inProcess([...given, '--json'])).stdout)
  assert.is(json.policy.problems[0].code, 'data_schema')
  assert.equal(json.policy.problems[0].details, { pointer: '/grants/dev/github/tool' })
  // Without that rule nobody says what `grants` may be.
  rmSync(join(folder, 'unfit', 'grants.rego'))
  policy('unfit', '{"allow": data.grants != {}}')
  assert.is((await inProcess(given)).code, 0)
})

test('what check is sure of is a problem here too; warnings are for check', async () => {
  policy('never', '{"allow": data.mcpguard.never.permit == {"x"}}')
  writeFileSync(
    join(folder, 'never', 'never.rego'),
    'package mcpguard.never\n\npermit contains "x" if input.action.class == "lst"\n\n_unused := 1\n',
  )
  const given = ['validate', '--config', 'good.yaml', '--policy', 'never']
  const { code, stderr } = await inProcess(given)
  assert.is(code, 1)
  assert.is(
    stderr,
    'policy: never.rego:3:24: this rule never holds: input.action.class is never "lst" (did you mean "list"?)\n',
  )
  const { policy: found } = JSON.parse((await inProcess([...given, '--json'])).stdout)
  assert.equal(
    found.problems.map((one: { page: string }) => one.page),
    ['docs/check/never-matches.md'],
  )
})

test('what the compiler refuses only where it is strict is refused, which run would take', async () => {
  policy('lax', '{"allow": true}\n\nunread(x) := y if {\n\ty := 1\n}')
  const { code, stdout, stderr } = await inProcess([
    ...['validate', '--config', 'good.yaml'],
    ...['--policy', 'lax'],
  ])
  assert.equal([code, stdout], [1, 'configuration ok: upstreams one; API keys 1\n'])
  assert.match(stderr, /^policy: main\.rego:7:\d+: unused argument x/)
})

test('a policy that is not there is named, with what to write', async () => {
  for (const command of ['validate', 'run']) {
    const { code, stderr } = await cli([command, '--config', 'good.yaml', '--policy', 'polices'])
    assert.is(code, 1)
    assert.match(
      stderr,
      /there is no policy at .*polices \(name a folder, a \.rego file or a bundle/,
    )
  }
})

test('options count as they do for run', async () => {
  const { code, stdout, stderr } = await inProcess([
    'validate',
    '--policy',
    'open',
    '--upstream',
    'e=http://10.0.0.1/',
  ])
  assert.is(code, 0)
  assert.match(stdout, 'configuration ok: upstreams e; nobody is let in\n')
  assert.is(
    stderr,
    'warning: nobody is let in by identity: every call will be answered 401; make an API key with mcp-guard keygen, or set jwt, oauth, clientCertificates or anonymous\n',
  )
})

test('--json is one document for machines, good or bad', async () => {
  const good = await cli(['validate', '--config', 'good.yaml', '--json'])
  assert.is(good.code, 0)
  const { policy: checked, ...rest } = JSON.parse(good.stdout)
  assert.equal(rest, { ok: true, config: { ok: true, warnings: [] } })
  assert.is(checked.ok, true)
  const bad = await inProcess(['validate', '--config', 'bad.yaml', '--json'])
  assert.equal([bad.code, bad.stderr], [1, ''])
  const report = JSON.parse(bad.stdout)
  assert.equal(report.config, {
    ok: false,
    problems: [
      {
        source: 'bad.yaml',
        line: 3,
        pointer: '/lisen',
        problem: 'unknown key "lisen"',
        fix: 'did you mean "listen"?',
      },
    ],
  })
  assert.is(report.ok, false)
  assert.equal(
    [report.policy.ok, report.policy.problems[0].file, report.policy.problems[0].row],
    [false, 'main.rego', 5],
  )
})

test('version names what is inside', async () => {
  const machine = await inProcess(['version', '--json'])
  const versions = JSON.parse(machine.stdout)
  assert.equal(versions, { version: '0.1.0', opa: '1.22.2', node: process.versions.node })
  const { stdout, code } = await cli(['version'])
  assert.is(code, 0)
  assert.is(
    stdout,
    `mcp-guard 0.1.0\nOPA       1.22.2 (Rego compiler)\nNode      ${process.versions.node}\n`,
  )
  assert.is((await inProcess(['--version'])).stdout, '0.1.0\n')
})

test.run()
