import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createEvaluator, hasLoneSurrogate } from '../../src/policy/evaluator.js'
import { createInstance, memoryFor, type PolicyImage } from '../../src/policy/instance.js'
import { answers, compileFiles } from './bundles.js'

const bundle = await compileFiles({ 'main.rego': answers })
const data = new TextEncoder().encode('{"answers":{"yes":{"allow":true}}}').slice().buffer
const image: PolicyImage = {
  module: await WebAssembly.compile(new Uint8Array(bundle.wasm)),
  data,
  memory: memoryFor(bundle.wasm.byteLength, data.byteLength),
}
const inputOf = (id: string) => JSON.stringify({ resource: { id } })
const yes = { kind: 'defined', text: '{"allow":true}', spent: 0 }
const undefinedResult = { kind: 'undefined', spent: 0 }
const budget = 1_000_000
const bounds = { maxBytes: 100, budget }

function evaluatorOf() {
  const instance = createInstance(image)
  const entryPoint = instance.entryPoints.get('mcpguard/main/decision') ?? -1
  const evaluator = createEvaluator(image, instance)
  return (input: string, maxBytes = 32_768) =>
    evaluator.evaluate(entryPoint, input, { maxBytes, budget })
}

test('what the engine throws is a fault, never a throw', () => {
  const evaluate = evaluatorOf()
  const conflict = evaluate(inputOf('conflict'))
  assert.is(conflict.kind, 'fault')
  assert.match(conflict.kind === 'fault' ? conflict.problem : '', 'conflict')
  const deep = evaluate(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  assert.is(deep.kind, 'fault')
  const long = evaluate(inputOf('long'))
  assert.equal(long, {
    kind: 'fault',
    reason: 'policy-fault',
    problem: 'the answer is too large',
    spent: 0,
  })
  const instance = createInstance(image)
  const wrong = createEvaluator(image, instance).evaluate(99, '{}', bounds)
  assert.is(wrong.kind, 'fault')
  assert.equal(evaluate(inputOf('yes')), yes)
})

test('undefined is not a fault', () => {
  const evaluate = evaluatorOf()
  for (const input of ['{}', '[]', 'null', 'false', '0', '""', inputOf('unheard of')]) {
    assert.equal(evaluate(input), undefinedResult, input)
  }
})

test('lone surrogates are found in the text and nothing else is', () => {
  const rows: readonly (readonly [text: string, lone: boolean])[] = [
    ['\ud800', true],
    ['a\udfff', true],
    ['\udc00\ud800', true],
    ['\\\ud800', true],
    ['\\\\\ud83d', true],
    ['"\ud83d', true],
    ['\u{1f600}', false],
    ['\\ud800', false],
    ['\\\\ud800', false],
    ['\\\\\\udfff', false],
    ['\\\\\\\\ud8', false],
    ['ud800', false],
    ['\u0001', false],
    ['\ud7ff\ue000', false],
    ['', false],
  ]
  for (const [text, lone] of rows) {
    assert.is(hasLoneSurrogate(JSON.stringify(text)), lone, JSON.stringify(text))
    assert.is(hasLoneSurrogate(JSON.stringify({ [text]: 1 })), lone, JSON.stringify(text))
    assert.is(!text.isWellFormed(), lone)
  }
})

test('a lone surrogate does not reach the engine, and costs no instance', () => {
  let made = 0
  const first = createInstance(image)
  const counting = {
    ...first,
    evaluate(entryPoint: number, input: string, maxBytes: number) {
      made += 1
      return first.evaluate(entryPoint, input, maxBytes)
    },
  }
  const evaluator = createEvaluator(image, counting)
  assert.equal(evaluator.evaluate(0, inputOf('\ud800'), bounds), { kind: 'unreadable' })
  assert.is(made, 0)
  evaluator.evaluate(first.entryPoints.get('mcpguard/main/decision') ?? -1, inputOf('yes'), bounds)
  assert.is(made, 1)
})

test('right answers after 3,000 evaluations that abort', () => {
  const evaluate = evaluatorOf()
  const startedMs = performance.now()
  for (let count = 0; count < 3_000; count += 1) {
    assert.is(evaluate(inputOf('conflict')).kind, 'fault')
    if (count % 100 === 0) assert.equal(evaluate(inputOf('yes')), yes, String(count))
  }
  assert.equal(evaluate(inputOf('yes')), yes)
  console.log(`a fault: ${((performance.now() - startedMs) / 3_000).toFixed(3)} ms`)
})

test('memory is bounded: an input that does not fit is a fault, the next is answered', () => {
  const evaluate = evaluatorOf()
  const large = JSON.stringify({ resource: { id: 'yes', list: Array(1_500_000).fill([1]) } })
  assert.is(evaluate(large).kind, 'fault')
  assert.equal(evaluate(inputOf('yes')), yes)
  const fitting = JSON.stringify({ resource: { id: 'yes', text: 'ä'.repeat(2_000_000) } })
  assert.equal(evaluate(fitting), yes)
})

test('an evaluation inside an evaluation is refused', () => {
  const first = createInstance(image)
  const inner: unknown[] = []
  const evaluator = createEvaluator(image, {
    ...first,
    evaluate() {
      inner.push(evaluator.evaluate(0, '{}', bounds))
      return '1'
    },
  })
  assert.equal(evaluator.evaluate(0, '{}', bounds), { kind: 'defined', text: '1', spent: 0 })
  assert.equal(inner, [
    {
      kind: 'fault',
      reason: 'policy-fault',
      problem: 'evaluation inside an evaluation',
      spent: 0,
    },
  ])
  assert.equal(evaluator.evaluate(0, '{}', bounds), { kind: 'defined', text: '1', spent: 0 })
})

test('texts of every kind arrive as they were sent', () => {
  const evaluate = evaluatorOf()
  for (const id of ['ä', '\u{1f600}', '\u0000', '\u2028', '"\\', 'x'.repeat(100_000)]) {
    assert.equal(evaluate(inputOf(id)), undefinedResult, JSON.stringify(id.slice(0, 9)))
  }
})

test.run()
