import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditLine } from '../../src/audit/event.js'
import type { AuditEvent } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { auditEvent } from '../support/audit-event.js'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

const policies = packageFile('policies')
const explain = (...args: string[]) => inProcess(['explain', '--policy', policies, ...args])
const asAlice = ['--as', 'alice', '--role', 'reader', '--server', 'everything']

interface Told {
  readonly decision: { readonly allow: boolean; readonly reasons: readonly string[] }
  readonly question: string
  readonly facts: { readonly subject: object; readonly resource: object; readonly context: object }
  readonly rules: readonly {
    readonly package: string
    readonly name: string
    readonly outcome: string
    readonly title: string
    readonly file: string
    readonly row: number
    readonly failedAt: { readonly text: string; readonly values: object } | null
  }[]
  readonly missing: readonly string[]
  readonly interpreter: string
  readonly assumed?: readonly string[]
  readonly warnings: readonly string[]
}

async function told(...args: string[]): Promise<Told> {
  const { code, stdout, stderr } = await explain('--json', ...args)
  assert.is(code, 0, stderr)
  return JSON.parse(stdout)
}

test('a call that is out of bounds: verdict, question, rule, expression, what is missing', async () => {
  const { code, stdout, stderr } = await explain(...asAlice, '--tool', 'echo')
  assert.equal([code, stderr], [0, ''])
  const lines = stdout.split('\n')
  assert.equal(lines.slice(0, 4), [
    'DENIED  alice may not call the tool echo on everything',
    '  argument-out-of-bounds  Granted, but not with these arguments',
    '  not-granted  Nothing permits it',
    '',
  ])
  assert.match(stdout, /^question the message; that of the item was answered yes$/m)
  assert.match(stdout, /^missing .*input\.resource\.arguments\.message/m)
  assert.match(
    stdout,
    /^ {2}- mcpguard\.rules\.grants\.permit: Granted to a role of the caller {2}\S+\/grants\.rego:\d+$/m,
  )
  assert.match(stdout, /^ {6}_is_met\(entry\) {2}\(row \d+\)$/m)
  assert.match(stdout, /_keeps\(input\.resource\.arguments\[argument\], bounds\)/)
})

test('an item that is refused is explained by its own question', async () => {
  const { decision, question, rules, interpreter, facts } = await told(
    ...asAlice,
    '--tool',
    'get-env',
  )
  assert.equal(decision, { allow: false, reasons: ['not-granted'] })
  assert.equal([question, interpreter], ['item', 'agrees'])
  assert.not.ok('arguments' in facts.resource)
  const permit = rules.find(
    (rule) => rule.package === 'mcpguard.rules.grants' && rule.name === 'permit',
  )
  assert.is(permit?.outcome, 'failed')
  assert.is(permit?.failedAt?.text, 'some entry in _entries(input.resource.type)')
  assert.equal(permit?.failedAt?.values, { 'input.resource.type': '"tool"' })
})

test('an allowed call shows which rule allowed it and what is charged', async () => {
  const { stdout } = await explain(...asAlice, '--tool', 'echo', 'message=hi')
  assert.match(
    stdout,
    /^ALLOWED {2}alice may call the tool echo on everything\n {2}tool-granted {2}A tool granted/,
  )
  assert.match(stdout, /^limits {3}user of tier standard: 1 of 120 in 60 s, burst 60$/m)
  assert.match(stdout, /^ {2}\+ mcpguard\.rules\.grants\.permit "tool-granted"/m)
})

test('a denial by a rule that refuses shows on what it stood', async () => {
  const { stdout } = await explain(
    '--as',
    'a',
    '--role',
    'admin',
    '--server',
    'everything',
    '--tool',
    'delete_x',
  )
  assert.match(
    stdout,
    /destructive_tools\.deny "scope-missing": .*\n(.*\n)* {6}_required = "mcp:destructive"$/m,
  )
  assert.not.match(stdout, /did not fire\n {2}-/)
})

test('facts come from a file, from standard input, and options stand above them', async () => {
  writeFileSync(
    join(folder, 'facts.yaml'),
    'subject: { roles: [reader], tenant: null }\nresource: { type: tool, id: get-sum, server: everything }\n',
  )
  assert.equal((await told('--facts', 'facts.yaml')).decision.reasons, ['tool-granted'])
  assert.equal((await told('--facts', 'facts.yaml', '--tool', 'get-env')).decision.reasons, [
    'not-granted',
  ])
  writeFileSync(
    join(folder, 'wrapped.json'),
    '{"input": {"subject": {"roles": ["reader"]}, "resource": {"type": "tool", "id": "get-sum", "server": "everything"}}}',
  )
  assert.equal((await told('--facts', 'wrapped.json')).decision.reasons, ['tool-granted'])
  const json = '{"action":{"name":"tools/list"},"resource":{"server":"s"}}'
  const { stdout, code } = await cli(['explain', '--policy', policies, '--facts', '-'], json)
  assert.is(code, 0)
  assert.match(stdout, /^ALLOWED {2}alice may list the tools on s\n/)
})

test('a policy of one file without METADATA is explained too', async () => {
  writeFileSync(
    join(folder, 'main.rego'),
    'package mcpguard.main\n\ndefault decision := {"allow": false}\n\ndecision := {"allow": true} if startswith(input.resource.id, "read_")\n',
  )
  const { stdout } = await inProcess([
    'explain',
    '--policy',
    'main.rego',
    '--server',
    's',
    '--tool',
    'write',
  ])
  assert.match(
    stdout,
    /^ {2}- mcpguard\.main\.decision {2}main\.rego:5\n {6}startswith\(input\.resource\.id, "read_"\) {2}\(row 5\)\n {8}input\.resource\.id = "write"$/m,
  )
})

// ── Recorded decisions ──────────────────────────────────────────────────────────────────────────

function record(change: Partial<AuditEvent>): void {
  const event = auditEvent({
    decision_id: 'd-1',
    time: '2026-11-22T09:00:00.123Z',
    event: 'message',
    outcome: 'denied',
    reasons: ['not-granted'],
    revision: 'sha256:old',
    direction: 'client',
    kind: 'request',
    method: 'tools/call',
    era: 'modern',
    server: 'everything',
    resource: { type: 'tool', id: 'get-env' },
    subject: { id: 'bob', issuer: 'mcp-guard', tenant: 'acme', method: 'api-key' },
    client: null,
    session: null,
    ip: '10.0.0.9',
    transport: 'http',
    limits: null,
    ...change,
  })
  writeFileSync(join(folder, 'audit.ndjson'), `${auditLine(event)}{"not":"it"}\n`)
}

test('a recorded decision: what it holds, and what it does not', async () => {
  record({})
  const { facts, decision, warnings, assumed } = await told('--audit', 'audit.ndjson', 'd-1')
  assert.equal(decision, { allow: false, reasons: ['not-granted'] })
  const { subject, context } = facts as unknown as Record<string, Record<string, unknown>>
  assert.equal([subject?.['id'], subject?.['tenant'], subject?.['roles']], ['bob', 'acme', []])
  assert.equal(
    [context?.['time'], context?.['ip'], context?.['client']],
    ['2026-11-22T09:00:00Z', '10.0.0.9', null],
  )
  assert.ok(
    assumed?.includes('subject.roles') && !assumed.includes('subject.claims'),
    assumed?.join(),
  )
  assert.match(
    warnings.join('\n'),
    /^the decision was made under revision sha256:old, this policy is sha256:/,
  )
  assert.match(warnings.join('\n'), /^the record does not have subject\.roles, /m)
})

test('what the record does not have is said with options or taken from the configuration', async () => {
  record({})
  const said = await told('--audit', 'audit.ndjson', 'd-1', '--role', 'admin')
  assert.equal(said.decision.reasons, ['tool-granted'])
  assert.not.ok(said.assumed?.includes('subject.roles'))
  assert.match(
    said.warnings.join('\n'),
    /the gateway decided otherwise then: denied \(not-granted\)/,
  )
  writeFileSync(
    join(folder, 'guard.yaml'),
    `policy: { path: ${JSON.stringify(policies)} }
upstreams: { everything: { url: "http://127.0.0.1:1/mcp", labels: { env: prod } } }
identity: { apiKeys: [{ id: bob, sha256: "${'a'.repeat(64)}", roles: [admin], scopes: ["mcp:destructive"] }] }
`,
  )
  const config = await inProcess([
    'explain',
    '--json',
    '--config',
    'guard.yaml',
    '--audit',
    'audit.ndjson',
    'd-1',
  ])
  const { facts, assumed } = JSON.parse(config.stdout) as Told
  const { subject, resource } = facts as unknown as Record<string, Record<string, unknown>>
  assert.equal([subject?.['roles'], subject?.['scopes']], [['admin'], ['mcp:destructive']])
  assert.equal(resource?.['labels'], { env: 'prod' })
  assert.not.ok(
    assumed?.includes('subject.roles') || assumed?.includes('resource.labels'),
    assumed?.join(),
  )
})

test('a method that is no verb is sent, by whom it is sent', async () => {
  const sentence = async (...args: string[]) =>
    (await explain(...asAlice, ...args)).stdout.replace(/^\w+ {2}(.*)[\s\S]*/, '$1')
  assert.is(
    await sentence('--method', 'sampling/createMessage'),
    'everything may not send sampling/createMessage to alice',
  )
  assert.is(await sentence('--method', 'ping'), 'alice may send ping to everything')
  assert.match(await sentence('--method', 'session/close'), / close the session on everything$/)
})

test('without a moment options ask about now, a file of facts about the usual one', async () => {
  const when = async (...args: string[]) =>
    /^when {5}.*$/m.exec((await explain(...args)).stdout)?.[0] ?? ''
  const before = Date.now() - 1000
  const now = await when(...asAlice, '--tool', 'echo')
  assert.match(now, / \(now; --time says another\), client request, legacy$/)
  const asked = Date.parse(/\S+Z/.exec(now)?.[0] ?? '')
  assert.ok(asked >= before && asked <= Date.now(), now)
  writeFileSync(
    join(folder, 'timeless.yaml'),
    'resource: { type: tool, id: get-sum, server: everything }\n',
  )
  assert.match(
    await when('--facts', 'timeless.yaml'),
    / 2026-01-05T09:00:00Z \(the usual moment, the facts have none; --time says another\), /,
  )
  assert.match(
    await when('--facts', 'timeless.yaml', '--time', '2026-11-22T20:00:00Z'),
    / 2026-11-22T20:00:00Z, client/,
  )
})

// ── Command lines ───────────────────────────────────────────────────────────────────────────────

const wrong: readonly (readonly [args: readonly string[], message: string])[] = [
  [
    [],
    'action.name the method is missing; say which: --tool, --prompt, --resource, --method, --facts or --audit',
  ],
  [['--tool', 'x'], 'resource.server is missing; name it: --server'],
  [['--facts', 'none.yaml'], 'the file none.yaml does not exist'],
  [['--facts', 'rolse.yaml'], 'subject.rolse: unknown key "rolse"; did you mean "roles"?'],
  [['--facts', 'beside.json'], 'leave `input` out of beside.json: its members stand at the top'],
  [['--audit', 'audit.ndjson'], 'say which decision: --audit FILE DECISION_ID'],
  [['--audit', 'audit.ndjson', 'd-2'], 'the audit file audit.ndjson has no line for decision d-2'],
  [
    ['--audit', 'none', 'd-1'],
    'there is no audit file none; audit.path of the configuration names it',
  ],
  [['--audit', '.', 'd-1'], 'the audit file . cannot be read: EISDIR'],
  [[...asAlice, '--tool', 'x', '--time', 'noon'], '--time takes a moment with its zone'],
  [[...asAlice, '--tool', 'x', 'y'], 'an argument is name=text or name:=json'],
  [[...asAlice, '--tool', 'x', '--prompt', 'y'], '--tool and --prompt exclude each other'],
]

for (const [args, message] of wrong) {
  test(`wrong: explain ${args.join(' ')}`, async () => {
    record({})
    writeFileSync(join(folder, 'rolse.yaml'), 'subject: { rolse: [a] }\n')
    writeFileSync(join(folder, 'beside.json'), '{"input": {}, "action": {"name": "tools/list"}}')
    const { code, stderr } = await explain(...args)
    assert.is(code, 2, stderr)
    assert.ok(stderr.startsWith(`error: ${message}`), stderr)
  })
}

test('a policy that does not compile is a failure with its place', async () => {
  writeFileSync(
    join(folder, 'bad.rego'),
    'package mcpguard.main\n\ndecision := {"allow": input.subject.role}\n',
  )
  const { code, stderr } = await inProcess([
    'explain',
    '--policy',
    'bad.rego',
    '--server',
    's',
    '--tool',
    'x',
  ])
  assert.is(code, 1)
  assert.match(stderr, /^error: bad\.rego:3:\d+: /)
})

test.run()
