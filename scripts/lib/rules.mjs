/**
 * What the shipped rules say of themselves: the METADATA comments of the packages below
 * `mcpguard.rules` (and of `mcpguard.main`), read as YAML, and the page made of them. Reads comments
 * only; whether the examples hold is test/policies/examples.test.ts's to find out.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dump, load } from 'js-yaml'

/** Packages in the order of the page: the composition first, then by name. */
export function readRules(root) {
  const folder = join(root, 'policies', 'mcpguard')
  const rules = readdirSync(join(folder, 'rules'))
    .sort()
    .map((name) => join('rules', name, `${name}.rego`))
  return [join('main', 'main.rego'), ...rules].map((path) => {
    const file = join('policies', 'mcpguard', path).replaceAll('\\', '/')
    const blocks = readFileSync(join(folder, path), 'utf8')
      .split(/\n{2,}/)
      .flatMap(annotated)
    const own = blocks.find(({ code }) => code.startsWith('package '))
    if (own === undefined) throw new Error(`${file}: the package has no METADATA`)
    const { title, description = '', custom = {} } = own.metadata
    const { data = [], examples = [] } = custom
    const name = own.code.trim().split(/\s/)[1]
    return { file, name, title, description, data, examples, codes: blocks.flatMap(codesOf) }
  })
}

/** A block of lines that begins with METADATA: the YAML and the code below it. */
function annotated(block) {
  const lines = block.split('\n')
  const start = lines.indexOf('# METADATA')
  if (start < 0) return []
  const rest = lines.slice(start + 1)
  const end = rest.findIndex((line) => !line.startsWith('#'))
  const yaml = rest.slice(0, end).map((line) => line.replace(/^# ?/, ''))
  return [{ metadata: load(yaml.join('\n')), code: rest.slice(end).join('\n') }]
}

function codesOf({ metadata, code }) {
  const { title, description, custom = {} } = metadata
  const effect = code.split(' ', 1)[0]
  if (custom.codes !== undefined) {
    return Object.entries(custom.codes).map(([one, meaning]) => ({ code: one, effect, meaning }))
  }
  if (custom.code === undefined) return []
  const meaning = description === undefined ? title : `${title}. ${description}`
  return [{ code: custom.code, effect, meaning }]
}

const header = `# Shipped rules

Generated from the METADATA of [policies/](../../policies) by \`npm run generate\`; do not edit.

The rules, their reason codes, and examples, each of which is a test. An example begins with this: \`alice\` of the tenant \`acme\`, known by an API key, has the role \`reader\`, is granted every tool, prompt and resource, and calls the tool \`echo\` of the server \`everything\` without arguments; there is no other data. \`data\` and \`facts\` are what the example changes.
`

export function rulesPage(rules) {
  return [header, ...rules.map(section)].join('\n')
}

function section({ name, title, description, data, examples, codes }) {
  const files = data.map(
    (stem) =>
      `[\`${stem}/data.yaml\`](../../policies/${stem}/data.yaml) ([schema](../../schemas/policy-data/${stem}.schema.json))`,
  )
  return [
    `## ${title}`,
    '',
    `\`${name}\`${files.length === 0 ? '' : `, with ${files.join(', ')}`}`,
    '',
    description,
    '',
    '| code | effect | when |',
    '| --- | --- | --- |',
    ...codes.map(
      ({ code, effect, meaning }) => `| \`${code}\` | ${effects[effect]} | ${meaning} |`,
    ),
    '',
    ...examples.flatMap(example),
  ].join('\n')
}

const effects = {
  permit: 'permits',
  deny: 'refuses',
  _refusals: 'refuses',
  unmet: 'explains a refusal',
}

function example({ title, allow, reasons, challenge, limits, ...given }) {
  const decision = { allow, reasons, ...(challenge && { challenge }), ...(limits && { limits }) }
  return [
    `**${title}:** ${allow ? 'allowed' : 'refused'}.`,
    '',
    '```yaml',
    dump({ ...given, decision }, { flowLevel: 3, lineWidth: 100 }).trimEnd(),
    '```',
    '',
  ]
}
