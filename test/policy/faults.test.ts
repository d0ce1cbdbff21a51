/** Every known fault of the engine is harmless: a denial's worth of an answer, and the next is right. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createEvaluator, type Evaluation, type Evaluator } from '../../src/policy/evaluator.js'
import { createImage, type PolicyImage } from '../../src/policy/image.js'
import { createInstance, type PolicyInstance } from '../../src/policy/instance.js'
import { loadPolicy } from '../../src/policy/load.js'
import { rewriteModule } from '../../src/policy/rewrite.js'
import { compilePolicy } from '../../src/rego/compile-policy.js'
import { folderOf } from '../rego/folder.js'
import { threadMs } from '../support/thread-time.js'
import { compileFiles, dataOf } from './bundles.js'

const source = `package mcpguard.main

args := input.resource.arguments

answer.type := type_name(input)

answer.value := input

answer.count := count(numbers.range(1, args.n))

answer.parsed := json.unmarshal(args.json)

answer.host := semver.compare(args.a, args.b)

answer.conflict := 1 if args.conflict

answer.conflict := 2 if args.conflict

decision := answer
`
const { wasm, data } = await compileFiles({ 'main.rego': source })
const image = createImage(rewriteModule(wasm), data)
const entryPoint = image.entryPoints.get('mcpguard/main/decision') ?? -1
const bounds = { maxBytes: 32_768, budget: 1_000_000 }

function newEvaluator(): Evaluator {
  return createEvaluator(image, createInstance(image))
}

function ask(evaluator: Evaluator, args: unknown): Evaluation {
  return evaluator.evaluate(entryPoint, inputOf(args), bounds)
}

function inputOf(args: unknown): string {
  return JSON.stringify({ resource: { arguments: args } })
}

function faultOf(evaluation: Evaluation): string {
  return evaluation.kind === 'fault' ? `${evaluation.reason}: ${evaluation.problem}` : 'no fault'
}

function isRight(evaluator: Evaluator): boolean {
  const evaluation = ask(evaluator, { n: 3 })
  if (evaluation.kind !== 'defined') return false
  const { count, type } = JSON.parse(evaluation.text) as Record<string, unknown>
  return count === 3 && type === 'object'
}

test('what breaks an evaluation off is told, and the next is right', () => {
  const rows: readonly (readonly [what: string, args: unknown, fault: RegExp])[] = [
    ['a conflict', { conflict: true }, /^policy-fault: .*conflict/],
    ['an endless range', { n: 1_000_000 }, /^policy-budget: more than 1000000 units of work$/],
    ['a lone surrogate in a text of JSON', { json: '"\\ud800"' }, /^policy-fault: .*illegal/],
    ['one in a key', { json: '{"\\udfff":1}' }, /^policy-fault: .*illegal/],
    ['an answer that is too large', 'x'.repeat(40_000), /^policy-fault: the answer is too large$/],
  ]
  const evaluator = newEvaluator()
  for (const [what, args, fault] of rows) {
    assert.match(faultOf(ask(evaluator, args)), fault)
    assert.ok(isRight(evaluator), what)
  }
})

test('the budget is spent in time and counted, and one more unit would have been enough', () => {
  const evaluator = newEvaluator()
  const startedMs = threadMs()
  const trapped = ask(evaluator, { n: 1_000_000 })
  assert.ok(threadMs() - startedMs < 1_000, 'a million units are no second')
  assert.is(trapped.kind === 'fault' && trapped.spent, bounds.budget)
  const whole = ask(evaluator, { n: 100 })
  assert.is(whole.kind, 'defined')
  const spent = whole.kind === 'defined' ? whole.spent : 0
  const input = inputOf({ n: 100 })
  const exact = evaluator.evaluate(entryPoint, input, { ...bounds, budget: spent })
  assert.equal(exact, whole)
  const short = evaluator.evaluate(entryPoint, input, { ...bounds, budget: spent - 1 })
  assert.is(faultOf(short), `policy-budget: more than ${spent - 1} units of work`)
})

test('any number of aborts leaves the instance in use and its stack as deep as it was', () => {
  let made = 0
  const evaluator = createEvaluator(image, createInstance(image), () => {
    made += 1
    return createInstance(image)
  })
  // Each leaves 16 to 128 bytes on a stack of 64 KiB.
  for (const args of [{ conflict: true }, { json: '"\\ud800"' }]) {
    for (let count = 0; count < 5_000; count += 1) {
      const fault = faultOf(ask(evaluator, args))
      if (!/conflict|illegal/.test(fault)) assert.unreachable(`${count}: ${fault}`)
    }
    assert.ok(isRight(evaluator), JSON.stringify(args))
  }
  assert.is(made, 0)
})

test('an instance that read or wrote where it never should is not used again', () => {
  const broken: PolicyInstance = {
    evaluate() {
      throw new WebAssembly.RuntimeError('memory access out of bounds')
    },
    remaining: () => 7,
    recover() {},
  }
  let made = 0
  const evaluator = createEvaluator(image, broken, () => {
    made += 1
    return createInstance(image)
  })
  const problem = 'memory access out of bounds'
  const expected = { kind: 'fault', reason: 'policy-fault', problem, spent: bounds.budget }
  assert.equal(ask(evaluator, { n: 3 }), expected)
  assert.ok(isRight(evaluator) && isRight(evaluator))
  assert.is(made, 1)
})

test('falsy inputs are values like any other', () => {
  const evaluator = newEvaluator()
  const rows = [
    ['false', 'boolean'],
    ['0', 'number'],
    ['""', 'string'],
    ['null', 'null'],
    ['[]', 'array'],
    ['{}', 'object'],
  ] as const
  for (const [input, type] of rows) {
    const evaluation = evaluator.evaluate(entryPoint, input, bounds)
    const text = evaluation.kind === 'defined' ? evaluation.text : '{}'
    assert.equal(JSON.parse(text), { type, value: JSON.parse(input) })
  }
})

test('deep input is a fault, and the next answer is right', () => {
  const evaluator = newEvaluator()
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  assert.is(evaluator.evaluate(entryPoint, nested(500), bounds).kind, 'defined')
  for (const depth of [20_000, 100_000, 1_000_000]) {
    const evaluation = evaluator.evaluate(entryPoint, nested(depth), bounds)
    assert.is(evaluation.kind, 'fault', String(depth))
    assert.ok(isRight(evaluator), String(depth))
  }
})

test('huge input is a fault at once, and memory stays what it was', () => {
  const evaluator = newEvaluator()
  const huge = JSON.stringify('x'.repeat(70 * 1_048_576))
  assert.is(
    faultOf(evaluator.evaluate(entryPoint, huge, bounds)),
    'policy-fault: the input is too large',
  )
  assert.ok(isRight(evaluator))
})

test('an unknown function is refused when the policy is loaded, by its name', () => {
  const renamed = new Uint8Array(wasm)
  const name = Buffer.from('semver.compare\0')
  const at = Buffer.from(renamed.buffer).indexOf(name)
  assert.ok(at > 0)
  renamed.set(Buffer.from('semver.comparx\0'), at)
  const request = { wasm: renamed, data, contract: 1, hostModule: true, budget: 1_000_000 }
  assert.equal(loadPolicy(request), {
    ok: false,
    problems: ['built-in functions that this gateway does not have: semver.comparx'],
  })
})

test('a throwing host function is a fault; one that gives undefined makes its rule undefined', () => {
  const rows: readonly (readonly [() => number | undefined, string])[] = [
    [() => 7, '7'],
    [() => undefined, 'undefined'],
    [
      () => {
        throw new Error('broke off')
      },
      'policy-fault: broke off',
    ],
  ]
  for (const [builtin, expected] of rows) {
    const functions = new Map([['semver.compare', builtin]])
    const evaluator = createEvaluator(image, createInstance(image, functions))
    const evaluation = ask(evaluator, { a: '1', b: '2' })
    const text = evaluation.kind === 'defined' ? evaluation.text : '{}'
    const seen = evaluation.kind === 'fault' ? faultOf(evaluation) : String(JSON.parse(text).host)
    assert.is(seen, expected)
    assert.ok(isRight(evaluator))
  }
})

test('a host function that evaluates is given a fault, and the outer evaluation goes on', () => {
  const inner: Evaluation[] = []
  const functions = new Map([
    [
      'semver.compare',
      () => {
        inner.push(ask(evaluator, { n: 1 }))
        return 5
      },
    ],
  ])
  const evaluator: Evaluator = createEvaluator(image, createInstance(image, functions))
  const outer = ask(evaluator, { a: '1', b: '2' })
  assert.is(outer.kind === 'defined' && JSON.parse(outer.text).host, 5)
  assert.equal(inner.map(faultOf), ['policy-fault: evaluation inside an evaluation'])
})

test('a module larger than the memory that engines start with is given what it needs', async () => {
  const rules = Array.from(
    { length: 60 },
    (_, n) => `answer.r${n} := "${String(n).repeat(5_000)}" if input.resource.id == "${n}"`,
  )
  const large = await compileFiles({
    'main.rego': `package mcpguard.main\n\n${rules.join('\n\n')}\n\ndecision := answer\n`,
  })
  const largeImage: PolicyImage = createImage(rewriteModule(large.wasm), large.data)
  assert.ok(largeImage.heapBase > 5 * 65_536, String(largeImage.heapBase))
  const evaluation = createEvaluator(largeImage, createInstance(largeImage)).evaluate(
    largeImage.entryPoints.get('mcpguard/main/decision') ?? -1,
    JSON.stringify({ resource: { id: '59' } }),
    bounds,
  )
  assert.equal(evaluation.kind === 'defined' && JSON.parse(evaluation.text), {
    r59: '59'.repeat(5_000),
  })
})

test('data beyond the limit, or that are no JSON, are refused with their size', () => {
  const load = (bytes: Uint8Array) =>
    loadPolicy({ wasm, data: bytes, contract: 1, hostModule: true, budget: 1_000_000 })
  assert.equal(load(new Uint8Array(67_108_865)), {
    ok: false,
    problems: ['67108865 bytes of data are more than 67108864'],
  })
  assert.equal(load(Buffer.from('{"a":')), { ok: false, problems: ['the data are not JSON'] })
  assert.equal(load(dataOf({ a: '\ud800' })), {
    ok: false,
    problems: ['data hold a lone surrogate'],
  })
})

test("a package in the gateway's own name is refused when it is compiled", async () => {
  const folder = folderOf({
    'main.rego': 'package mcpguard.main\n\ndecision := {"allow": true}\n',
    'host.rego': 'package mcpguard.host\n\ndecisions[i] := {"allow": true} if some i in [0]\n',
  })
  const compiled = await compilePolicy(folder, { cacheDir: null })
  const [problem] = compiled.ok ? [] : compiled.problems
  assert.is(problem?.file, 'host.rego')
  assert.match(problem?.message ?? '', 'mcpguard.host')
})

test.run()
