/** Bundles for the tests of the decision point, from Rego by the product's own compiler. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CompiledBundle, JsonObject } from '../../src/domain.js'
import { createEvaluator, type Evaluator } from '../../src/policy/evaluator.js'
import { createInstance } from '../../src/policy/instance.js'
import { type LoadedPolicy, loadPolicy } from '../../src/policy/load.js'
import { compilePolicy, formatProblem } from '../../src/rego/compile-policy.js'

/** Below the build, so that a second run of the tests compiles nothing. */
const cacheDir = fileURLToPath(new URL('../../.test-cache/policy', import.meta.url))

/** Data as a bundle carries them; a lone surrogate becomes the escape that JSON has for it. */
export function dataOf(data: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(data))
}

export async function compileFiles(
  files: Readonly<Record<string, string>>,
  data: JsonObject = {},
): Promise<CompiledBundle> {
  const root = await mkdtemp(join(tmpdir(), 'mcp-guard-policy-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true })
      await writeFile(join(root, name), text)
    }
    return { ...(await compileFolder(root)), data: dataOf(data) }
  } finally {
    await rm(root, { recursive: true })
  }
}

export async function compileFolder(path: string): Promise<CompiledBundle> {
  const compiled = await compilePolicy(path, { cacheDir })
  if (!compiled.ok) throw new Error(compiled.problems.map(formatProblem).join('\n'))
  return compiled.bundle
}

export function loadedOf(bundle: CompiledBundle): LoadedPolicy {
  const outcome = loadPolicy({ ...bundle, budget: 1_000_000 })
  if (!outcome.ok) throw new Error(outcome.problems.join('; '))
  return outcome.policy
}

/** On an instance of its own. */
export function evaluatorOf({ image }: LoadedPolicy): Evaluator {
  return createEvaluator(image, createInstance(image))
}

/** Answers with whatever `data.answers` holds for the resource's id; faults and gaps on request. */
export const answers = `package mcpguard.main

decision := data.answers[input.resource.id]

decision := {"allow": true} if input.resource.id == "conflict"

decision := {"allow": false} if input.resource.id == "conflict"

decision := {"allow": object.get(input, "items", null) != null} if {
	input.resource.id == "allowed-in-lists"
}

decision := {"allow": true, "reasons": {"b", "a", "c"}} if input.resource.id == "set"

decision := {"allow": true, "reasons": [concat("-", [word |
	some _ in numbers.range(1, 600)
	word := "a-word-of-sixty-four-characters-so-that-a-few-hundred-are-enough"
])]} if {
	input.resource.id == "long"
}

decision := {"allow": input.resource.arguments == {"n": 1}} if {
	input.resource.id == "by-arguments"
	input.context.question == "message"
}

decision := {"allow": true, "limits": [limit]} if {
	input.resource.id == "by-arguments"
	input.context.question == "item"
}

decision := {"allow": true, "reasons": [input.context.question], "limits": [limit]} if {
	input.resource.id == "limited"
}

limit := {
	"name": input.context.question,
	"tier": "gold",
	"key": [input.subject.id],
	"cost": 1,
	"tokens": 100,
	"per": "1m",
	"burst": 20,
}
`
