/**
 * Whether the tests of the shipped policy notice a mutant. First the tests beside the mutated file,
 * many mutants in one go, each in packages of its own name; then, for those that were not noticed,
 * all Rego tests with the mutant in its place; last the table of decisions, compiled.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CompiledBundle, Json, JsonObject } from '../../../src/domain.js'
import { compile, must, onSource } from '../../rego/reactor-fixture.js'
import { decisionRows, factsOf } from '../decision-rows.js'
import { asker, shippedPolicies } from '../shipped.js'
import type { Mutant } from './mutants.js'

export type Verdict = 'killed' | 'invalid' | 'survived'
type Files = Readonly<Record<string, string>>

export const policyFiles: Files = Object.fromEntries(
  readdirSync(shippedPolicies, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(rego|yaml|manifest)$/.test(name))
    .sort()
    .map((name) => [name, readFileSync(join(shippedPolicies, name), 'utf8')]),
)
const withoutTests: Files = Object.fromEntries(
  Object.entries(policyFiles).filter(
    ([name]) => !name.endsWith('_test.rego') || name.endsWith('fixtures_test.rego'),
  ),
)
const batchSize = 20
const expected = answersOf(must(compile({ ...withoutTests })))

/** The verdicts, in the order of the mutants. */
export function judge(mutants: readonly Mutant[]): Verdict[] {
  const verdicts: Verdict[] = []
  for (let at = 0; at < mutants.length; at += batchSize) {
    verdicts.push(...byTestsBeside(mutants.slice(at, at + batchSize)))
  }
  return verdicts.map((verdict, index) => {
    const mutant = mutants[index]
    return verdict === 'survived' && mutant !== undefined ? byEverything(mutant) : verdict
  })
}

function byTestsBeside(mutants: readonly Mutant[]): Verdict[] {
  const invalid = new Set<number>()
  for (;;) {
    if (invalid.size === mutants.length) return mutants.map(() => 'invalid')
    // Without roots, outside of which the packages of the mutants would lie.
    const source: Record<string, string> = { ...withoutTests, '.manifest': '{"rego_version": 1}' }
    for (const [index, { file, text }] of mutants.entries()) {
      if (invalid.has(index)) continue
      const tests = policyFiles[file.replace(/\.rego$/, '_test.rego')] ?? ''
      const own = /^package (\S+)$/m.exec(text)?.[1] ?? ''
      source[`m${index}/rule.rego`] = renamed(text, own, index)
      source[`m${index}/rule_test.rego`] = renamed(tests, own, index)
    }
    const reply = onSource('test', source, { run: '^data\\.m[0-9]+\\.', coverage: false })
    if (reply.ok) {
      const failed = new Set(failedTests(reply.result).map((name) => name.split('.')[1]))
      return mutants.map((_, index) => {
        if (invalid.has(index)) return 'invalid'
        return failed.has(`m${index}`) ? 'killed' : 'survived'
      })
    }
    const before = invalid.size
    for (const { file } of reply.problems ?? []) {
      const index = /^m([0-9]+)\//.exec(String(file))?.[1]
      if (index !== undefined) invalid.add(Number(index))
    }
    if (invalid.size === before) must(reply)
  }
}

function renamed(text: string, own: string, index: number): string {
  const name = own.replaceAll('.', '\\.')
  return text.replaceAll(new RegExp(`\\b${name}(?=_test\\b|\\b)`, 'g'), `m${index}.${own}`)
}

/** `data.<package>` of the tests that did not pass. */
function failedTests(result: JsonObject | undefined): string[] {
  const tests = (result?.['tests'] ?? []) as JsonObject[]
  if (tests.length === 0) throw new Error('no test ran')
  return tests
    .filter(({ outcome }) => outcome !== 'pass')
    .map((outcome) => `data.${String(outcome['package']).replace(/^data\./, '')}`)
}

function byEverything({ file, text }: Mutant): Verdict {
  const reply = onSource('test', { ...policyFiles, [file]: text }, { run: '', coverage: false })
  if (!reply.ok) return 'invalid'
  if (failedTests(reply.result).length > 0) return 'killed'
  const compiled = compile({ ...withoutTests, [file]: text })
  return compiled.ok && answersOf(must(compiled)) === expected ? 'survived' : 'killed'
}

/** What a bundle says to every row of the table, as one text. */
function answersOf(result: JsonObject): string {
  const data = result['data'] as JsonObject
  const bundle: CompiledBundle = {
    wasm: Buffer.from(String(result['wasm']), 'base64'),
    data: encoded(data),
    revision: 'r',
    contract: 1,
    paths: null,
    hostModule: true,
  }
  try {
    const ask = asker(bundle)
    return JSON.stringify(
      decisionRows.map((row) => {
        const other = row.data === undefined ? null : encoded({ ...data, ...row.data })
        const asked = other === null ? ask : asker({ ...bundle, data: other })
        return asked(factsOf(row)) as Json
      }),
    )
  } catch (thrown) {
    return String(thrown)
  }
}

function encoded(data: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(data))
}
