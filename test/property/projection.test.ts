/**
 * A policy that is sent only the members it can read answers as if it had been sent everything: on
 * random policies, with the paths that the compiler reports for each, over valid and spoilt facts.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompiledBundle, Json } from '../../src/domain.js'
import { compileProjection, type Projection, projectedText } from '../../src/policy/project.js'
import { capabilities } from '../../src/rego/compile-policy.js'
import { must, onSource } from '../rego/reactor-fixture.js'
import { builtinNames, randomBatch, randomTexts } from '../support/engine-trial.js'
import { production } from '../support/engines.js'
import { seededRandom } from '../support/random.js'
import type { RegoPackage } from '../support/rego-policies.js'
import { isSameAnswer } from '../support/same-answer.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
const policies = 100
const factsEach = 150

function pathsOf({ name, text }: RegoPackage): CompiledBundle['paths'] {
  const reply = onSource('paths', { 'p.rego': text }, { entryPoint: `gen/${name}/out` })
  return must(reply)['paths'] as CompiledBundle['paths']
}

test(`full and projected facts are answered alike by ${policies} policies (seed ${seed})`, () => {
  const random = seededRandom(seed)
  const { batch } = randomBatch(random, policies, builtinNames(capabilities()))
  const facts = randomTexts(random, factsEach)
  const evaluate = production(batch)
  const reached = { whole: 0, shorter: 0, nothing: 0, defined: 0, errors: 0 }

  function compare(index: number, projection: Projection, text: string): void {
    const projected = projectedText(projection, JSON.parse(text) as Json) ?? '{}'
    if (projected === '{}') reached.nothing += 1
    if (projected.length < text.length) reached.shorter += 1
    const full = evaluate(index, text)
    // A lone surrogate that is not read does not reach the engine.
    if (full.kind === 'unreadable') return
    const answer = evaluate(index, projected)
    if (answer.kind === 'defined') reached.defined += 1
    if (answer.kind === 'error') reached.errors += 1
    if (isSameAnswer(full, answer)) return
    const policy = batch.packages[index]?.text
    const shown = [policy, text, projected, JSON.stringify(full), JSON.stringify(answer)]
    throw new Error(`another answer for what is read alone:\n${shown.join('\n')}`)
  }

  for (const [index, made] of batch.packages.entries()) {
    const paths = pathsOf(made)
    if (paths === null) reached.whole += 1
    const projection = compileProjection(paths)
    for (const text of facts) compare(index, projection, text)
  }
  console.log({ policies: batch.packages.length, ...reached })
  for (const [what, count] of Object.entries(reached)) assert.ok(count > 0, what)
})

test.run()
