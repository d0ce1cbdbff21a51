/** `check` and `lint`: what they print, in which form, and how they end. What is found is tested with the checks. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startOffering } from '../support/offering.js'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

function place(name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, name), { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text)
}

const main = 'package mcpguard.main\n\ndefault decision := {"allow": false}\n'
place('good', { 'main.rego': main })
place('warned', { 'main.rego': `${main}\nunused if input.action.class == "list"\n` })
place('broken', {
  'main.rego': `${main}\ndecision := {"allow": true} if input.subject.role == "dev"\n`,
  'two.rego': 'package two\n\np if {\n\tinput.subject.rol == 1\n\tinput.actio.name == 2\n}\n',
})
place('named', {
  'main.rego': `${main}\ndecision := {"allow": true} if {\n\tinput.action.name == "tools/call"\n\tinput.resource.id == "ecko"\n}\n`,
})

test('check: errors with their places, and exit 1', async () => {
  const { code, stdout, stderr } = await cli(['check', 'broken'])
  assert.is(code, 1)
  assert.match(stdout, /^broken\/main\.rego:5:\d+: error: .* \[rego_type_error\]\n {2}see docs\//)
  assert.is(stdout.match(/: error: /g)?.length, 3)
  assert.is(stderr, 'broken: 3 errors, 1 warning\n')
})

test('check: --max-errors prints no more', async () => {
  const { code, stdout, stderr } = await inProcess(['check', 'broken', '-m', '1'])
  assert.is(code, 1)
  assert.is(stdout.match(/: error: /g)?.length, 1)
  assert.is(stderr, '2 more errors; --max-errors shows more\nbroken: 3 errors, 1 warning\n')
})

test('check: a policy that is not there is an error in every form', async () => {
  const { code, stdout } = await inProcess(['check', 'nowhere', '--format', 'json'])
  assert.is(code, 1)
  const [error] = JSON.parse(stdout).errors
  assert.is(error.code, 'source_error')
  assert.match(error.message, 'there is no policy at nowhere')
})

test('a file that cannot be read is named as seen from here, by every command', async () => {
  place('capitals', { 'main.rego': main, 'deny.REGO': main })
  const said = 'capitals/deny.REGO: '
  const why = 'capitals in its name keep it from being read (rename it to deny.rego)'
  const rows: readonly (readonly [command: string, text: string])[] = [
    ['check', `${said}error: ${why} [source_error]\ncapitals: 1 error, 0 warnings\n`],
    ['lint', `${said}error: ${why} [source_error]\ncapitals: 1 error, 0 warnings\n`],
    ['fmt', `${said}${why}\nerror: nothing is formatted\n`],
    ['test-policy', `error: ${said}${why}\n`],
  ]
  for (const [command, text] of rows) {
    const { code, stdout, stderr } = await inProcess([command, 'capitals'])
    assert.equal([code, stdout + stderr], [1, text])
  }
})

test('lint: where there is no .rego file nothing passes', async () => {
  place('empty', {})
  place('dataonly', { 'data.json': '{}' })
  for (const name of ['empty', 'dataonly']) {
    assert.equal(await inProcess(['lint', name]), {
      code: 1,
      stdout: 'error: there is no .rego file (name a folder that holds one) [source_error]\n',
      stderr: `${name}: 1 error, 0 warnings\n`,
    })
  }
})

test('check: a warning ends with 0, or with 1 where that is asked for', async () => {
  const warned = await inProcess(['check', 'warned'])
  assert.is(warned.code, 0)
  assert.match(warned.stdout, /^warned\/main\.rego:\d+:\d+: warning: /)
  const failed = await inProcess(['check', 'warned', '--fail-on-warn', '-f', 'github'])
  assert.is(failed.code, 1)
  assert.match(failed.stdout, /^::warning title=[\w-]+,file=warned\/main\.rego,line=\d+/m)
  assert.is(failed.stderr, '')
})

test('check: nothing found', async () => {
  assert.equal(await inProcess(['check', 'good']), {
    code: 0,
    stdout: '',
    stderr: 'good: 0 errors, 0 warnings\n',
  })
  const sarif = await inProcess(['check', 'good', '-f', 'sarif'])
  assert.equal(JSON.parse(sarif.stdout).runs[0].results, [])
})

test('check: no choice of form', async () => {
  const { code, stderr } = await inProcess(['check', 'good', '-f', 'xml'])
  assert.is(code, 2)
  assert.match(stderr, '--format is one of "pretty", "json", "github", "sarif", not "xml"')
})

const lintUnknown = ['lint', 'named', '--enable', 'tool-unknown', '--tools']

test('lint: a list of tools in a file', async () => {
  writeFileSync(join(folder, 'tools.json'), JSON.stringify({ tools: [{ name: 'echo' }] }))
  const { code, stdout } = await inProcess([...lintUnknown, 'tools.json'])
  assert.is(code, 1)
  assert.match(stdout, /^named\/main\.rego:7:\d+: error: .*ecko.*echo.* \[tool-unknown\]$/m)
  assert.match(stdout, 'see docs/lint/tool-unknown.md')
  writeFileSync(join(folder, 'all.json'), JSON.stringify({ tools: [{ name: 'ecko' }] }))
  assert.is((await inProcess([...lintUnknown, 'all.json'])).code, 0)
})

test('lint: what a live server offers, under the name its path has', async () => {
  const offering = await startOffering()
  try {
    offering.offer = { tools: [[{ name: 'echo' }], [{ name: 'ecko' }]] }
    const url = `${offering.upstream.url}`
    assert.is((await inProcess([...lintUnknown, url])).code, 0)
    offering.offer = { tools: [[{ name: 'echo' }]] }
    const missing = await inProcess([...lintUnknown, `github=${url}`])
    assert.equal([missing.code, missing.stderr], [1, 'named: 1 error, 0 warnings\n'])
    const other = {
      'main.rego': `${main}\ndecision := {"allow": true} if {\n\tinput.action.name == "tools/call"\n\tinput.resource.server == "jira"\n\tinput.resource.id == "ecko"\n}\n`,
    }
    place('elsewhere', other)
    const elsewhere = ['lint', 'elsewhere', '--enable', 'tool-unknown']
    assert.is((await inProcess([...elsewhere, '--tools', `github=${url}`])).code, 0)
    assert.is((await inProcess([...elsewhere, '--tools', `jira=${url}`])).code, 1)
  } finally {
    await offering.upstream.close()
  }
  const { code, stderr } = await cli([...lintUnknown, offering.upstream.url])
  assert.is(code, 1)
  assert.match(stderr, 'nothing listens there')
})

test('lint: one file for several servers', async () => {
  const names = { github: { tools: ['echo'] }, jira: { tools: ['ecko'], prompts: [] } }
  writeFileSync(join(folder, 'servers.json'), JSON.stringify(names))
  assert.is((await inProcess([...lintUnknown, 'servers.json'])).code, 0)
  for (const [tools, message] of [
    ['github=servers.json', 'holds no list'],
    ['misspelt.json', 'holds no list'],
  ] as const) {
    writeFileSync(join(folder, 'misspelt.json'), '{"github": {"tool": ["ecko"]}}')
    const { code, stderr } = await inProcess([...lintUnknown, tools])
    assert.is(code, 1)
    assert.match(stderr, message)
  }
})

test('lint: a server that is told of twice', async () => {
  writeFileSync(join(folder, 'twice.json'), '{"github": {"tools": ["ecko"]}}')
  writeFileSync(join(folder, 'once.json'), '{"tools": []}')
  const { code, stderr } = await inProcess([
    ...lintUnknown,
    'twice.json',
    '--tools',
    'github=once.json',
  ])
  assert.is(code, 2)
  assert.match(stderr, 'error: --tools tells of github twice')
})

test('lint: a file without a list, and none', async () => {
  writeFileSync(join(folder, 'none.json'), '{"tool": []}')
  for (const [file, problem] of [
    ['none.json', 'holds no list that every reader reads alike'],
    ['missing.json', 'does not exist'],
  ] as const) {
    const { code, stdout, stderr } = await inProcess([...lintUnknown, `github=${file}`])
    assert.equal([code, stdout], [1, ''])
    assert.match(stderr, `error: ${file}: it ${problem}`)
  }
})

test.run()
