/**
 * The data schemas: the shipped data keep them, the data that the examples and the comments show
 * keep them, and slips that the rules refuse at run time are refused by them beforehand.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { policyDataProblems, policyDataReaders } from '../../src/config/policy-data.js'
import { parseYaml } from '../../src/config/yaml.js'
import type { Json, JsonObject } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { shippedPolicies } from './shipped.js'

const folder = packageFile('schemas', 'policy-data')
const ajv = new Ajv({ strict: true, allErrors: true })
const validators = new Map(
  readdirSync(folder).map((file) => {
    const schema = JSON.parse(readFileSync(join(folder, file), 'utf8')) as JsonObject
    return [file.replace('.schema.json', ''), ajv.compile(schema)] as const
  }),
)

function problems(name: string, data: Json): string {
  const validate = validators.get(name)
  if (validate === undefined) throw new Error(`no schema ${name}`)
  return validate(data) ? '' : ajv.errorsText(validate.errors)
}

const files = readdirSync(shippedPolicies)
  .map((name) => ({ name, file: join(shippedPolicies, name, 'data.yaml') }))
  .filter(({ file }) => existsSync(file))

function yaml(text: string): Json {
  const { value, problems } = parseYaml(text)
  assert.equal(problems, [])
  return value as Json
}

test('every data file of the shipped policy has a schema, and the other way round', () => {
  assert.equal(files.map(({ name }) => name).sort(), [...validators.keys()].sort())
})

for (const { name, file } of files) {
  const text = readFileSync(file, 'utf8')
  test(`${name}: the shipped data keep their schema`, () => {
    assert.is(problems(name, yaml(text)), '')
  })

  test(`${name}: editors find the schema`, () => {
    const path = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text)?.[1] ?? ''
    assert.is(join(dirname(file), path), join(folder, `${name}.schema.json`))
  })

  test(`${name}: what the comment shows keeps the schema`, () => {
    const shown = [...text.matchAll(/^# {3}(?=\S)(?:.|\n# {4})+/gm)].map(([lines]) =>
      lines.replace(/^# {3}/gm, ''),
    )
    if (!text.trimEnd().endsWith('\n{}')) return
    assert.is(shown.length > 0, true)
    const sample = shown.join('\n').replaceAll('<64 hex digits>', 'a'.repeat(64))
    assert.is(problems(name, yaml(sample)), '')
  })
}

const { readRules } = (await import(
  pathToFileURL(packageFile('scripts', 'lib', 'rules.mjs')).href
)) as { readRules(root: string): readonly { name: string; data: readonly string[] }[] }

test('who reads which data is what the METADATA of the rules say', () => {
  const read = readRules(packageFile('.')).flatMap(({ name, data }) =>
    data.map((stem) => [stem, name.replace('mcpguard.rules.', '')]),
  )
  assert.equal(policyDataReaders, Object.fromEntries(read))
})

const everyRule = new Set<string>(Object.values(policyDataReaders))

const digest = `sha256:${'a'.repeat(64)}`
const hours = { days: ['monday'], from: '08:30', to: '17:30' }
const bucket = { tokens: 1, per: '1m', burst: 1 }

const refused: readonly (readonly [string, Json])[] = [
  ['grants', ['reader']],
  ['grants', { reader: { github: { tool: {} } } }],
  ['grants', { reader: { github: { tools: ['read'] } } }],
  ['grants', { reader: { github: { tools: { read: null } } } }],
  ['grants', { reader: { github: { tools: { read: { argument: {} } } } } }],
  ['grants', { reader: { github: { tools: { read: { arguments: { a: { suffix: 'x' } } } } } } }],
  ['grants', { reader: { github: { tools: { read: { arguments: { a: { max: '9' } } } } } } }],
  ['grants', { reader: { github: { tools: { [`${'x'.repeat(65)}*`]: {} } } } }],
  ['grants', { reader: { github: { resources: { 'file:///a*': {} } } } }],
  ['tenants', { acme: { reader: { github: { tool: {} } } } }],
  ['destructive', { github: ['delete*'] }],
  ['destructive', { github: { 'tools:delete': 'delete*' } }],
  ['destructive', { github: { '': ['delete*'] } }],
  ['destructive', { github: { 'tools:delete': [5] } }],
  ['hints', { '*': { readOnlyHint: 'a' } }],
  ['hints', { '*': { unknown: '' } }],
  ['hints', { '*': { unknown: true } }],
  ['pins', { github: { tool: {} } }],
  ['pins', { github: { tools: { read: 'required' } } }],
  ['pins', { github: { tools: { '*': digest } } }],
  ['pins', { github: { tools: { read: 'sha256:aa' } } }],
  ['windows', { office: { open: [hours] } }],
  ['windows', { office: { zone: 'UTC', open: hours } }],
  ['windows', { office: { zone: 'UTC', open: [{ ...hours, from: '8:30' }] } }],
  ['windows', { office: { zone: 'UTC', open: [{ ...hours, from: '24:00' }] } }],
  ['windows', { office: { zone: 'UTC', open: [{ ...hours, to: '24:01' }] } }],
  ['windows', { office: { zone: 'UTC', open: [{ ...hours, days: ['mon'] }] } }],
  ['windows', { office: { zone: 'UTC', open: [hours], for: { role: ['a'] } } }],
  ['windows', { office: { zone: 'UTC', open: [hours], for: { roles: 'a' } } }],
  ['quarantine', { github: 'all' }],
  ['quarantine', { servers: { github: true } }],
  ['quarantine', { servers: { github: { tool: ['a'] } } }],
  ['quarantine', { subjects: { issuer: 'alice' } }],
  ['tiers', { order: [{ roles: 'a', tier: 'b' }] }],
  ['tiers', { tiers: { gold: { users: bucket } } }],
  ['tiers', { tiers: { gold: { user: { ...bucket, costs: 1 } } } }],
  ['tiers', { tiers: { gold: { user: { tokens: 1, per: '1m' } } } }],
  ['paths', { arguments: ['path'] }],
]

for (const [name, data] of refused) {
  test(`${name}: ${JSON.stringify(data).slice(0, 90)} is refused`, () => {
    assert.is.not(problems(name, data), '')
    const [first] = policyDataProblems({ [name]: data }, everyRule)
    assert.ok(first?.pointer.startsWith(`/${name}`))
    assert.ok(first !== undefined && first.fix !== '')
  })
}

const accepted: readonly (readonly [string, Json])[] = [
  ['grants', { reader: { '*': { tools: { [`${'x'.repeat(64)}*`]: {}, '*': {} } } } }],
  ['grants', { reader: { github: { resources: { '*': {}, 'file:///a/': {} } } } }],
  ['pins', { github: { tools: { '*': 'required', read: digest }, resources: { 'a:b': digest } } }],
  ['windows', { night: { zone: 'UTC', open: [{ ...hours, from: '22:00', to: '24:00' }] } }],
  ['quarantine', { servers: { github: 'all' }, subjects: { issuer: ['alice'] } }],
  [
    'tiers',
    { tiers: { gold: { tenant: { ...bucket, cost: 2 }, tools: { a: { 'b*': bucket } } } } },
  ],
]

for (const [name, data] of accepted) {
  test(`${name}: ${JSON.stringify(data).slice(0, 90)} is accepted`, () => {
    assert.is(problems(name, data), '')
    assert.equal(policyDataProblems({ [name]: data }, everyRule), [])
  })
}

test.run()
