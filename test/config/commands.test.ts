/** Commands that are not there: refused with place and fix where they are needed, else warned of. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { LoadOptions } from '../../src/config/load.js'
import { commandWarnings } from '../../src/config/warnings.js'
import { folder, loadText, problemsOf, writeFile } from './support.js'

mkdirSync(join(folder, 'bin', 'a-folder'), { recursive: true })
const program = writeFile('bin/there', '#!/bin/sh\n', 0o755)
writeFile('bin/plain', 'no program', 0o644)
const path = `env: { PATH: "/nowhere:${join(folder, 'bin')}" }`

function upstream(keys: string, required = true): string {
  return `policy: { path: p }\nupstreams:\n  up: { ${keys}, required: ${required} }\n`
}

const notFound = (name: string) =>
  `guard.yaml:3: /upstreams/up/command: "${name}" is not found on PATH; install it, or write the whole path of the program`
const notProgram = (place: string) =>
  `guard.yaml:3: /upstreams/up/command: "${place}" is not a program that this user can run; write the path of an executable file; a relative one starts at cwd`

const table: readonly (readonly [keys: string, problems: readonly string[]])[] = [
  [`command: nowhere, ${path}`, [notFound('nowhere')]],
  [`command: a-folder, ${path}`, [notFound('a-folder')]],
  [`command: there, env: { PATH: "" }`, [notFound('there')]],
  ['command: /nowhere', [notProgram('/nowhere')]],
  ['command: /bin', [notProgram('/bin')]],
  ['command: ./nowhere, cwd: /bin', [notProgram('/bin/nowhere')]],
  [
    'command: node, cwd: /nowhere',
    [
      'guard.yaml:3: /upstreams/up/cwd: "/nowhere" is not a folder; make it, or name another; a relative one starts at the configuration file',
    ],
  ],
  [
    `command: there -y x, ${path}`,
    [`${notFound('there -y x')}, and its arguments into args one by one`],
  ],
  [
    'command: /bin/sh -c x',
    [
      'guard.yaml:3: /upstreams/up/command: "/bin/sh -c x" is not a program that this user can run; write the path of an executable file, and its arguments into args one by one; a relative one starts at cwd',
    ],
  ],
  [`command: there, ${path}`, []],
  [`command: "${program}"`, []],
  ['command: ./there, cwd: bin', []],
  ['command: node', []],
]

for (const [keys, problems] of table) {
  test(`${keys}: ${problems.length === 0 ? 'is there' : 'is refused where it is needed'}`, () => {
    assert.equal(problemsOf(loadText(upstream(keys))), problems)
  })

  test(`${keys}: ${problems.length === 0 ? 'is there' : 'is a warning'} elsewhere`, () => {
    const loaded = loadText(upstream(keys, false))
    assert.ok(loaded.ok)
    const warnings = problems.map(
      (text) => `a server cannot be started: ${text.slice('guard.yaml:3: '.length)}`,
    )
    assert.equal(commandWarnings(loaded.config), warnings)
  })
}

test('a file that may not be executed is no program', () => {
  assert.equal(problemsOf(loadText(upstream(`command: plain, ${path}`))), [notFound('plain')])
})

const two = [
  'policy: { path: p }',
  'upstreams:',
  '  one: { command: no-one, required: true }',
  '  two: { command: no-two }',
].join('\n')
const command = { program: 'no-server', args: [] }

const needs: readonly (readonly [
  what: string,
  options: Omit<LoadOptions, 'file'>,
  names: readonly string[],
])[] = [
  ['what is required', {}, ['one']],
  ['and the command of the command line', { overrides: { command } }, ['one', 'server']],
  ['of one client, the server it names', { reached: { server: 'two' } }, ['two']],
  [
    'of one client, its command',
    { reached: { server: undefined }, overrides: { command } },
    ['server'],
  ],
  [
    'of one client, what it names beside a command',
    { reached: { server: 'two' }, overrides: { command } },
    ['two'],
  ],
  ['of one client that has yet to choose, none', { reached: { server: undefined } }, []],
]

for (const [what, options, names] of needs) {
  test(`needed is ${what}`, () => {
    const found = loadText(two, options)
    const pointers = found.ok ? [] : found.problems.map(({ pointer }) => pointer)
    assert.equal(
      pointers.toSorted(),
      names.map((name) => `/upstreams/${name}/command`),
    )
  })
}

test.run()
