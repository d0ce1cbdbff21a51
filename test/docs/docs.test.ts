/**
 * The documents against the code: links lead somewhere, and codes, metrics, configuration keys,
 * facts and built-ins that are named exist, and the other way round where a list claims to be whole.
 * What `npm start` prints is run by test/scripts/start.test.ts; here the README must print the same.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
}

const read = (path: string): string => readFileSync(path, 'utf8')
const readJson = (path: string): unknown => JSON.parse(read(path))
const markdown = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name))
const documents = ['README.md', 'SECURITY.md', ...markdown.sort()]
const written = ['README.md', ...markdown.filter((path) => dirname(path) === 'docs')]

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '')
}

function sortedOnce(items: readonly string[]): string[] {
  return [...new Set(items)].sort()
}

test('README is short', () => {
  assert.ok(read('README.md').split('\n').length < 250)
})

test('the documents are there', () => {
  for (const name of ['architecture', 'answers', 'policy', 'operations', 'dependencies']) {
    assert.ok(existsSync(`docs/${name}.md`), name)
  }
  const schemas = readdirSync('schemas')
    .filter((name) => name.endsWith('.schema.json'))
    .map((name) => name.replace('.schema.json', '.md'))
  assert.equal(readdirSync('docs/reference').sort(), ['rules.md', ...schemas].sort())
})

/** As GitHub makes the anchor of a heading. */
function anchors(path: string): string[] {
  return matches(read(path), /^#+ (.*)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

for (const path of documents) {
  test(`${path}: every relative link leads to a file and a heading`, () => {
    const text = read(path).replace(/^ *```[\s\S]*?^ *```$/gm, '')
    for (const link of matches(text, /\]\(([^)]+)\)/g)) {
      if (/^https:\/\//.test(link)) continue
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      assert.ok(existsSync(target), link)
      if (anchor !== undefined) assert.ok(anchors(target).includes(anchor), link)
    }
  })
}

// ── Audit codes ─────────────────────────────────────────────────────────────────────────────────

/** Pinned: whoever reads the audit matches on these. */
const auditCodes = `
<name>-in-a-result-is-not-an-array GUARD_AUDIT_UNAVAILABLE GUARD_CONFIG_INVALID GUARD_IDENTITY_UNAVAILABLE GUARD_INTERNAL
GUARD_POLICY_INVALID GUARD_POLICY_UNAVAILABLE GUARD_STOPPING
GUARD_UPSTREAM_BUSY GUARD_UPSTREAM_INVALID GUARD_UPSTREAM_TIMEOUT GUARD_UPSTREAM_UNREACHABLE
a-member-of-the-result-looks-like-<name> a-message-over-the-size-limit
a-request-inside-a-result-was-denied a-response-to-another-request a-value-was-expected an-unreadable-member-name-in-a-result an-unreadable-message
an-id-over-the-size-limit an-unreadable-request-or-notification bad-u-escape-in-a-string batch body-aborted body-too-large
accept-refused batch-empty batch-id-doubled batch-initialize batch-nested batch-too-long id-in-use line-unfinished
body-too-slow body-unexpected cancel-ignored connections-exceeded control-character-in-a-string credential-changed credential-disabled credential-doubled
credential-expired credential-malformed credential-missing credential-not-yet-valid
credential-unknown certificate-malformed certificate-missing certificate-unknown certificate-unverified
envelope-invalid failures-limited forwarded-malformed tls-failed token-algorithm token-audience token-claims
token-inactive token-issuer token-key-unknown token-malformed token-revoked token-signature token-type token-unbound header-doubled header-mismatch headers-too-large
headers-too-many headers-too-slow host-refused http-malformed http-pipelined initialize-invalid inputrequests-in-a-result-is-not-an-object invalid-utf-8
json-depth json-duplicate json-encoding json-members json-number json-surrogate json-syntax
limit:<name> malformed-<name> malformed-cachescope malformed-id malformed-method malformed-number
media-type-refused member-<name>-twice-in-a-message member-<name>-twice-in-a-result
message-invalid method-removed missing-colon missing-comma missing-member-name
a-request-of-a-server a-response-to-no-request nobody-listens not-a-message
neither-a-request-nor-a-response nested-too-deeply not-a-json-rpc-object not-json-rpc-2-0
origin-refused params-in-a-response requests-exceeded response-foreign response-unexpected response-unknown route-unknown session-closed
session-expired session-foreign session-unknown streams-exceeded task-foreign task-unknown tasks-unowned text-after-the-value
the-text-ends-before-the-value-is-complete too-many-ids-in-a-message too-many-items-in-a-list unknown-escape-in-a-string
unknown-member-in-a-message unknown-word unreadable-requests-inside-a-result verb-refused version-unknown version-unsupported
`
  .trim()
  .split(/\s+/)

/** The texts of a union type or of every literal in it. */
function union(path: string, name: string): string[] {
  const uncommented = read(path).replaceAll(/\/\*\*.*?\*\//g, '')
  const [, body = ''] = new RegExp(`type ${name} =((?:[\\s|]*'[^']+')+)`).exec(uncommented) ?? []
  return matches(body, /'([^']+)'/g)
}

/** As the outlet makes the code of a dropped frame; what is put in by name stays a name. */
function dropCode(text: string): string {
  const parts = text
    .replaceAll(/\\+(?=[`u])/g, '')
    .split(/\$\{[^}]*\}/)
    .map((part) => part.toLowerCase().replace(/[^a-z0-9]+/g, '-'))
  return parts.join('<name>').replace(/^-+|-+$/g, '')
}

function codesInSource(): string[] {
  const problem = /(?:#fail\(|problem = |\?\? |#refuse\()['`]((?:[^'`\\]|\\.)+)['`]/g
  const filter = read('src/proxy/answer/filter.ts')
  // These are told only where there is no frame to drop: the whole answer fails.
  const whole = [
    'a list or request inside a large result',
    'white space without end',
    'a request in place of a response',
  ]
  const dropped = [read('src/mcp/envelope.ts'), read('src/mcp/scan.ts'), filter]
    .flatMap((text) => matches(text, problem))
    .filter((text) => !whole.includes(text))
  return [
    ...matches(read('src/proxy/read.ts'), /rejected\(\d+, [^,]+, '([\w-]+)'/g),
    ...matches(read('src/proxy/pipeline.ts'), /rejected\(\d+, [^,]+, '([\w-]+)'/g),
    ...matches(read('src/proxy/admit.ts'), /refuse\(\d+, -\d+, '([\w-]+)'/g),
    ...matches(read('src/mcp/classify.ts'), /reject\(-\d+, '([\w-]+)'/g),
    ...matches(read('src/mcp/batch.ts'), /refuse\('([\w-]+)'/g),
    ...['streamable-client', 'stdio'].flatMap((name) =>
      matches(read(`src/proxy/front/${name}.ts`), /unusable\('([\w-]+)'/g),
    ),
    ...matches(read('src/mcp/mirror.ts'), /auditCode: '([\w-]+)'/g),
    ...matches(read('src/proxy/front/http.ts'), /, '([a-z]+-[a-z-]+)'\]/g),
    ...matches(read('src/proxy/front/http.ts'), /unreadable\('([\w-]+)'/g),
    ...matches(read('src/proxy/front/tls.ts'), /ok: false, code: '([\w-]+)'/g),
    ...union('src/mcp/json.ts', 'JsonProblem').map((name) => `json-${name}`),
    ...union('src/proxy/session.ts', 'SessionProblem'),
    ...union('src/proxy/ids.ts', 'IdProblem'),
    ...union('src/proxy/back/drops.ts', 'DropCode'),
    ...union('src/domain.ts', 'UnidentifiedReason'),
    ...matches(read('src/errors.ts'), /^ {2}(GUARD_\w+): \{/gm),
    ...matches(read('src/proxy/refuse.ts'), /`(limit:)\$\{/g).map((code) => `${code}<name>`),
    ...dropped.map(dropCode),
  ]
}

test('the audit codes of the source are the pinned ones', () => {
  assert.equal(sortedOnce(codesInSource()), sortedOnce(auditCodes))
})

test('docs/answers.md lists every audit code and no other', () => {
  const [, list = ''] = read('docs/answers.md').split('## Audit codes')
  const named = matches(list, /`([^`]+)`/g).filter(
    (code) => !/^(code|dropped|failed|mcp_guard_\w+)$/.test(code),
  )
  assert.equal(sortedOnce(named), sortedOnce(auditCodes))
})

// ── Names ───────────────────────────────────────────────────────────────────────────────────────

test('metrics: those named exist, and docs/operations.md names them all', () => {
  const source = ['metrics', 'process-metrics'].map((name) => read(`src/telemetry/${name}.ts`))
  const known = matches(source.join('\n'), /'((?:mcp_guard|process|nodejs)_\w+)'/g)
  assert.ok(known.length > 10)
  const pattern = /\b((?:mcp_guard|process|nodejs)_[a-z_]+)\b/g
  for (const path of written) {
    for (const name of matches(read(path), pattern)) assert.ok(known.includes(name), name)
  }
  assert.equal(sortedOnce(matches(read('docs/operations.md'), pattern)), sortedOnce(known))
})

function paths(schema: Schema, at = ''): string[] {
  const { properties = {}, additionalProperties: more, items } = schema
  const here = Object.entries(properties).flatMap(([name, child]) =>
    paths(child, at === '' ? name : `${at}.${name}`),
  )
  const named = typeof more === 'object' ? paths(more, `${at}.<name>`) : []
  return [at, ...here, ...named, ...(items === undefined ? [] : paths(items, `${at}[]`))]
}

test('configuration keys that are named exist', () => {
  const known = new Set(paths(readJson('schemas/config.schema.json') as Schema))
  const top = [...known].filter((key) => /^\w+$/.test(key)).join('|')
  const pattern = new RegExp(`\`((?:${top})(?:\\.[\\w<>]+|\\[\\])+)(?:: [^\`]*)?\``, 'g')
  for (const path of written) {
    for (const key of matches(read(path), pattern)) assert.ok(known.has(key), `${path}: ${key}`)
  }
  assert.ok(matches(read('docs/operations.md'), pattern).length > 10)
})

test('facts that are named exist', () => {
  const known = new Set(paths(readJson('schemas/facts.schema.json') as Schema))
  // A rule that is shown reads a label or an argument of its own.
  const open = /^(resource\.(labels|arguments))\.\w+$/
  const named = matches(read('docs/policy.md'), /\binput\.([a-z_.]*[a-z_])/g)
  assert.ok(named.length > 20)
  // The misspelt one stands for every misspelt one.
  for (const path of named.filter((path) => path !== 'subject.role')) {
    assert.ok(known.has(path.replace(open, '$1')), `input.${path}`)
  }
})

test('docs/policy.md lists the built-in functions that a policy may call by name', () => {
  const { builtins } = readJson('compiler/capabilities.json') as {
    builtins: { name: string; infix?: string }[]
  }
  const byName = builtins
    .filter(({ name, infix }) => infix === undefined && !name.startsWith('internal.'))
    .map(({ name }) => name)
  const list = /^`abs`.*$/m.exec(read('docs/policy.md'))?.[0] ?? ''
  assert.equal(matches(list, /`([^`]+)`/g), byName.sort())
})

test('the commands of the quick start are those that npm start prints', () => {
  const values = {
    cli: 'node dist/src/cli/main.js',
    url: 'http://127.0.0.1:8080/mcp/everything',
    folder: '.demo',
  }
  const printed = matches(read('scripts/start.mjs'), /^ {4}(\$\{cli\} call .*)$/gm).map((line) =>
    line.replace(/\$\{(cli|url|folder)\}/g, (_, name: keyof typeof values) => values[name]),
  )
  assert.is(printed.length, 3)
  assert.equal(matches(read('README.md'), /^(node dist\/src\/cli\/main\.js call .*)$/gm), printed)
})

test.run()
