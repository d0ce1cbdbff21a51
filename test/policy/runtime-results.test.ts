/**
 * Results of rules that are kept while an evaluation lasts: those from before a `with` are there
 * again behind it, none of them is seen inside, and nothing of an evaluation that broke off at any
 * depth reaches the next.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { HostBuiltin } from '../../src/policy/builtins/value.js'
import { createImage } from '../../src/policy/image.js'
import { createInstance } from '../../src/policy/instance.js'
import { rewriteModule } from '../../src/policy/rewrite.js'
import { startBare } from './bare-module.js'
import { compileFiles } from './bundles.js'
import { printedSeed } from './seed.js'

const { wasm, data } = await compileFiles({
  'main.rego': `package mcpguard.main

args := input.resource.arguments

# Asks the host, which counts, and gives up where it is told to.
seen := [args.name, semver.compare(args.name, "x")] if _goes_on

_goes_on := true

_goes_on := false if args.name == args.at

decision := [seen, _outer, seen, _outer]

_outer := [seen, found, seen] if found := _middle with input.resource.arguments.name as "one"

_middle := [seen, found, seen] if {
	found := _inner with input.resource.arguments.name as "two" with data.separator as "~"
}

_inner := [seen, found, seen, found] if found := _last with input.resource.arguments.name as "three"

_last := [seen, seen]
`,
})
const image = createImage(rewriteModule(wasm), data)
const plain = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>)
const entryPoint = image.entryPoints.get('mcpguard/main/decision') ?? -1

const asked: unknown[] = []
const counting: HostBuiltin = (name) => {
  asked.push(name)
  return 0
}
const functions = new Map([['semver.compare', counting]])

/** What is answered, or what breaks it off, and what the host was asked for it. */
function told(evaluate: () => string | null): unknown {
  asked.length = 0
  let outcome: string | null
  try {
    outcome = evaluate()
  } catch (thrown) {
    outcome = `${thrown}`.replace(/^\w*: /, '')
  }
  return [outcome, ...asked]
}

const inputs = ['one', 'two', 'three', 'a', ''].flatMap((name) =>
  ['one', 'two', 'three', 'a', 'nowhere'].map((at) =>
    JSON.stringify({ resource: { arguments: { name, at } } }),
  ),
)
const expected = inputs.map((input) => {
  const bare = startBare(plain, '{}', functions)
  return told(() => bare.evaluate(entryPoint, input).slice('[{"result":'.length, -'}]'.length))
})

test('the runtime itself keeps results across a `with`', () => {
  const [outcome, ...names] = expected[inputs.findIndex((input) => /"a".*nowhere/.test(input))] as [
    string,
    ...string[],
  ]
  const [own, one, two, three] = ['a', 'one', 'two', 'three'].map((name) => [name, 0])
  const last = [three, three]
  const outer = [own, [one, [two, last, two, last], one], own]
  assert.equal(JSON.parse(outcome), [own, outer, own, outer])
  // Asked twice, since what stands behind a `with` in the same rule starts afresh.
  assert.equal(names, ['a', 'three', 'two', 'one', 'a'])
})

test('each rule is worked out as often as there, whatever broke off before', () => {
  const instance = createInstance(image, functions)
  const counts = { whole: 0, conflict: 0, budget: 0 }
  fc.assert(
    fc.property(fc.nat(inputs.length - 1), fc.nat({ max: 20_000 }), (index, budget) => {
      const found = told(() => instance.evaluate(entryPoint, inputs[index] ?? '', 4_000, budget))
      if (instance.remaining() < 0) counts.budget += 1
      else {
        assert.equal(found, expected[index])
        counts[String(found).includes('conflict') ? 'conflict' : 'whole'] += 1
      }
      instance.recover()
    }),
    { numRuns: 1_000, seed: printedSeed('results that are kept') },
  )
  for (const [what, count] of Object.entries(counts)) assert.ok(count > 50, `${what}: ${count}`)
})

test.run()
