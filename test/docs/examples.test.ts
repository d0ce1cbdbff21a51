/**
 * The examples of README.md and docs/policy.md do what the text beside them says: the configuration
 * loads, the data and rules compile with the shipped policy, and decide as described.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '../../src/config/load.js'
import type { DecisionPoint, JsonObject, Judgement, Subject } from '../../src/domain.js'
import { identityOf } from '../../src/identity/subject.js'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { checkPolicy } from '../../src/rego/check.js'
import { compilePolicy, formatProblem } from '../../src/rego/compile-policy.js'
import { readSourceSet } from '../../src/rego/source-set.js'
import { testReport } from '../support/policy-tests.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-docs-'))
const text = readFileSync('docs/policy.md', 'utf8')

cpSync('policies', join(folder, 'policies'), { recursive: true })
// Each example follows the path it stands at; in a list both are indented.
for (const [, path = '', indent = '', lines = ''] of text.matchAll(
  /^ *`((?:policies|minimal)\/[^`]+)`:\n\n( *)```\w+\n([\s\S]*?)^ *```$/gm,
)) {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, lines.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
}

test.after(() => {
  rmSync(folder, { recursive: true })
})

test('check has nothing to say of the examples', async () => {
  for (const path of ['policies', 'minimal/main.rego']) {
    const read = await readSourceSet([join(folder, path)])
    if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'))
    assert.equal((await checkPolicy(read.set)).map(formatProblem), [], path)
  }
})

async function policyAt(path: string): Promise<DecisionPoint> {
  const compiled = await compilePolicy(join(folder, path), { cacheDir: null, strict: true })
  if (!compiled.ok) throw new Error(compiled.problems.map(formatProblem).join('\n'))
  const holder = createPolicyHolder(undefined, { timeZones: ['Europe/Zurich'] })
  await holder.activate(compiled.bundle)
  const point = holder.current()
  if (point === null) throw new Error('nothing is active')
  return point
}

interface Asked {
  readonly tool: string
  readonly arguments?: JsonObject
  readonly roles?: string[]
  readonly scopes?: string[]
  readonly labels?: Record<string, string>
  readonly time?: string
  readonly id?: string
  readonly tenant?: string
  /** null: the gateway knows no definition. */
  readonly digest?: string | null
  readonly annotations?: JsonObject
}

const pinned = `sha256:${/sha256:([0-9a-f]{64})/.exec(text)?.[1]}`

function judge(point: DecisionPoint, asked: Asked): Judgement['decision'] {
  const { tool, roles = ['dev'], scopes = [], labels = {}, annotations = {} } = asked
  const { digest = pinned } = asked
  const subject: Subject = {
    id: asked.id ?? 'alice',
    kind: 'user',
    issuer: 'mcp-guard',
    method: 'api-key',
    client_id: null,
    actors: [],
    roles,
    groups: [],
    scopes,
    tenant: asked.tenant ?? null,
    expires_at: null,
    claims: {},
  }
  const judgement = point.judge({
    identity: identityOf(subject, null, 'key'),
    server: { name: 'github', labels },
    definitions: digest === null ? null : { of: () => ({ digest, annotations }) },
    direction: 'client',
    kind: 'request',
    method: 'tools/call',
    params: { name: tool, arguments: asked.arguments ?? {} },
    circumstances: {
      nowMs: Date.parse(asked.time ?? '2026-11-23T09:00:00Z'),
      ip: '127.0.0.1',
      transport: 'http',
      era: 'legacy',
      protocolVersion: null,
      client: null,
      session: null,
      requestId: 'r',
    },
  })
  return judgement.decision
}

const [config = '', grants = ''] = [
  ...readFileSync('README.md', 'utf8').matchAll(/^ *```yaml\n([\s\S]*?)^ *```$/gm),
].map(([, block]) => block ?? '')

test('the configuration of README.md is valid', () => {
  const file = join(folder, 'guard.yaml')
  writeFileSync(file, config)
  writeFileSync(join(folder, 'session.key'), 'x'.repeat(43), { mode: 0o600 })
  const loaded = loadConfig({ file })
  assert.equal(loaded.ok ? [] : loaded.problems, [])
})

test('the grants of README.md', async () => {
  cpSync('policies', join(folder, 'readme'), { recursive: true })
  writeFileSync(join(folder, 'readme/grants/data.yaml'), grants)
  const point = await policyAt('readme')
  assert.is(judge(point, { tool: 'search_code' }).allow, true)
  for (const [repo, allow] of [
    ['acme/a', true],
    ['other/a', false],
  ] as const) {
    assert.is(judge(point, { tool: 'create_issue', arguments: { repo } }).allow, allow, repo)
  }
})

test('a policy of one file', async () => {
  const point = await policyAt('minimal/main.rego')
  assert.is(judge(point, { tool: 'read_file' }).allow, true)
  assert.is(judge(point, { tool: 'write_file' }).allow, false)
})

const own = await policyAt('policies')
const rows: readonly (Asked & { readonly reasons: readonly string[] })[] = [
  { tool: 'search_code', reasons: ['tool-granted'] },
  { tool: 'list_issues', reasons: ['tool-granted'] },
  { tool: 'search_code', roles: ['other'], reasons: ['not-granted'] },
  {
    tool: 'create_issue',
    arguments: { repo: 'acme/a', labels: ['x'] },
    reasons: ['tool-granted'],
  },
  {
    tool: 'create_issue',
    arguments: { repo: 'other/a', labels: ['x'] },
    reasons: ['argument-out-of-bounds', 'not-granted'],
  },
  {
    tool: 'create_issue',
    arguments: { labels: ['x'] },
    reasons: ['argument-out-of-bounds', 'not-granted'],
  },
  {
    tool: 'create_issue',
    arguments: { repo: 'acme/a' },
    reasons: ['argument-out-of-bounds', 'not-granted'],
  },
  { tool: 'close_issue', tenant: 'acme', reasons: ['tool-granted'] },
  { tool: 'close_issue', tenant: 'globex', reasons: ['not-granted'] },
  { tool: 'search_code', digest: `sha256:${'0'.repeat(64)}`, reasons: ['definition-changed'] },
  { tool: 'search_code', digest: null, reasons: ['definition-changed', 'scope-missing'] },
  { tool: 'list_issues', digest: null, reasons: ['scope-missing'] },
  { tool: 'list_issues', annotations: { destructiveHint: true }, reasons: ['scope-missing'] },
  {
    tool: 'merge_pull_request',
    scopes: ['mcp:release'],
    time: '2026-11-23T16:30:00Z',
    reasons: ['not-granted', 'outside-window'],
  },
  { tool: 'create_webhook', reasons: ['not-granted', 'quarantined'] },
  { tool: 'search_code', id: 'mallory', reasons: ['quarantined'] },
  { tool: 'delete_repo', reasons: ['not-granted', 'scope-missing'] },
  { tool: 'delete_repo', scopes: ['mcp:destructive'], reasons: ['not-granted'] },
  { tool: 'merge_pull_request', reasons: ['not-granted', 'scope-missing'] },
  { tool: 'search_code', arguments: { path: 'a/../b' }, reasons: ['path-unsafe'] },
  { tool: 'search_code', labels: { env: 'prod' }, reasons: ['tool-granted'] },
  {
    tool: 'search_code',
    labels: { env: 'prod' },
    time: '2026-11-22T09:00:00Z',
    reasons: ['outside-office-hours'],
  },
]
for (const { reasons, ...asked } of rows) {
  test(`${JSON.stringify(asked)}: ${reasons}`, () => {
    assert.equal(judge(own, asked).reasons, reasons)
  })
}

test('the tiers of the example are charged', () => {
  const decision = judge(own, {
    tool: 'create_issue',
    arguments: { repo: 'acme/a', labels: [] },
  })
  const limits = decision.allow ? (decision.limits ?? []) : []
  assert.equal(
    limits.map(({ name, tier, burst }) => ({ name, tier, burst })),
    [
      { name: 'tool', tier: 'gold', burst: 5 },
      { name: 'user', tier: 'gold', burst: 200 },
    ],
  )
})

test('the tests of the example pass, and the negated call is silent where the text says so', async () => {
  const rules = join(folder, 'policies/mcpguard/rules')
  writeFileSync(
    join(rules, 'workspace/workspace_test.rego'),
    `package mcpguard.rules.workspace_test

import data.mcpguard.rules.workspace

_facts(question, arguments) := {
	"resource": {"id": "write_file", "arguments": arguments},
	"context": {"question": question},
}

_silent if not startswith(input.resource.arguments.path, "/srv/")

_silent_on(facts) if _silent with input as facts

test_silent_without_the_member if not _silent_on(_facts("message", {}))

test_loud_with_another if _silent_on(_facts("message", {"path": "/etc"}))

test_denies_without_the_member if workspace.deny == {"outside-workspace"} with input as _facts("message", {})

test_denies_another if workspace.deny == {"outside-workspace"} with input as _facts("message", {"path": "/etc"})

test_allows_inside if workspace.deny == set() with input as _facts("message", {"path": "/srv/a"})

test_no_item_is_hidden if workspace.deny == set() with input as _facts("item", {})
`,
  )
  const { tests } = await testReport(join(folder, 'policies'), { run: 'office_hours|workspace' })
  assert.is(tests.length, 8)
  for (const { name, verdict } of tests) assert.is(verdict, 'passed', name)
})

test.run()
