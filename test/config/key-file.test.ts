/** The key file is read like the configuration, and what is wrong with it is told with its place. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadKeyFile } from '../../src/config/key-file.js'
import { formatConfigProblem } from '../../src/config/problem.js'
import { folder, loadText, problemsOf, writeFile } from './support.js'

const digests = ['a', 'b', 'c'].map((digit) => digit.repeat(64))
const up = 'upstreams: { one: { url: "http://10.0.0.1/mcp" } }\n'

function problemsWith(text: string | Uint8Array): string[] {
  const loaded = loadKeyFile(writeFile('keys.yaml', text), [])
  if (loaded.ok) return []
  return loaded.problems.map((one) => formatConfigProblem(one).replace(join(folder, ''), ''))
}

const refused: readonly (readonly [what: string, text: string | Uint8Array, problems: string[]])[] =
  [
    ['nothing in it', '', ['/keys.yaml: is empty']],
    ['not UTF-8', Uint8Array.of(0xff), ['/keys.yaml: is not valid UTF-8']],
    ['a list alone', '- 1\n', ['/keys.yaml: is not a map of keys']],
    ['another key', 'keys: []\n', ['/keys.yaml:1: /keys: unknown key']],
    ['an anchor', 'apiKeys: &a []\n', ['/keys.yaml:1: /apiKeys: has a YAML anchor']],
    ['no digest', 'apiKeys:\n  - { id: a }\n', ['/keys.yaml:2: /apiKeys/0: "sha256" is missing']],
    [
      'one digest twice',
      `apiKeys:\n  - { id: a, sha256: ${digests[0]} }\n  - { id: b, sha256: ${digests[0]} }\n`,
      ['/keys.yaml:3: /apiKeys/1/sha256: repeats /apiKeys/0/sha256'],
    ],
    [
      'one principal with two tenants',
      `apiKeys:\n  - { id: a, sha256: ${digests[0]} }\n  - { id: a, sha256: ${digests[1]}, tenant: t }\n`,
      ['/keys.yaml:3: /apiKeys/1: is "a" with other tenant than /apiKeys/0'],
    ],
  ]

for (const [what, text, expected] of refused) {
  test(`a key file with ${what} is refused`, () => {
    const found = problemsWith(text)
    assert.is(found.length, expected.length, found.join('\n'))
    for (const [index, start] of expected.entries()) {
      assert.ok(
        found.some((one) => one.startsWith(start)),
        `${index}: ${found.join('\n')}`,
      )
    }
  })
}

test('two keys of one principal, with facts of their own', () => {
  const entry = (digest: string | undefined) =>
    `  - { id: a, sha256: ${digest}, roles: [dev], claims: { level: 3 } }\n`
  const path = writeFile('keys.yaml', `apiKeys:\n${entry(digests[0])}${entry(digests[1])}`)
  const loaded = loadKeyFile(path, [])
  assert.ok(loaded.ok)
  assert.equal(
    loaded.keys.map(({ id, claims }) => [id, { ...claims }]),
    [
      ['a', { level: 3 }],
      ['a', { level: 3 }],
    ],
  )
})

test('the configuration is as wrong as its key file', () => {
  writeFile('keys.yaml', `apiKeys:\n  - { id: a, sha256: ${digests[0]} }\n`)
  const config = (more: string) => loadText(`${up}identity: { apiKeyFile: ./keys.yaml${more} }\n`)
  const loaded = config('')
  assert.ok(loaded.ok)
  assert.is(loaded.config.identity.apiKeyFile, join(folder, 'keys.yaml'))
  const twice = config(`, apiKeys: [ { id: b, sha256: ${digests[0]?.toUpperCase()} } ]`)
  assert.equal(
    problemsOf(twice).map((one) => one.replace(join(folder, ''), '')),
    ['/keys.yaml:2: /apiKeys/0/sha256: is the key of "b" in identity.apiKeys; keep one of the two'],
  )
  const other = config(`, apiKeys: [ { id: a, roles: [x], sha256: ${digests[1]} } ]`)
  assert.equal(
    problemsOf(other).map((one) => one.replace(join(folder, ''), '')),
    [
      '/keys.yaml:2: /apiKeys/0: is "a" with other roles than in identity.apiKeys; give it an id of its own, or the same facts where a key is being replaced',
    ],
  )
  assert.ok(config(`, apiKeys: [ { id: a, kind: user, sha256: ${digests[1]} } ]`).ok)
  const absent = loadText(`${up}identity: { apiKeyFile: ./none.yaml }\n`)
  assert.match(
    problemsOf(absent).join(),
    'none.yaml: does not exist; name a YAML file that this user can read; mcp-guard keygen --append makes one',
  )
})

if (process.platform !== 'win32') {
  test('a key file that everybody may write lets nobody in; one that others may read is fine', () => {
    const text = `apiKeys:\n  - { id: a, sha256: ${digests[0]} }\n`
    for (const mode of [0o600, 0o644, 0o664]) {
      assert.ok(loadKeyFile(writeFile('keys.yaml', text, mode), []).ok, mode.toString(8))
    }
    for (const mode of [0o602, 0o666]) {
      const path = writeFile('keys.yaml', text, mode)
      const loaded = loadKeyFile(path, [])
      assert.equal(loaded.ok ? [] : loaded.problems.map(formatConfigProblem), [
        `${path}: can be written by every user of this machine (mode 0${mode.toString(8)}); run: chmod o-w ${path}`,
      ])
    }
  })
}

test.run()
