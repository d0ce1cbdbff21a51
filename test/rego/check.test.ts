/** What `check` says of a whole folder: everything at once, in order, with files as people see them. */
import { join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type CheckOptions, checkPolicy } from '../../src/rego/check.js'
import type { PolicyFinding } from '../../src/rego/finding.js'
import { readSourceSet } from '../../src/rego/source-set.js'
import { folderOf } from './folder.js'

const main = `package mcpguard.main

default decision := {"allow": false}

decision := {"allow": true} if {
	some code in data.mcpguard.rules[_].permit
	not data.mcpguard.rules.x.denied
}
`

async function check(
  files: Record<string, string>,
  options: CheckOptions = {},
): Promise<{ folder: string; found: PolicyFinding[] }> {
  const path = folderOf(files)
  const read = await readSourceSet([path])
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  return { folder: relative(process.cwd(), path), found: await checkPolicy(read.set, options) }
}

const shown = ({ level, code, row, message, page }: PolicyFinding) => [
  level,
  code,
  row,
  message,
  page,
]

test('errors of the compiler and of the analyses come together', async () => {
  const { folder, found } = await check({
    'main.rego': main,
    'x.rego': `package mcpguard.rules.x

import data.unused

permit contains "a" if input.action.class == "lst"

permit contains "b" if input.resource.ids == "x"

denied if not startswith(input.resource.id, "x")

_unused if input.resource.id == "x"
`,
  })
  const errors = 'docs/check/compile-errors.md'
  assert.equal(found.map(shown), [
    ['error', 'rego_compile_error', 3, 'import data.unused unused', errors],
    [
      'error',
      'never-matches',
      5,
      'this rule never holds: input.action.class is never "lst"',
      'docs/check/never-matches.md',
    ],
    ['error', 'rego_type_error', 7, 'undefined ref: input.resource.ids', errors],
    [
      'warning',
      'unused-rule',
      11,
      'nothing asks for mcpguard.rules.x._unused',
      'docs/check/unused-rule.md',
    ],
  ])
  assert.equal([...new Set(found.map(({ file }) => file))], [join(folder, 'x.rego')])
  assert.is(found[2]?.hint, 'did you mean `input.resource.id`?')
})

test('what cannot be read at all has errors only', async () => {
  const { folder, found } = await check({
    'main.rego': 'package a\n\nx := 1 2\n',
    'data.json': '[',
  })
  assert.equal(
    found.map(({ level, code, file, page }) => [level, code, file, page]),
    [
      ['error', 'data_error', join(folder, 'data.json'), 'docs/check/compile-errors.md'],
      ['error', 'rego_parse_error', join(folder, 'main.rego'), 'docs/check/compile-errors.md'],
    ],
  )
})

test('strict unless said', async () => {
  const files = {
    'main.rego': `package mcpguard.main\n\nimport data.x\n\ndecision := {"allow": true}\n`,
  }
  assert.equal((await check(files, { strict: false })).found, [])
  assert.equal(
    (await check(files)).found.map(({ message }) => message),
    ['import data.x unused'],
  )
})

test('a policy without the entry point', async () => {
  const { found } = await check({ 'a.rego': 'package a\n\nx := 1\n' })
  assert.equal(
    found.map(({ level, code, file }) => [level, code, file]),
    [['error', 'entry_point_missing', null]],
  )
})

test('a warning can be allowed, an error cannot', async () => {
  const { found } = await check({
    'main.rego': main.replace('not data.mcpguard.rules.x.denied', 'count(code) > 0'),
    'x.rego': `package mcpguard.rules.x

permit contains "a" if input.action.class == "lst" # mcp-guard: allow never-matches

_unused if input.resource.id == "x" # mcp-guard: allow unused-rule
`,
  })
  assert.equal(
    found.map(({ code }) => code),
    ['never-matches'],
  )
})

test('a method and a rule of the package that were meant are named', async () => {
  const files = {
    'main.rego': main,
    'x.rego': `package mcpguard.rules.x

permit contains "a" if input.action.name == "tool/call"

permit contains "b" if _opn

permit contains "c" if input.action.name in {"tools/call", "resources/write"}

_open if input.resource.id == "x"

denied if _open
`,
  }
  const hints = (found: readonly PolicyFinding[]) =>
    found.map(({ code, row, message, hint }) => [code, row, message, hint])
  const unsafe = ['rego_unsafe_var_error', 5, 'var _opn is unsafe', 'did you mean `_open`?']
  const { found } = await check(files, { methods: ['tools/call', 'resources/read'] })
  assert.equal(hints(found), [
    ['unknown-value', 3, 'there is no method "tool/call"', 'did you mean "tools/call"?'],
    unsafe,
  ])
  assert.equal(hints((await check(files)).found), [unsafe])
})

test('what is missing from one file may be in one that was not named', async () => {
  const path = folderOf({
    'main.rego': main,
    'other.rego': 'package mcpguard.rules.x\n\ndenied := false\n',
  })
  const hintsOf = async (...paths: string[]) => {
    const read = await readSourceSet(paths)
    if (!read.ok) throw new Error(JSON.stringify(read.problems))
    return (await checkPolicy(read.set)).map(({ code, hint }) => [code, hint])
  }
  const oneFile = await hintsOf(join(path, 'other.rego'))
  assert.equal(oneFile, [['entry_point_missing', 'name the folder of the policy, too']])
  assert.equal(
    (await hintsOf(join(path, 'main.rego'))).map(([, hint]) => hint),
    ['name the folder of the policy, too'],
  )
  assert.equal(await hintsOf(path), [])
})

test('a folder above the policy is none, and the policy is named', async () => {
  const refusal = async (files: Record<string, string>) => {
    const path = folderOf(files)
    const read = await readSourceSet([path])
    return read.ok
      ? null
      : read.problems.map(({ message, hint }) => [message.replace(path, '.'), hint])
  }
  const above = [['the policy is in ./policies', 'name that folder']]
  const manifest = { 'policies/.manifest': '{"roots":["mcpguard"]}' }
  assert.equal(await refusal({ ...manifest, 'policies/main.rego': main, 'a/b.rego': main }), above)
  assert.equal(await refusal({ 'policies/main.rego': main }), above)
  assert.is(await refusal({ '.manifest': '{}', ...manifest, 'main.rego': main }), null)
  assert.is(await refusal({ 'main.rego': main, 'policies/data.json': '{"a":1}' }), null)
})

test.run()
