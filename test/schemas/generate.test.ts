/** scripts/generate.mjs: the committed output is current, and a stale one is named. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { packageFile } from '../../src/lib/package-root.js'

interface Context {
  copy: string
}

const test = suite<Context>('generate')

test.before.each((context) => {
  context.copy = mkdtempSync(join(tmpdir(), 'mcp-guard-generate-'))
  for (const path of [
    'policies',
    'schemas',
    'scripts',
    'src/contracts.ts',
    'docs/reference',
    'biome.json',
    '.gitignore',
  ]) {
    cpSync(packageFile(path), join(context.copy, path), { recursive: true })
  }
  symlinkSync(packageFile('node_modules'), join(context.copy, 'node_modules'))
})

test.after.each((context) => {
  rmSync(context.copy, { recursive: true })
})

function generate(copy: string, ...args: string[]): { status: number | null; stderr: string } {
  const script = join(copy, 'scripts', 'generate.mjs')
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
  return { status, stderr }
}

function changeDecisionSchema(copy: string, from: string, to: string): void {
  const file = join(copy, 'schemas', 'decision.schema.json')
  const text = readFileSync(file, 'utf8')
  assert.ok(text.includes(from))
  writeFileSync(file, text.replace(from, to))
}

test('a changed schema makes the committed output stale, by name', ({ copy }) => {
  changeDecisionSchema(copy, '"allow": {', '"permit": {')
  const { status, stderr } = generate(copy, '--check')
  assert.is(status, 1)
  assert.equal(stderr.trim().split('\n'), [
    'src/contracts.ts is not current',
    'docs/reference/decision.md is not current',
    'run: npm run generate',
  ])
})

test('what a rule says of itself is on the page of the rules', ({ copy }) => {
  const file = join(copy, 'policies/mcpguard/rules/quarantine/quarantine.rego')
  writeFileSync(file, readFileSync(file, 'utf8').replace('shut off', 'closed'))
  const { status, stderr } = generate(copy, '--check')
  assert.is(status, 1)
  assert.is(stderr, 'docs/reference/rules.md is not current\nrun: npm run generate\n')
})

test('writing makes it current', ({ copy }) => {
  changeDecisionSchema(copy, 'True lets the message pass', 'True: the message passes')
  assert.equal(generate(copy), { status: 0, stderr: '' })
  assert.equal(generate(copy, '--check'), { status: 0, stderr: '' })
  for (const file of ['src/contracts.ts', 'docs/reference/decision.md']) {
    assert.ok(readFileSync(join(copy, file), 'utf8').includes('True: the message passes'), file)
  }
})

test('two schemas with a type of one name are an error', ({ copy }) => {
  const file = join(copy, 'schemas', 'facts.schema.json')
  const schema = JSON.parse(readFileSync(file, 'utf8'))
  schema.properties.subject.title = 'DecisionDocument'
  writeFileSync(file, JSON.stringify(schema))
  const { status, stderr } = generate(copy, '--check')
  assert.is(status, 1)
  assert.match(stderr, 'two schemas define a type named DecisionDocument')
})

test('a schema without an interface name is an error', ({ copy }) => {
  writeFileSync(join(copy, 'schemas', 'more.schema.json'), '{}')
  const { status, stderr } = generate(copy, '--check')
  assert.is(status, 1)
  assert.match(stderr, 'schemas/more.schema.json: no interface name in generate.mjs')
})

test.run()
