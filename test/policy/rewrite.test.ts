/**
 * Policies by the product's compiler before and after they are rewritten: the same results, the
 * same spend wherever the facts are the same, and an end for what would run on.
 */
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompiledBundle, Identity } from '../../src/domain.js'
import { messageFacts } from '../../src/policy/facts.js'
import { rewriteModule, stackGlobal } from '../../src/policy/rewrite.js'
import { threadMs } from '../support/thread-time.js'
import { type BareModule, startBare } from './bare-module.js'
import { compileFiles, compileFolder } from './bundles.js'
import { callOf, identityOf } from './questions.js'

const decision = 'mcpguard/main/decision'

const shipped = await compileFolder(fileURLToPath(new URL('../../../policies', import.meta.url)))
const composed = await compileFiles({
  'main.rego': `package mcpguard.main

decision := {
	"allow": count(data.mcpguard.rules[_].permit) > 0,
	"reasons": [reason | some reason in data.mcpguard.rules[_].permit],
	"matches": glob.match("a*", [], input.resource.id),
	"digits": regex.find_all_string_submatch_n("[0-9]+", input.resource.id, -1),
	"sums": [sum(numbers.range(0, n)) | some n in numbers.range(0, 30)],
	"walked": count([path | walk(input, [path, _])]),
}
`,
  'rules.rego': `package mcpguard.rules.letters

permit contains letter if {
	some letter in split(input.resource.id, "")
	not letter in {"b", "c"}
	every other in ["x", "y"] { letter != other }
}
`,
})
const range = await compileFiles({
  'main.rego': `package mcpguard.main

decision := {"allow": count([x | some x in numbers.range(1, input.resource.arguments.n); some y in numbers.range(1, input.resource.arguments.n); x == y]) > 0}
`,
})
const strings = await compileFiles({
  'main.rego': `package mcpguard.main

decision := {"allow": contains(input.resource.arguments.text, concat("", [input.resource.arguments.text, "b"]))}
`,
})

function started({ wasm, data }: CompiledBundle): { before: BareModule; after: BareModule } {
  const text = new TextDecoder().decode(data)
  const rewritten = rewriteModule(wasm)
  return {
    before: startBare(wasm as Uint8Array<ArrayBuffer>, text),
    after: startBare(rewritten, text),
  }
}

/** After its first pattern: the library that compiles patterns sets itself up once an instance. */
function settled(bundle: CompiledBundle): BareModule {
  const { after } = started(bundle)
  run(after, factsOf('echo', identityOf(), 'hello'))
  return after
}

function run(module: BareModule, input: unknown, budget?: bigint): unknown {
  const entryPoint = module.entryPoints.get(decision)
  assert.ok(entryPoint !== undefined)
  return JSON.parse(
    module.evaluate(entryPoint, JSON.stringify(input), budget === undefined ? {} : { budget }),
  )
}

function factsOf(tool: string, identity: Identity, message: unknown) {
  const question = {
    ...callOf(tool, { message: message as string }),
    identity,
    server: { name: 'everything', labels: {} },
  }
  return messageFacts(question, [{ type: 'tool', id: tool, action: 'tools/call' }])
}

const tools = [
  'echo',
  'get-sum',
  'delete-all',
  'purge_x',
  'unheard-of',
  '',
  '*',
  'ä\u0000🙂',
  'b12c345',
]
const messages = [
  'hello',
  '',
  'x'.repeat(5_000),
  12.5,
  null,
  [[[]]],
  { __proto__: { a: 1 }, b: 'é' },
]
const inputs = [['admin'], ['reader'], ['stranger'], []].flatMap((roles) => {
  return tools.flatMap((tool) => {
    return messages.map((message) => factsOf(tool, identityOf({ roles }), message))
  })
})

for (const [name, bundle] of Object.entries({ shipped, composed })) {
  test(`${name}: equal results before and after, equal spend in any instance and order`, () => {
    const { before } = started(bundle)
    const after = settled(bundle)
    const other = settled(bundle)
    const spends = new Map<unknown, number>()
    for (const input of inputs) {
      assert.equal(run(after, input), run(before, input))
      spends.set(input, after.spent())
    }
    for (const input of inputs.toReversed()) {
      run(other, input)
      assert.is(other.spent(), spends.get(input))
    }
    const units = [...spends.values()]
    console.log(`${name}: ${Math.min(...units)}-${Math.max(...units)} units`)
    assert.ok(Math.min(...units) > 100)
    assert.ok(new Set(units).size > tools.length)
  })
}

test('the first pattern of an instance costs its set-up too, always the same', () => {
  const input = factsOf('echo', identityOf(), 'hello')
  const spends = [started(composed).after, started(composed).after].map((module) => {
    run(module, input)
    const first = module.spent()
    run(module, input)
    return [first, module.spent()]
  })
  assert.equal(spends[0], spends[1])
  const [first = 0, later = 0] = spends[0] ?? []
  assert.ok(first >= later && first - later < 20, `${first} and ${later} units`)
})

test('exactly the units that were spent suffice', () => {
  const after = settled(composed)
  const input = factsOf('echo', identityOf(), 'hello')
  const answer = run(after, input)
  const spent = after.spent()
  assert.equal(run(after, input, BigInt(spent)), answer)
  assert.throws(() => run(after, input, BigInt(spent - 1)), /unreachable/)
})

// Three lines that keep a thread for hours; text that is searched byte by byte within one builtin.
const endless = [
  ['numbers.range', range, { resource: { arguments: { n: 1_000_000 } } }],
  ['contains', strings, { resource: { arguments: { text: 'a'.repeat(2_000_000) } } }],
] as const
for (const [name, bundle, input] of endless) {
  test(`${name} ends with its budget`, () => {
    const { after } = started(bundle)
    const slowestMs = 1_000
    const startMs = threadMs()
    assert.throws(() => run(after, input, 1_000_000n), /unreachable/)
    const ms = threadMs() - startMs
    console.log(`${name}: ${ms.toFixed(1)} ms for 10^6 units`)
    assert.ok(ms < slowestMs)
    assert.is(after.spent(), 1_000_001)
  })
}

test('with its stack pointer put back a module goes on after any number of traps', () => {
  const { after } = started(composed)
  const input = factsOf('echo', identityOf(), 'hello')
  const answer = run(after, input)
  const stack = after.instance.exports[stackGlobal] as WebAssembly.Global<'i32'>
  const top = stack.value
  assert.is(top, 65_536)
  let moved = 0
  for (let units = 0n; units < 3_000n; units += 1n) {
    assert.throws(() => run(after, input, units), /unreachable/)
    if (stack.value !== top) moved += 1
    stack.value = top
  }
  assert.ok(moved > 1_000, 'a trap leaves the stack where it was')
  assert.equal(run(after, input), answer)
})

test('a module is rewritten once', () => {
  assert.throws(() => rewriteModule(rewriteModule(shipped.wasm)), /of its own|stack pointer/)
})

test.run()
