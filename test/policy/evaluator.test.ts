import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createEvaluator, type Evaluation, hasLoneSurrogate } from '../../src/policy/evaluator.js'
import { createInstance, type PolicyInstance } from '../../src/policy/instance.js'
import { answers, compileFiles, evaluatorOf, loadedOf } from './bundles.js'

const bundle = await compileFiles({ 'main.rego': answers }, { answers: { yes: { allow: true } } })
const loaded = loadedOf(bundle)
const { image, entryPoints } = loaded
const inputOf = (id: string) => JSON.stringify({ resource: { id } })
const bounds = { maxBytes: 32_768, budget: 1_000_000 }

function asker(budget = bounds.budget): (input: string) => Evaluation {
  const evaluator = evaluatorOf(loaded)
  return (input) => evaluator.evaluate(entryPoints.decision, input, { ...bounds, budget })
}

function textOf(evaluation: Evaluation): string | undefined {
  return evaluation.kind === 'defined' ? evaluation.text : undefined
}

/** Kind and problem: what a fault cost is another matter. */
function faultOf(evaluation: Evaluation): readonly string[] {
  return evaluation.kind === 'fault' ? [evaluation.reason, evaluation.problem] : [evaluation.kind]
}

test('what the engine throws is a fault, never a throw', () => {
  const evaluate = asker()
  const conflict = evaluate(inputOf('conflict'))
  assert.equal(faultOf(conflict)[0], 'policy-fault')
  assert.match(faultOf(conflict)[1] ?? '', 'conflict')
  const deep = evaluate(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  assert.is(deep.kind, 'fault')
  assert.equal(faultOf(evaluate(inputOf('long'))), ['policy-fault', 'the answer is too large'])
  assert.is(evaluatorOf(loaded).evaluate(99, '{}', bounds).kind, 'fault')
  assert.is(textOf(evaluate(inputOf('yes'))), '{"allow":true}')
})

test('undefined is not a fault', () => {
  const evaluate = asker()
  for (const input of ['{}', '[]', 'null', 'false', '0', '""', inputOf('unheard of')]) {
    assert.is(evaluate(input).kind, 'undefined', input)
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

/** An instance of which every call is counted. */
function counting(first: PolicyInstance) {
  const calls: string[] = []
  const instance: PolicyInstance = {
    ...first,
    evaluate(entryPoint, input, maxBytes, units) {
      calls.push(input)
      return first.evaluate(entryPoint, input, maxBytes, units)
    },
  }
  return { calls, instance }
}

test('a lone surrogate does not reach the engine', () => {
  const { calls, instance } = counting(createInstance(image))
  const evaluator = createEvaluator(image, instance)
  assert.equal(evaluator.evaluate(0, inputOf('\ud800'), bounds), { kind: 'unreadable' })
  assert.equal(calls, [])
  evaluator.evaluate(entryPoints.decision, inputOf('yes'), bounds)
  assert.equal(calls, [inputOf('yes')])
})

test('memory is bounded: an input that does not fit is a fault, the next is answered', () => {
  const evaluate = asker(1_000_000_000)
  const large = JSON.stringify({ resource: { id: 'yes', list: Array(1_500_000).fill([1]) } })
  assert.is(evaluate(large).kind, 'fault')
  assert.is(textOf(evaluate(inputOf('yes'))), '{"allow":true}')
  const fitting = JSON.stringify({ resource: { id: 'yes', text: 'ä'.repeat(2_000_000) } })
  assert.is(textOf(evaluate(fitting)), '{"allow":true}')
})

test('an evaluation inside an evaluation is refused, and the outer one goes on', () => {
  const first = createInstance(image)
  const inner: Evaluation[] = []
  const evaluator = createEvaluator(image, {
    ...first,
    evaluate(...args) {
      inner.push(evaluator.evaluate(entryPoints.decision, inputOf('conflict'), bounds))
      return first.evaluate(...args)
    },
  })
  const outer = evaluator.evaluate(entryPoints.decision, inputOf('yes'), bounds)
  assert.is(textOf(outer), '{"allow":true}')
  assert.equal(inner.map(faultOf), [['policy-fault', 'evaluation inside an evaluation']])
})

test('texts of every kind arrive as they were sent', () => {
  const evaluate = asker()
  for (const id of ['ä', '\u{1f600}', '\u0000', '\u2028', '"\\', 'x'.repeat(100_000)]) {
    assert.is(evaluate(inputOf(id)).kind, 'undefined', JSON.stringify(id.slice(0, 9)))
  }
})

test.run()
