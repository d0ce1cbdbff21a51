/** What `grants` writes, and that a policy with it grants exactly what is not commented out. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { questionOf, viewServer } from '../../src/cli/can-items.js'
import { type GrantsFile, grantsFile } from '../../src/cli/grants-file.js'
import { allKinds, type LiveLists, listsIn, noLists } from '../../src/cli/live-lists.js'
import { subjectOf } from '../../src/cli/subject.js'
import { policyDataProblems } from '../../src/config/policy-data.js'
import { parseYaml } from '../../src/config/yaml.js'
import type { JsonObject } from '../../src/domain.js'
import { describedIdentity } from '../../src/guard/principal.js'
import { openAskAs } from '../../src/policy/workbench.js'
import { compileSource } from '../../src/rego/compile-policy.js'
import { testCacheDir, writeFiles } from '../support/gateway.js'
import { startOffering } from '../support/offering.js'
import { shippedRules } from '../support/peer-items.js'
import { stdioServer } from '../support/stdio.js'
import { inProcess } from './in-process.js'
import { folder } from './support.js'

const server = await startOffering()
const { url } = server.upstream
test.after(() => server.upstream.close())
test.before.each(() => server.clear())

const safe = { readOnlyHint: true }
const tool = (name: string, annotations: object | null = safe) => ({
  name,
  ...(annotations === null ? {} : { annotations }),
})
const honest = {
  tools: [
    [tool('read'), tool('add', { destructiveHint: false })],
    [
      tool('wipe', { destructiveHint: true }),
      tool('both', { readOnlyHint: true, destructiveHint: true }),
      tool('silent', null),
      tool('odd', { readOnlyHint: 'true' }),
      tool('two'),
      { ...tool('two'), description: 'another' },
    ],
  ],
  prompts: [[{ name: 'ask' }]],
  resources: [
    [
      { uri: 'file:///a.md', name: 'a' },
      { uri: 'file:///a/', name: 'all' },
    ],
  ],
  resourceTemplates: [
    [
      { uriTemplate: 'note://all/{id}', name: 'n' },
      { uriTemplate: '{+path}', name: 'p' },
    ],
  ],
}
const header = `# yaml-language-server: $schema=../../schemas/policy-data/grants.schema.json
# A first draft by "mcp-guard grants": role -> server -> what that server offered then. Read it as
# you would read any grant. A line after "# " is not granted; take the "# " away to grant it.
`
const draft = `${header}"reader":
  "up":
    tools:
      "add": {}
      # "both": {}  # the server says that it may destroy
      # "odd": {}  # the server does not say that it destroys nothing
      "read": {}
      # "silent": {}  # the server does not say that it destroys nothing
      # "two": {}  # the server describes it in more than one way, or not at all
      # "wipe": {}  # the server says that it may destroy
    prompts:
      "ask": {}
    resources:
      "file:///a.md": {}
      # not granted: the grants would read it as everything below: "file:///a/"
      "note://all/{id}": {}
      # URIs it expands to: "note://all/": {}
      "{+path}": {}
`
const counts = 'up: 2 tools, 1 prompts, 1 resources, 2 templates granted to reader'

test('a draft on standard output, what may destroy as a comment with the reason', async () => {
  server.offer = honest
  assert.equal(await inProcess(['grants', '--from', url, '--server', 'up']), {
    code: 0,
    stdout: draft,
    stderr: `${counts}; 6 left out, each with its reason\n`,
  })
})

const run = (...words: string[]) => inProcess(['grants', ...words])

test('a file is written once, and replaced when that is asked for', async () => {
  server.offer = honest
  const file = join('policies', 'grants', 'data.yaml')
  const args = ['--from', url, '--server', 'up', '--out', file]
  assert.equal(await run(...args), {
    code: 0,
    stdout: '',
    stderr: `${counts} in ${file}; 6 left out, each with its reason\n`,
  })
  assert.is(readFileSync(join(folder, file), 'utf8'), draft)
  server.offer = { tools: [[tool('new')]] }
  assert.equal(await run(...args), {
    code: 1,
    stdout: '',
    stderr: `error: ${file} is there already: name another file, or replace it with --overwrite\n`,
  })
  assert.is(readFileSync(join(folder, file), 'utf8'), draft)
  assert.is((await run(...args, '--overwrite')).code, 0)
  assert.match(readFileSync(join(folder, file), 'utf8'), '      "new": {}\n')
})

test('a server of the configuration, with its credential; a command, with its name', async () => {
  server.offer = honest
  const upstreams = {
    up: { url, credential: { header: { name: 'x-own', value: 'of-the-gateway-1234' } } },
    child: stdioServer(),
  }
  mkdirSync(join(folder, 'config'))
  const { configFile } = await writeFiles(join(folder, 'config'), { upstreams })
  const own = await run('--config', configFile, '--server', 'up')
  assert.equal([own.code, own.stdout], [0, draft])
  const [first] = server.upstream.seen
  assert.is(first?.headers.get('x-own'), 'of-the-gateway-1234')

  const { command, args } = stdioServer() as { command: string; args: string[] }
  const started = await inProcess([
    'grants',
    '--server',
    'files',
    '--role',
    'ops',
    '--',
    command,
    ...args,
  ])
  const configured = await run('-c', configFile, '--server', 'child', '--role', 'ops')
  assert.is(started.code, 0, started.stderr)
  assert.match(started.stdout, /^"ops":\n(?: {2}#.*\n)? {2}"files":.*\n(?:.*\n)* {6}\S/m)
  assert.is(started.stdout.replace('"files"', '"child"'), configured.stdout)
})

test('a role for everybody is remarked upon', async () => {
  server.offer = honest
  const { code, stderr } = await run('--from', url, '--server', 'up', '--role', '*')
  assert.is(code, 0)
  assert.match(stderr, 'the role * is everybody who is identified\n')
})

test('nothing that may be granted: the file is still one', async () => {
  server.offer = { tools: [[tool('wipe', null)]] }
  const { stdout } = await run('--from', url, '--server', 'up')
  assert.is(
    stdout,
    `${header}"reader":
  # Nothing yet. To grant something, write it below without "# " and take " {}" away.
  "up": {}
    # tools:
      # "wipe": {}  # the server does not say that it destroys nothing
`,
  )
  assert.is(JSON.stringify(grantsIn(stdout)), '{"reader":{"up":{}}}')
})

/** Names that would be something else if they were not quoted, or if they were read as a pattern. */
const hostile = [
  '*',
  'read_*',
  '**',
  'a: {}\n"*": {}',
  'x\n      "*": {}',
  'x\r\n  "other": {tools: {"*": {}}}',
  'x\u2028"*": {}',
  'x\u0085"*": {}',
  '"*": {}',
  '"',
  '\\',
  '\\"',
  "'",
  '# not a comment',
  'x # y',
  '{}',
  '{ "*": {} }',
  '&a',
  '*a',
  '!!set',
  '<<',
  '~',
  'null',
  'true',
  '1',
  '1e3',
  '0x10',
  '- a',
  '? a',
  '%YAML 1.2',
  '---',
  '...',
  ' spaces ',
  '\t',
  '\u202eevil',
  '\ufeffbom',
  '\u0000',
  '\u{1f600}',
  '\ud800',
  '__proto__',
  'constructor',
  'x'.repeat(3000),
  'ä'.repeat(400),
  '{+path}/',
  'note://x/{id}',
]
const neighbours = ['anything', 'read_x', 'other', 'a', 'x', 'spaces', 'note://x/1', 'y/below']

test('hostile names: the schema is kept, and nothing but the names themselves is granted', async () => {
  const lists = offered(hostile)
  const { text, granted, withheld } = grantsFile({ role: '*', server: 'up', lists })
  const document = grantsIn(text)
  assert.equal(policyDataProblems({ grants: document }, new Set(['grants'])), [])
  assert.equal(Object.keys(document), ['*'])
  assert.equal(Object.keys((document['*'] as JsonObject) ?? {}), ['up'])
  const seen = await seenWith(text, lists)
  for (const kind of allKinds) {
    const names = [...lists[kind].keys()]
    const patterns = names.filter((name) => name.endsWith('*') || name.length > 900)
    const below = kind.startsWith('resource') ? names.filter((name) => name.endsWith('/')) : []
    const expected = names.filter((name) => ![...patterns, ...below, '\ud800'].includes(name))
    assert.is(granted[kind], kind === 'resourceTemplates' ? 0 : expected.length, kind)
    assert.equal(
      seen[kind].filter((name) => !neighbours.includes(name)),
      // What is no canonical URI is refused by another rule.
      kind.startsWith('resource') ? seen[kind] : expected,
    )
    assert.equal(
      seen[kind].filter((name) => neighbours.includes(name)),
      [],
      kind,
    )
  }
  assert.ok(withheld >= 12)
})

test('an honest draft grants what it does not comment out', async () => {
  const lists = listsIn(
    Buffer.from(
      JSON.stringify({
        tools: honest.tools.flat(),
        prompts: honest.prompts.flat(),
        resources: honest.resources.flat(),
        resourceTemplates: honest.resourceTemplates.flat(),
      }),
    ),
  )
  const seen = await seenWith(draft, lists ?? noLists, 'reader')
  assert.equal(seen, {
    tools: ['read', 'add'],
    prompts: ['ask'],
    resources: ['file:///a.md'],
    // The other one is granted too, and refused as no canonical URI.
    resourceTemplates: ['note://all/{id}'],
  })
})

test('every comment can be taken away', () => {
  const lists = offered(['a', 'b c', '"'], null)
  const { text, granted } = grantsFile({ role: 'r', server: 's', lists })
  assert.equal(granted.tools, 0)
  const opened = text.replace(/^( {4,6})# (?!URIs)/gm, '$1').replace('"s": {}', '"s":')
  const tools = Object.keys(
    ((grantsIn(opened)['r'] as JsonObject)['s'] as JsonObject)['tools'] ?? {},
  )
  assert.equal(tools, ['"', 'a', 'b c'])
})

/** The same names in all lists, as a server would list them. */
function offered(names: readonly string[], annotations: object | null = safe): LiveLists {
  const items = (member: string) =>
    names.map((name) => ({ [member]: name, ...(annotations === null ? {} : { annotations }) }))
  const text = JSON.stringify({
    tools: items('name'),
    prompts: items('name'),
    resources: items('uri'),
    resourceTemplates: items('uriTemplate'),
  })
  return listsIn(Buffer.from(text)) ?? noLists
}

function grantsIn(text: GrantsFile['text']): JsonObject {
  const { value, problems } = parseYaml(text)
  assert.equal(problems, [])
  return value as JsonObject
}

/** By the shipped policy with these grants: asked as `can` asks, and the neighbours beside. */
async function seenWith(text: string, lists: LiveLists, role = 'nobody') {
  const files = { ...shippedRules(), [join('grants', 'data.yaml')]: text }
  const compiled = await compileSource({ files }, { cacheDir: testCacheDir })
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  const askAs = await openAskAs(compiled.bundle, {}, {})
  const identity = describedIdentity(subjectOf('zoe', { role: [role] }))
  const circumstances = {
    nowMs: Date.parse('2026-11-23T12:00:00Z'),
    ip: '127.0.0.1',
    transport: 'http',
    era: 'legacy',
    protocolVersion: null,
    client: null,
    session: null,
    requestId: 'test',
  } as const
  const caller = { identity, circumstances }
  const place = { name: 'up', labels: {} }
  const { items } = await viewServer(askAs, caller, place, lists)
  const seen: Record<(typeof allKinds)[number], string[]> = {
    tools: [],
    prompts: [],
    resources: [],
    resourceTemplates: [],
  }
  for (const item of items) if (item.seen) seen[item.kind].push(item.name)
  for (const kind of allKinds) {
    // A tool whose definition nobody knows would be refused for that.
    const beside = offered(neighbours)
    const definitions = { of: (_: string, id: string) => beside.tools.get(id) ?? null }
    const question = questionOf(caller, place, definitions, `${kind}/list`, {})
    const visible = await askAs.visible(question, kind, neighbours)
    seen[kind].push(...neighbours.filter((_, at) => visible[at] === true))
  }
  return seen
}

test.run()
