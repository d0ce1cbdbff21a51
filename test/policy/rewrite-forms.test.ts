/**
 * Every form that code can take, assembled by hand: the rewritten module gives the same results,
 * and the units are what reading the code says.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { budgetGlobal, rewriteModule, stackGlobal } from '../../src/policy/rewrite.js'
import { assemble, empty, exported, list, type Parts, text } from './assemble.js'
import { forms, get, one, type Value } from './rewrite-forms.js'

interface Running {
  readonly run: (...args: Value[]) => unknown
  readonly exports: WebAssembly.Exports
}

function start(wasm: Uint8Array<ArrayBuffer>): Running {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm))
  return { run: exports['run'] as Running['run'], exports }
}

function globalIn<Type extends 'i32' | 'i64'>(exports: WebAssembly.Exports, name: string) {
  const found = exports[name]
  assert.instance(found, WebAssembly.Global)
  return found as WebAssembly.Global<Type>
}

for (const [form, { parts, calls }] of Object.entries(forms)) {
  test(form, () => {
    const wasm = assemble(parts)
    const before = start(wasm)
    const after = start(rewriteModule(wasm))
    const budget = globalIn<'i64'>(after.exports, budgetGlobal)
    assert.is(globalIn<'i32'>(after.exports, stackGlobal).value, 65_536)
    for (const [args, result, units] of calls) {
      assert.is(before.run(...args), result, `before, for ${args}`)
      budget.value = BigInt(units)
      assert.is(after.run(...args), result, `after, for ${args}`)
      assert.is(budget.value, 0n, `${units} units, for ${args}`)
      budget.value = BigInt(units - 1)
      assert.throws(() => after.run(...args), /unreachable/, `one unit less, for ${args}`)
      assert.is(budget.value, -1n)
      assert.throws(() => after.run(...args), /unreachable/, 'nothing is left')
    }
  })
}

test('what a host never started is bounded all the same', () => {
  const { run } = start(rewriteModule(assemble(one([0x03, empty, 0x0c, 0, 0x0b, 0x00]))))
  assert.throws(() => run(1), /unreachable/)
})

test('a start function that never ends', () => {
  const parts: Parts = {
    types: [[[], []]],
    bodies: [{ type: 0, code: [0x03, empty, 0x0c, 0, 0x0b] }],
    sections: { 8: [0], 7: list([exported('run', 0, 0)]) },
  }
  assert.throws(() => start(rewriteModule(assemble(parts))), /unreachable/)
})

test('of custom sections only the names stay', () => {
  const named = (name: string) => {
    return assemble({ ...one([...get(0)]), sections: { 0: [...text(name), 0, 0] } })
  }
  const kept = (name: string) => {
    const module = new WebAssembly.Module(rewriteModule(named(name)))
    return WebAssembly.Module.customSections(module, name).length
  }
  assert.is(kept('name'), 1)
  assert.is(kept('.debug_line'), 0)
  assert.is(kept('producers'), 0)
})

test.run()
