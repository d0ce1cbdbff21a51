/**
 * `init` from each start: the same files every time, each of them used, and decision cases that are
 * as expected. That the workflow passes and the gateway runs: init-workflow.test.ts.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ask } from '../../src/cli/init.js'
import { inTheWay, scaffoldOf, writeScaffold } from '../../src/cli/scaffold.js'
import { policyDataReaders } from '../../src/config/policy-data.js'
import { parseYaml } from '../../src/config/yaml.js'
import { packageFile } from '../../src/lib/package-root.js'
import { installInto } from '../support/policy-repository.js'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

const starts = ['roles', 'servers', 'read-only'] as const
const list = [
  '  roles      what a caller may use depends on its roles',
  '  servers    one list for each server of what may be used, whoever calls',
  '  read-only  only tools that their server marks as read-only, or that are listed',
].join('\n')

const roleOf = { roles: 'reader', servers: 'user', 'read-only': 'agent' } as const

function filesOf(name: string): Map<string, string> {
  const root = join(folder, name)
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  return new Map(files.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

installInto(folder)

for (const start of starts) {
  const role = roleOf[start]

  test(`${start}: says what to do next, and writes the same files each time`, async () => {
    const { code, stdout, stderr } = await inProcess(['init', start, '--from', start])
    assert.is(stderr, '')
    assert.is(code, 0)
    assert.match(stdout, `cd ${start}\n`)
    assert.match(stdout, `--role ${role} `)
    await inProcess(['init', `again/${start}`, '--from', start])
    assert.equal([...filesOf(`again/${start}`)], [...filesOf(start)])
    assert.is(Number(/^\d+/.exec(stdout)?.[0]), filesOf(start).size)
  })

  test(`${start}: every file is used`, () => {
    const files = filesOf(start)
    for (const [path, text] of files) assert.not.match(text, /\{\{\w+\}\}/, path)
    checkSchemas(files)
    const { roots } = JSON.parse(files.get('policies/.manifest') ?? '') as { roots: string[] }
    const folders = [...files.keys()].map((path) => /^policies\/(\w+)\//.exec(path)?.[1])
    assert.equal(new Set(roots), new Set(folders.filter((name) => name !== undefined)))
  })

  test(`${start}: the decision cases are as expected, on what CI validates`, async () => {
    const commands = [
      ['test-policy', '--run', 'cases/', `${start}/policies`],
      ['validate', '--config', `${start}/mcp-guard.yaml`],
    ]
    for (const command of commands) {
      const { code, stdout, stderr } = await cli(command)
      assert.is(code, 0, `${command.join(' ')}: ${stdout}${stderr}`)
    }
  })
}

/** Settings of editors, first lines and schemas name each other, and the texts fit. */
function checkSchemas(files: ReadonlyMap<string, string>): void {
  const settings = JSON.parse(files.get('.vscode/settings.json') ?? '') as {
    'yaml.schemas': Record<string, string>
  }
  const mapped = Object.entries(settings['yaml.schemas'])
  const schemas = [...files.keys()].filter((path) => path.startsWith('schemas/'))
  assert.equal(mapped.map(([schema]) => schema.replace('./', '')).sort(), schemas.sort())
  const described = new Map<string, string>()
  for (const [schema, glob] of mapped) {
    const pattern = new RegExp(`^${glob.slice(1).replaceAll('.', '\\.').replace('*', '[^/]+')}$`)
    const found = [...files.keys()].filter((path) => pattern.test(path))
    assert.ok(found.length > 0, `${glob} is for nothing`)
    for (const path of found) described.set(path, schema.replace('./', ''))
  }
  for (const [path, schema] of described) {
    const text = files.get(path) ?? ''
    const up = '../'.repeat(path.split('/').length - 1)
    assert.is(text.split('\n')[0], `# yaml-language-server: $schema=${up}${schema}`)
    const { value, problems } = parseYaml(text, { nulls: true })
    assert.equal(problems, [])
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(
      JSON.parse(files.get(schema) ?? ''),
    )
    assert.ok(validate(value), `${path}: ${JSON.stringify(validate.errors)}`)
  }
  const unread = [...files.keys()].filter(
    (path) => path.endsWith('.yaml') && !described.has(path) && path !== 'keys.yaml',
  )
  assert.equal(
    unread.filter((path) => path !== 'policies/read_only/data.yaml'),
    [],
  )
}

test('every schema of policy data is mapped', () => {
  const settings = readFileSync(packageFile('templates/common/dot-vscode/settings.json'), 'utf8')
  for (const name of Object.keys(policyDataReaders)) {
    assert.match(settings, `policy-data/${name}.schema.json`)
  }
})

test('the manifest of read-only is the shipped one with a name of its own', () => {
  const manifest = (text: string | undefined) => JSON.parse(text ?? '') as { roots: string[] }
  const shipped = manifest(scaffoldOf('roles', '1').get('policies/.manifest'))
  const own = manifest(scaffoldOf('read-only', '1').get('policies/.manifest'))
  assert.equal(own, { ...shipped, roots: [...shipped.roots, 'read_only'] })
})

test('the example server is the one that is tested here, and the version is this one', () => {
  const { version, devDependencies } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'))
  const name = '@modelcontextprotocol/server-everything'
  const files = scaffoldOf('roles', version)
  assert.match(files.get('mcp-guard.yaml') ?? '', `"${name}@${devDependencies[name]}"`)
  assert.match(files.get('.github/workflows/policy.yml') ?? '', `MCP_GUARD: mcp-guard@${version}\n`)
})

// ── What is there already ───────────────────────────────────────────────────────────────────────

const inTheWayRows: readonly (readonly [name: string, path: string])[] = [
  ['a file', 'README.md'],
  ['a folder that would be wholly ours', 'policies'],
  ['a file in a folder of others', '.github/workflows/policy.yml'],
]
for (const [name, path] of inTheWayRows) {
  test(`nothing is written over ${name}`, async () => {
    const dir = `taken-${path.replaceAll('/', '-')}`
    const target = join(folder, dir, path)
    mkdirSync(path === 'policies' ? target : join(target, '..'), { recursive: true })
    if (path !== 'policies') writeFileSync(target, 'mine')
    const ended = await inProcess(['init', dir, '--from', 'roles'])
    assert.equal(ended, {
      code: 1,
      stdout: '',
      stderr:
        `error: nothing was written, since nothing is overwritten and these are there already: ${dir}/${path}\n` +
        'name another folder (mcp-guard init DIR), or move them away\n',
    })
    assert.equal([...filesOf(dir).values()], path === 'policies' ? [] : ['mine'])
  })
}

test('a file is no folder', async () => {
  writeFileSync(join(folder, 'plain'), 'mine')
  assert.equal(await inProcess(['init', 'plain', '--from', 'roles']), {
    code: 2,
    stdout: '',
    stderr: 'error: plain is a file; name a folder\nmcp-guard init --help shows how it is used\n',
  })
})

test('other files of the folder stay', () => {
  const dir = join(folder, 'beside')
  mkdirSync(join(dir, '.github/workflows'), { recursive: true })
  writeFileSync(join(dir, '.github/workflows/other.yml'), 'mine')
  writeFileSync(join(dir, 'LICENSE'), 'mine')
  const scaffold = scaffoldOf('servers', '1')
  assert.equal(inTheWay(dir, scaffold), [])
  writeScaffold(dir, scaffold)
  assert.is(filesOf('beside').size, scaffold.size + 2)
})

test('a writing that fails leaves nothing', () => {
  const dir = join(folder, 'failing/deep')
  const scaffold = new Map([
    ['a/b/one', '1'],
    ['a/two', '2'],
    ['a/two/three', 'no folder'],
  ])
  assert.throws(() => writeScaffold(dir, scaffold), /ENOTDIR|EEXIST/)
  assert.not(existsSync(join(folder, 'failing')))
})

// ── Where to start from ─────────────────────────────────────────────────────────────────────────

test('without a terminal the start has to be said', async () => {
  const hint = 'mcp-guard init --help shows how it is used\n'
  assert.equal(await inProcess(['init', 'none']), {
    code: 2,
    stdout: '',
    stderr: `error: say where to start from with --from, one of\n${list}\n${hint}`,
  })
  assert.equal(await inProcess(['init', 'none', '--from', 'role']), {
    code: 2,
    stdout: '',
    stderr: `error: there is no start "role"; --from takes one of\n${list}\n${hint}`,
  })
  assert.not(existsSync(join(folder, 'none')))
})

const answers: readonly (readonly [typed: string, start: string | null])[] = [
  ['', null],
  ['\n4\n0\n-1\nrole\n', null],
  ['1\n', 'roles'],
  [' servers \n', 'servers'],
  ['read only\n3\n', 'read-only'],
]
for (const [typed, start] of answers) {
  test(`asked at a terminal: ${JSON.stringify(typed)}`, async () => {
    const input = new PassThrough()
    input.end(typed)
    const output = new PassThrough()
    const asked = await ask(input, output).catch((error: Error) => error.message)
    assert.is(asked, start ?? 'nothing was chosen')
    const printed = String(output.read())
    assert.match(printed, '  1  roles      what a caller may use depends on its roles\n')
    const wrong = start === null && typed !== '' ? ['4', '0', '-1', 'role'] : []
    for (const answer of wrong) assert.match(printed, `there is no start "${answer}"\n`)
  })
}

test.run()
