import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { HostBuiltin } from '../../src/policy/builtins/value.js'
import { createEvaluator, type Evaluation, type Evaluator } from '../../src/policy/evaluator.js'
import { createImage } from '../../src/policy/image.js'
import { createInstance, type PolicyInstance } from '../../src/policy/instance.js'
import { link } from '../../src/policy/link.js'
import { rewriteModule } from '../../src/policy/rewrite.js'
import { compileFiles } from './bundles.js'
import { printedSeed } from './seed.js'

/** Every way of work and of breaking off, by the question's kind. */
const policy = `package mcpguard.main

q := input.resource.arguments

answer.conflict := 1 if q.kind == "conflict"

answer.conflict := 2 if q.kind == "conflict"

answer.regex := regex.match(q.pattern, q.text) if q.kind == "regex"

answer.found := regex.find_all_string_submatch_n(q.pattern, q.text, -1) if {
	q.kind == "regex"
}

answer.glob := glob.match(q.pattern, ["/"], q.text) if q.kind == "glob"

answer.range := count(numbers.range(1, q.n)) if q.kind == "range"

answer.loop := count([x |
	some x in q.list
	some y in q.list
	x <= y
]) if {
	q.kind == "loop"
}

answer.parsed := json.unmarshal(q.text) if q.kind == "json"

answer.sum := sum([to_number(n) | some n in q.numbers]) * 1.1 if q.kind == "numbers"

answer.host := semver.compare(q.a, q.b) if q.kind == "host"

answer.long := concat(q.text, [format_int(n, 10) | some n in numbers.range(1, q.n)]) if {
	q.kind == "long"
}

answer.looked := data.table[q.key] if q.kind == "look"

answer.walked := count([path | walk(q.tree, [path, _])]) if q.kind == "walk"

answer.type := type_name(input)

answer.text := upper(sprintf_free) if sprintf_free

sprintf_free := concat("-", sort(split(q.text, "a"))) if q.kind == "text"

decision := answer
`
const table = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, { n, deep: [n] }]))
const { wasm, data } = await compileFiles({ 'main.rego': policy }, { table })
const image = createImage(rewriteModule(wasm), data)
const entryPoint = image.entryPoints.get('mcpguard/main/decision') ?? -1

const broken: HostBuiltin = (a, b) => {
  if (a === 'throw') throw new Error('a host function broke off')
  return a === 'undefined' ? undefined : a === b ? 0 : 1
}
const functions = new Map([['semver.compare', broken]])
/** Sums of very large and very small decimals are the way to it. */
const costly = /memory access out of bounds/
const bounds = { maxBytes: 4_000, budget: 40_000 }

let made = 0

function newInstance(): PolicyInstance {
  made += 1
  return createInstance(image, functions)
}

function newEvaluator(): Evaluator {
  return createEvaluator(image, newInstance(), newInstance, async () => newInstance())
}

const words = fc.string({ maxLength: 30, unit: fc.constantFrom('a', 'b', '/', '.', 'ä', '1') })
const patterns = fc.oneof(
  fc.constantFrom('(a|b)*', '^a+b', '[', 'a{0,500}b{0,500}', '(x+x+)+y', '\\pL+', '(?i)ÄB'),
  words,
)
const globs = fc.oneof(fc.constantFrom('a*', '{a,b}/**', '[!a]*', 'a/*/b', '**'), words)
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
const input: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({ kind: fc.constant('conflict') }),
  fc.record({ kind: fc.constant('regex'), pattern: patterns, text: words }),
  fc.record({ kind: fc.constant('glob'), pattern: globs, text: words }),
  fc.record({ kind: fc.constant('range'), n: fc.constantFrom(1, 100, 3_000, 1_000_000) }),
  fc.record({ kind: fc.constant('loop'), list: fc.array(fc.integer(), { maxLength: 60 }) }),
  fc.record({
    kind: fc.constant('json'),
    text: fc.oneof(
      fc.constantFrom(
        '"\\ud800"',
        '{"\\udc00":1}',
        '[1,',
        nested(500),
        nested(2_000),
        nested(20_000),
        nested(100_000),
        '"\\u0000"',
      ),
      fc.json({ maxDepth: 3 }),
    ),
  }),
  fc.record({ kind: fc.constant('numbers'), numbers: fc.array(fc.double().map(String)) }),
  fc.record({
    kind: fc.constant('host'),
    a: fc.constantFrom('throw', 'undefined', '1'),
    b: fc.constantFrom('1', '2'),
  }),
  fc.record({ kind: fc.constant('long'), n: fc.constantFrom(10, 900), text: words }),
  fc.record({ kind: fc.constant('look'), key: fc.constantFrom('k1', 'k49', 'none') }),
  fc.record({ kind: fc.constant('walk'), tree: fc.jsonValue({ maxDepth: 4 }) }),
  fc.record({ kind: fc.constant('text'), text: words }),
  fc.constantFrom(false, 0, '', null, [], 'text'),
)

test('an answer and its cost are those of a fresh instance, whatever ran before', () => {
  const evaluations = Number(process.env['MCPGUARD_RECOVERY'] ?? 100_000)
  const seed = printedSeed('recovery')
  const cases = [
    ...fc.sample(input, { numRuns: 400, seed }).map(inputOf),
    // A sum of decimals far apart costs the instance; it is asked every thousandth time.
    inputOf({ kind: 'numbers', numbers: ['1e300', '1e-300'] }),
  ]
  const fresh = cases.map((text) => newEvaluator().evaluate(entryPoint, text, bounds))
  const random = fc.sample(fc.nat({ max: cases.length - 1 }), { numRuns: 1_000, seed })
  const used = newEvaluator()
  made = 0
  const counts = new Map<string, number>()
  let lost = 0
  const startedMs = performance.now()
  for (let done = 0; done < evaluations; done += 1) {
    const last = cases.length - 1
    const index = done % 1_000 === 0 ? last : ((random[done % 1_000] ?? 0) + done) % last
    const evaluation = used.evaluate(entryPoint, cases[index] ?? '', bounds)
    const expected = fresh[index]
    if (!isSame(evaluation, expected)) {
      assert.equal(evaluation, expected, `evaluation ${done} of ${cases[index]?.slice(0, 200)}`)
    }
    const kind = kindOf(evaluation)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    if (evaluation.kind === 'fault' && costly.test(evaluation.problem)) lost += 1
  }
  console.log(`${evaluations} evaluations in ${Math.round(performance.now() - startedMs)} ms:`, [
    ...counts,
  ])
  assert.ok(lost >= evaluations / 1_000, `${lost} instances lost`)
  assert.ok(made <= lost + 1, `${made} instances made, ${lost} lost`)
  for (const kind of ['defined', 'policy-fault', 'policy-budget']) {
    assert.ok((counts.get(kind) ?? 0) > evaluations / 100, kind)
  }
})

test('evaluations and aborts change nothing in memory but variables and what is above the data', () => {
  const seed = printedSeed('memory')
  const table = image.builtins.map((name) => functions.get(name))
  const { bytes, text, budget, stackPointer, exports } = link(image.module, image.pages, table)
  const { heapBase, heap, variables } = image
  bytes.set(heap, heapBase)
  const heapEnd = heapBase + heap.length
  const before = bytes.slice(0, heapEnd)
  const stackTop = stackPointer.value
  let aborts = 0
  for (const value of fc.sample(input, { numRuns: 2_000, seed })) {
    budget.value = 60_000n
    const written = text.write(inputOf(value), heapEnd)
    const above = heapEnd + written
    try {
      exports.opa_eval(0, entryPoint, image.dataAddress, heapEnd, written, above, 0)
    } catch {
      aborts += 1
      stackPointer.value = stackTop
    }
    bytes.set(before.subarray(variables.from, variables.to), variables.from)
  }
  assert.ok(aborts > 100, `${aborts} aborts`)
  const changed: number[] = []
  for (let at = stackTop; at < heapEnd; at += 1) if (bytes[at] !== before[at]) changed.push(at)
  assert.equal(changed, [])
})

function inputOf(value: unknown): string {
  const isQuestion = typeof value === 'object' && value !== null && 'kind' in value
  return JSON.stringify(isQuestion ? { resource: { arguments: value } } : value)
}

/** Compared by hand, because most of the time goes here otherwise. */
function isSame(a: Evaluation, b: Evaluation | undefined): boolean {
  if (b === undefined || a.kind !== b.kind || a.kind === 'unreadable') return a.kind === b?.kind
  if (b.kind === 'unreadable' || a.spent !== b.spent) return false
  if (a.kind === 'defined') return b.kind === 'defined' && a.text === b.text
  return a.kind !== 'fault' || (b.kind === 'fault' && a.problem === b.problem)
}

function kindOf(evaluation: Evaluation): string {
  return evaluation.kind === 'fault' ? evaluation.reason : evaluation.kind
}

test.run()
