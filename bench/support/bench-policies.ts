/**
 * Policies to measure: the shipped bundle, the same with many grants, one that names the argument it
 * reads, and the shipped composition over many rule packages. Compiled as an operator's would be,
 * each on a holder of its own.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { CompiledBundle, DecisionPoint, JsonObject } from '../../src/domain.js'
import { packageFile } from '../../src/lib/package-root.js'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { compilePolicy, formatProblem } from '../../src/rego/compile-policy.js'

export async function compileBench(path: string): Promise<CompiledBundle> {
  const compiled = await compilePolicy(path, { deadlineMs: 300_000 })
  if (!compiled.ok) throw new Error(compiled.problems.map(formatProblem).join('\n'))
  return compiled.bundle
}

export function compileShipped(): Promise<CompiledBundle> {
  return compileBench(packageFile('policies'))
}

export async function activate(bundle: CompiledBundle): Promise<DecisionPoint> {
  const holder = createPolicyHolder()
  await holder.activate(bundle)
  const decisionPoint = holder.current()
  if (decisionPoint === null) throw new Error('no policy is active')
  return decisionPoint
}

/** The shipped bundle; a `reader` has so many exact tools of the server `everything`. */
export function withGrants(shipped: CompiledBundle, count: number): CompiledBundle {
  const data = JSON.parse(new TextDecoder().decode(shipped.data)) as JsonObject
  const tools: JsonObject = { echo: {} }
  for (let index = 1; index < count; index += 1) tools[`tool-${index}`] = {}
  data['grants'] = { reader: { everything: { tools } } }
  const revision = `${shipped.revision} with ${count} grants`
  return { ...shipped, revision, data: new TextEncoder().encode(JSON.stringify(data)) }
}

/** Reads one member of the arguments by its name. */
export function compileNamed(): Promise<CompiledBundle> {
  const text = `package mcpguard.main

default decision := {"allow": false}

decision := {"allow": true} if {
	"reader" in input.subject.roles
	input.resource.id in data.tools
	path_ok
}

path_ok if input.context.question == "item"

path_ok if startswith(input.resource.arguments.path, "/workspace/")
`
  return compileFiles({ 'main.rego': text, 'data.json': '{"tools": ["echo", "read_file"]}' })
}

/** The shipped composition over so many small packages, of which each message fits one. */
export async function compilePackages(count: number): Promise<CompiledBundle> {
  const shipped = ['mcpguard/main/main.rego', 'mcpguard/lib/facts/facts.rego']
  const files: Record<string, string> = {}
  for (const name of shipped) files[name] = await readFile(packageFile('policies', name), 'utf8')
  for (let index = 0; index < count; index += 1) {
    files[`mcpguard/rules/rule_${index}/rule.rego`] = `package mcpguard.rules.rule_${index}

permit contains "rule-${index}" if {
	some role in input.subject.roles
	data.rights[role]["tool-${index}"]
	input.resource.id == "tool-${index}"
}

deny contains "blocked-${index}" if {
	some prefix in data.blocked.set_${index}
	startswith(input.resource.arguments.path, prefix)
}
`
  }
  const tools = Array.from({ length: count }, (_, index) => [`tool-${index}`, true])
  const sets = Array.from({ length: count }, (_, index) => [`set_${index}`, [`/blocked/${index}/`]])
  files['rights/data.json'] = JSON.stringify({ reader: Object.fromEntries(tools) })
  files['blocked/data.json'] = JSON.stringify(Object.fromEntries(sets))
  return compileFiles(files)
}

export async function compileFiles(
  files: Readonly<Record<string, string>>,
): Promise<CompiledBundle> {
  const root = await mkdtemp(join(tmpdir(), 'mcp-guard-bench-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true })
      await writeFile(join(root, name), text)
    }
    return await compileBench(root)
  } finally {
    await rm(root, { recursive: true })
  }
}
