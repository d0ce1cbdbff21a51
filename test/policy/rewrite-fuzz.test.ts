/**
 * Bytes of a real module, changed and cut anywhere: either an Error, or a module that is as valid
 * as what it was made from. Nothing hangs, and nothing else is thrown.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rewriteModule } from '../../src/policy/rewrite.js'
import { threadMs } from '../support/thread-time.js'
import { assemble } from './assemble.js'
import { compileFiles } from './bundles.js'
import { forms } from './rewrite-forms.js'
import { printedSeed } from './seed.js'

const { wasm } = await compileFiles({
  'main.rego': 'package mcpguard.main\n\ndecision := {"allow": input.resource.id == "a"}\n',
})
const small = Object.values(forms).map(({ parts }) => assemble(parts))
const slowestMs = 1_000

/** 'refused', or 'rewritten' after the property has held. */
function outcomeOf(bytes: Uint8Array<ArrayBuffer>): 'refused' | 'rewritten' {
  const startedMs = threadMs()
  let output: Uint8Array<ArrayBuffer>
  try {
    output = rewriteModule(bytes)
  } catch (thrown) {
    assert.instance(thrown, Error)
    assert.not.instance(thrown, RangeError)
    assert.not.instance(thrown, TypeError)
    return 'refused'
  } finally {
    assert.ok(threadMs() - startedMs < slowestMs, 'it takes too long')
  }
  assert.is(WebAssembly.validate(bytes), true, 'made from what is not valid')
  assert.is(WebAssembly.validate(output), true, 'not valid')
  return 'rewritten'
}

/** Where a byte goes and which; a place past the end is taken from the start again. */
const edits = fc.array(
  fc.record({
    place: fc.nat(),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x0b, 0x40, 0x7f, 0x80, 0xff)),
    how: fc.constantFrom('replace', 'replace', 'replace', 'insert', 'remove'),
  }),
  { minLength: 1, maxLength: 2 },
)

function edited(
  bytes: Uint8Array,
  changes: readonly { place: number; byte: number; how: string }[],
) {
  const copy = [...bytes]
  for (const { place, byte, how } of changes) {
    const at = place % copy.length
    if (how === 'replace') copy[at] = byte
    else if (how === 'insert') copy.splice(at, 0, byte)
    else copy.splice(at, 1)
  }
  return Uint8Array.from(copy)
}

test('small modules with bytes changed, inserted and removed', () => {
  const counts = { refused: 0, rewritten: 0 }
  fc.assert(
    fc.property(fc.constantFrom(...small), edits, (module, changes) => {
      counts[outcomeOf(edited(module, changes))] += 1
    }),
    { seed: printedSeed('small modules'), numRuns: 20_000 },
  )
  console.log(counts)
  assert.ok(counts.refused > 1_000)
  assert.ok(counts.rewritten > 400)
})

test('a policy with single bytes changed', () => {
  const counts = { refused: 0, rewritten: 0 }
  const copy = wasm.slice()
  fc.assert(
    fc.property(fc.nat(wasm.length - 1), fc.nat(255), (place, byte) => {
      const own = copy[place] ?? 0
      copy[place] = byte
      counts[outcomeOf(copy)] += 1
      copy[place] = own
    }),
    { seed: printedSeed('a policy'), numRuns: 600 },
  )
  console.log(counts)
  assert.ok(counts.refused > 50)
  assert.ok(counts.rewritten > 50)
})

test('every beginning of a small module, and any of a policy', () => {
  for (const module of small) {
    for (let length = 0; length < module.length; length += 1) {
      // Where only a custom section at the end is cut off whole, the rest is a module.
      outcomeOf(module.slice(0, length))
    }
  }
  fc.assert(
    fc.property(fc.nat(wasm.length - 1), (length) => {
      outcomeOf(wasm.slice(0, length))
    }),
    { seed: printedSeed('beginnings'), numRuns: 100 },
  )
})

test('bytes that were never a module', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
      assert.is(outcomeOf(Uint8Array.from([...header, 1, ...bytes])), 'refused')
    }),
    { seed: printedSeed('noise'), numRuns: 2_000 },
  )
})

test.run()
