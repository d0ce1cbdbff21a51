/** What `lint` says of a whole folder; what each lint is about is in its page and pages.test.ts. */
import { join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PolicyFinding } from '../../src/rego/finding.js'
import { type LintOptions, lintIds, lintPolicy } from '../../src/rego/lint.js'
import { readSourceSet } from '../../src/rego/source-set.js'
import { folderOf } from './folder.js'

const main =
  'package mcpguard.main\n\ndecision := {"allow": data.mcpguard.rules.x.permit == {"a"}}\n'

async function lint(
  files: Record<string, string>,
  options: LintOptions = {},
): Promise<{ folder: string; found: PolicyFinding[] }> {
  const path = folderOf({ 'main.rego': main, ...files })
  const read = await readSourceSet([path])
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  return { folder: relative(process.cwd(), path), found: await lintPolicy(read.set, options) }
}

const rule = (body: string) => ({ 'x.rego': `package mcpguard.rules.x\n\n${body}\n` })

test('a policy that does not compile has the errors of the compiler, and no lints', async () => {
  const { folder, found } = await lint(rule('permit contains "a" if input.resource.tol == "x"'))
  assert.equal(
    found.map(({ code, file, page }) => [code, file, page]),
    [['rego_type_error', join(folder, 'x.rego'), 'docs/check/compile-errors.md']],
  )
})

test('unused variables are for check to say', async () => {
  const { found } = await lint(
    rule('permit contains "a" if {\n\tx := 1\n\tinput.resource.id == "a"\n}'),
  )
  assert.equal(
    found.map(({ code }) => code),
    ['reason-undeclared'],
  )
})

test('lints that are switched off are silent, and so is what allows them', async () => {
  const policy = rule(
    'permit contains "a" if input.context.time == "x" # mcp-guard: allow exact-clock',
  )
  assert.equal(
    (await lint(policy)).found.map(({ code }) => code),
    ['reason-undeclared'],
  )
  const disable = ['exact-clock', 'reason-undeclared']
  assert.equal((await lint(policy, { disable })).found, [])
})

test('an allowance that is not needed, or that nobody knows', async () => {
  const { found } = await lint(
    rule(`permit contains "a" if input.resource.id == "a" # mcp-guard: allow reason-undeclared, exact-clock

# mcp-guard: allow exact-clocks
_b if input.context.date == "x"`),
  )
  assert.equal(
    found.map(({ code, row, message, hint }) => [code, row, message, hint]),
    [
      ['unused-allow', 3, 'nothing here is silenced by `allow exact-clock`', 'remove the comment'],
      [
        'unused-allow',
        5,
        'there is no lint exact-clocks, and no warning',
        'did you mean `exact-clock`?',
      ],
    ],
  )
})

test('an allowance for a warning of run is needed', async () => {
  const { found } = await lint(
    rule(
      'permit contains "a" if glob.match("a-*-b", [], input.resource.id) # mcp-guard: allow glob-for-set, reason-undeclared',
    ),
  )
  assert.equal(found, [])
})

const tools = { github: { tools: ['search_code'], prompts: ['summary'] } }

test('names in data and rules that no server offers, with the nearest there is', async () => {
  const { folder, found } = await lint(
    {
      ...rule(`# METADATA
# title: A
# custom:
#   code: a
permit contains "a" if {
	input.resource.type == "prompt"
	input.resource.id == "sumary"
}

deny contains "a" if startswith(input.resource.id, "delete_")`),
      'grants/data.yaml': `reader:
  github:
    tools: { serch_code: {}, "search_*": {}, "*": {} }
    prompts: { summary: {} }
  gitlab: { tools: { merge: {} } }
`,
      'tenants/data.json': '{"acme": {"reader": {"github": {"tools": {"old_tool": {}}}}}}',
      'pins/data.yaml':
        'github:\n  tools:\n    "*": required\n    # mcp-guard: allow tool-unknown\n    next_tool: sha256:00\n',
      'tiers/data.yaml':
        'order: []\ntiers:\n  gold:\n    tools: { github: { search: { tokens: 1, per: 1s, burst: 1 } } }\n',
      'windows/data.yaml':
        'night: { zone: UTC, open: [], for: { tools: { github: ["drop_*"] } } }\n',
      'destructive/data.yaml': 'github:\n  scope: [purge, search_code]\n',
      'quarantine/data.yaml': 'servers:\n  github: { tools: [evil], prompts: [] }\n',
    },
    { tools },
  )
  const offered =
    'write the name of a tool that is offered, or remove it; `# mcp-guard: allow tool-unknown` where it is meant for later'
  const files = [...new Set(found.map(({ file }) => file))]
  assert.equal(
    files,
    ['destructive', 'grants', 'quarantine', 'tenants', 'tiers', 'windows']
      .map((name) => join(folder, name, name === 'tenants' ? 'data.json' : 'data.yaml'))
      .concat(join(folder, 'x.rego')),
  )
  assert.equal(
    found.map(({ code, row, col, message, hint }) => [code, row, col, message, hint]),
    [
      ['tool-unknown', 2, 11, 'the server github does not offer the tool purge', offered],
      [
        'tool-unknown',
        3,
        14,
        'the server github does not offer the tool serch_code',
        'did you mean `search_code`?',
      ],
      ['tool-unknown', 2, 21, 'the server github does not offer the tool evil', offered],
      ['tool-unknown', 1, 43, 'the server github does not offer the tool old_tool', offered],
      ['tool-unknown', 4, 24, 'the server github does not offer the tool search', offered],
      ['tool-unknown', 1, 56, 'the server github does not offer the tool drop_*', offered],
      ['tool-unknown', 9, 2, 'no server offers the prompt sumary', 'did you mean `summary`?'],
      ['tool-unknown', 12, 22, 'no server offers the tool delete_*', offered],
    ],
  )
})

test('kinds that were not listed are not spoken of', async () => {
  const { found } = await lint(
    { 'grants/data.yaml': 'reader: { github: { tools: { a: {} }, prompts: { b: {} } } }\n' },
    { tools: { github: { prompts: ['b'] } } },
  )
  assert.equal(found, [])
})

test('the ids, which stay', () => {
  assert.equal([...lintIds].sort(), lintIds)
})

test('names that are shut off ahead of a tool are no mistakes, those that are granted are', async () => {
  const { folder, found } = await lint(
    {
      'destructive/data.yaml':
        '"*":\n  a:\n    - delete*\n    - wipe\ngithub:\n  a: ["purge*", wipe]\n',
      'quarantine/data.yaml': 'servers:\n  "*": { tools: ["drop_*", wipe], prompts: [old] }\n',
      'tiers/data.yaml': 'tiers: { heavy: { tools: { "*": ["wipe*"] } } }\n',
    },
    { tools: { github: { tools: ['search'], prompts: [] } } },
  )
  assert.equal(
    found
      .filter(({ code }) => code === 'tool-unknown')
      .map(({ file, row, message, hint }) => [file, row, message, hint !== null]),
    [
      [
        join(folder, 'destructive/data.yaml'),
        6,
        'the server github does not offer the tool wipe',
        true,
      ],
      [join(folder, 'tiers/data.yaml'), 1, 'no server offers the tool wipe*', true],
    ],
  )
})

test.run()
