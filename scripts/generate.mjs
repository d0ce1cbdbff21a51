/**
 * From schemas/*.schema.json: the types in src/contracts.ts and the tables in docs/reference/. From
 * the schema of the facts: their part in that of the decision cases. From the METADATA of policies/:
 * docs/reference/rules.md. Schemas and METADATA are the only places where these things are
 * described; run this after changing one. `--check` writes nothing and exits 1 when the committed
 * output is not current.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile } from 'json-schema-to-typescript'
import { readRules, rulesPage } from './lib/rules.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** File stem → name of the TypeScript interface. A schema without an entry is an error. */
const interfaces = {
  'audit-event': 'AuditEventDocument',
  cases: 'CasesDocument',
  config: 'ConfigFile',
  decision: 'DecisionDocument',
  facts: 'Facts',
}

const contractsHeader = `/**
 * Types of the published documents. Generated from schemas/ by \`npm run generate\`; do not edit.
 */
`

const folder = join(root, 'schemas')
const casesSchema = join(folder, 'cases.schema.json')

function readSchemas() {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.schema.json'))
    .sort()
    .map((file) => {
      const stem = file.slice(0, -'.schema.json'.length)
      const name = interfaces[stem]
      if (name === undefined) throw new Error(`schemas/${file}: no interface name in generate.mjs`)
      return { file, stem, name, schema: withFacts(stem, readSchema(file)) }
    })
}

function readSchema(file) {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'))
}

/** Decision cases name any part of the facts: the same schema, and nothing in it is required. */
function withFacts(stem, schema) {
  if (stem !== 'cases') return schema
  const { $schema: _schema, title: _title, ...facts } = readSchema('facts.schema.json')
  const { description } = schema.definitions.partialFacts
  const partialFacts = { ...withoutRequired(facts), description }
  return { ...schema, definitions: { ...schema.definitions, partialFacts } }
}

function withoutRequired(node) {
  if (Array.isArray(node)) return node.map(withoutRequired)
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).filter(([keyword]) => keyword !== 'required')
  return Object.fromEntries(entries.map(([keyword, value]) => [keyword, withoutRequired(value)]))
}

// ── Types ───────────────────────────────────────────────────────────────────────────────────────

async function contracts(schemas) {
  const parts = []
  for (const { name, schema } of schemas) {
    // A root title would win over the interface name.
    const { title: _title, ...untitled } = schema
    parts.push(
      await compile(untitled, name, {
        additionalProperties: false,
        bannerComment: '',
        cwd: join(root, 'schemas'),
        format: false,
        ignoreMinAndMaxItems: true,
      }),
    )
  }
  const text = contractsHeader + parts.join('\n')
  const names = [...text.matchAll(/^export (?:interface|type) (\w+)/gm)].map((match) => match[1])
  const doubled = names.filter((name, index) => names.indexOf(name) !== index)
  if (doubled.length > 0) throw new Error(`two schemas define a type named ${doubled.join(', ')}`)
  return formatted(text, 'src/contracts.ts')
}

function formatted(text, path) {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
  return execFileSync(process.execPath, [biome, 'check', '--write', `--stdin-file-path=${path}`], {
    cwd: root,
    input: text,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

// ── Tables ──────────────────────────────────────────────────────────────────────────────────────

function reference({ file, schema }) {
  const rows = []
  collectRows(schema, schema, '', rows)
  return [
    `# ${schema.title}`,
    '',
    `Generated from [schemas/${file}](../../schemas/${file}) by \`npm run generate\`; do not edit.`,
    '',
    schema.description,
    '',
    '| member | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
    '',
  ].join('\n')
}

function collectRows(rootSchema, unresolved, path, rows) {
  const schema = resolved(rootSchema, unresolved)
  const required = new Set(schema.required ?? [])
  for (const [member, child] of Object.entries(schema.properties ?? {})) {
    const memberPath = path === '' ? member : `${path}.${member}`
    addRow(rootSchema, child, memberPath, required.has(member), rows)
  }
  if (typeof schema.additionalProperties === 'object') {
    addRow(
      rootSchema,
      schema.additionalProperties,
      `${path}.<name>`.replace(/^\./, ''),
      false,
      rows,
    )
  }
  if (schema.items?.properties !== undefined || schema.items?.$ref !== undefined) {
    collectRows(rootSchema, schema.items, `${path}[]`, rows)
  }
  for (const choice of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) {
    collectRows(rootSchema, choice, path, rows)
  }
}

function addRow(rootSchema, unresolved, path, required, rows) {
  const schema = resolved(rootSchema, unresolved)
  const fallback = 'default' in schema ? `\`${JSON.stringify(schema.default)}\`` : ''
  const presence = fallback || (required ? 'required' : 'optional')
  rows.push([`\`${path}\``, typeText(rootSchema, schema), presence, meaning(schema)])
  if (unresolved.$ref !== '#/definitions/partialFacts') collectRows(rootSchema, schema, path, rows)
}

function meaning(schema) {
  const items = schema.items
  if (items?.description === undefined || items.properties !== undefined) return schema.description
  return `${schema.description} Each: ${items.description}`
}

function typeText(rootSchema, unresolved) {
  const schema = resolved(rootSchema, unresolved)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) {
    return choices.map((choice) => typeText(rootSchema, choice)).join(' or ')
  }
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum !== undefined)
    return schema.enum.map((v) => `\`${JSON.stringify(v)}\``).join(', ')
  if (schema.type === 'array') {
    return schema.items === undefined ? 'list' : `list of ${typeText(rootSchema, schema.items)}`
  }
  const bounds = boundsText(schema)
  const type = [schema.type ?? 'any'].flat().join(' or ')
  return bounds === '' ? type : `${type} (${bounds})`
}

function boundsText(schema) {
  const texts = []
  if (schema.minimum !== undefined) texts.push(`≥ ${schema.minimum}`)
  if (schema.exclusiveMinimum !== undefined) texts.push(`> ${schema.exclusiveMinimum}`)
  if (schema.maximum !== undefined) texts.push(`≤ ${schema.maximum}`)
  if (schema.maxLength !== undefined) texts.push(`at most ${schema.maxLength} characters`)
  return texts.join(', ')
}

/** Follows `#/definitions/…`; what stands beside the reference (description, default) wins. */
function resolved(rootSchema, schema) {
  if (schema.$ref === undefined) return schema
  const { $ref, ...beside } = schema
  let target = rootSchema
  for (const part of $ref.replace(/^#\//, '').split('/')) target = target?.[part]
  if (target === undefined) throw new Error(`${$ref} leads nowhere`)
  return { ...resolved(rootSchema, target), ...beside }
}

function cell(text) {
  return String(text ?? '')
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ')
}

// ── Output ──────────────────────────────────────────────────────────────────────────────────────

const schemas = readSchemas()
const outputs = new Map([[join(root, 'src', 'contracts.ts'), await contracts(schemas)]])
for (const schema of schemas) {
  outputs.set(join(root, 'docs', 'reference', `${schema.stem}.md`), reference(schema))
}

const cases = schemas.find(({ stem }) => stem === 'cases')
outputs.set(casesSchema, formatted(JSON.stringify(cases.schema), 'schemas/cases.schema.json'))
outputs.set(join(root, 'docs', 'reference', 'rules.md'), rulesPage(readRules(root)))

if (process.argv.includes('--check')) {
  const stale = [...outputs].filter(([path, text]) => readIfPresent(path) !== text)
  for (const [path] of stale) console.error(`${relative(root, path)} is not current`)
  if (stale.length > 0) {
    console.error('run: npm run generate')
    process.exitCode = 1
  }
} else {
  mkdirSync(join(root, 'docs', 'reference'), { recursive: true })
  for (const [path, text] of outputs) writeFileSync(path, text)
}

function readIfPresent(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
