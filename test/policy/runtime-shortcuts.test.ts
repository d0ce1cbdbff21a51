/**
 * The gateway's own code inside the runtime of a compiled policy: it is there at all, it goes where
 * the runtime is another one, and a policy says the very same with it as plain it, for names and
 * texts of every length, kind and order.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rewriteModule } from '../../src/policy/rewrite.js'
import { fasterBodies } from '../../src/policy/runtime-shortcuts.js'
import { readerOf, readSections, readSpan, readU32 } from '../../src/policy/wasm-binary.js'
import { startBare } from './bare-module.js'
import { compileFiles } from './bundles.js'
import { printedSeed } from './seed.js'

const known = 9
const codeSection = 10

/** More than the table for their results has places. */
const rules = Array.from({ length: 150 }, (_, index) => index)

const { wasm } = await compileFiles({
  'main.rego': `package mcpguard.main

args := input.resource.arguments

decision := {
	"allow": true,
	"found": [found | some name in args.names; found := args.members[name]],
	"in_data": [found | some name in args.names; found := data.members[name]],
	"constant": [
		[found | found := args.members.a],
		[found | found := args.members.is_eight],
		[found | found := args.members["longer than a word"]],
	],
	"order": [[a < b, a == b] | some a in args.names; some b in args.names],
	"among_others": [found | some name in args.names; found := _of_all_kinds[name]],
	"as_set": {name | some name in args.names},
	"inverse": {[name, index] | some index, name in args.members},
	"earlier": _rules,
	"replaced": [all | some name in args.names; all := _rules with input.resource.arguments.name as name],
	"later": _rules,
	"members": args.members,
}

# Keys that are no texts have the length and the place of one's bytes elsewhere.
_of_all_kinds := object.union(
	{key: "a number" | some key in numbers.range(0, 20)},
	{null: 1, true: 2, [1]: 3, {1}: 4, {"a": 1}: 5, "a": "a text", "is_eight": 8},
)

_rules := [${rules.map((index) => `_rule_${index}, _rule_${149 - index}`).join(', ')}]

${rules.map((index) => `_rule_${index} := concat("/", [input.resource.arguments.name, "${index}", data.separator])`).join('\n\n')}
`,
})

const data = JSON.stringify({ members: { a: 1, is_eight: 2 }, separator: '~' })

function inputOf(args: object): string {
  return JSON.stringify({ resource: { arguments: args } })
}

function bodiesOf(module: Uint8Array): Uint8Array[] {
  const section = readSections(module).find(({ id }) => id === codeSection)
  assert.ok(section)
  const reader = readerOf(module, section?.start, section?.end)
  return Array.from({ length: readU32(reader) }, () => {
    const { start, end } = readSpan(reader)
    return module.subarray(start, end)
  })
}

test('every body that code is made for is in what the compiler makes', () => {
  assert.is(fasterBodies(bodiesOf(wasm)).size, known)
})

test('a runtime in which one of them is another stays as it is', () => {
  const bodies = bodiesOf(wasm)
  for (const index of fasterBodies(bodies).keys()) {
    const others = bodies.map((body, at) => (at === index ? Uint8Array.of(...body, 0x0b) : body))
    assert.is(fasterBodies(others).size, 0, `${index}`)
  }
  assert.is(fasterBodies([]).size, 0)
})

const letters = fc.constantFrom(
  'a',
  'b',
  '/',
  ' ',
  '~',
  '\x7f',
  '\u0000',
  '"',
  '\\',
  'é',
  '€',
  '😀',
)
const name = fc.oneof(
  fc.constantFrom('a', 'is_eight', 'longer than a word', ''),
  fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 20 }),
  fc.string({ unit: letters, maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
)
const facts = fc.record({
  name,
  names: fc.array(name, { maxLength: 8 }),
  members: fc.dictionary(name, fc.oneof(name, fc.integer(), fc.array(name)), { maxKeys: 24 }),
})

test('a policy says the same with them', () => {
  const before = startBare(wasm as Uint8Array<ArrayBuffer>, data)
  const after = startBare(rewriteModule(wasm), data)
  const entryPoint = before.entryPoints.get('mcpguard/main/decision') ?? -1
  const say = (input: string) =>
    [before, after].map((m) => outcome(() => m.evaluate(entryPoint, input)))
  let defined = 0
  fc.assert(
    fc.property(facts, (made) => {
      const [plain, shortened] = say(inputOf(made))
      assert.is(shortened, plain)
      if (plain?.startsWith('[{')) defined += 1
    }),
    { numRuns: 1_000, seed: printedSeed('with shortcuts') },
  )
  assert.ok(defined > 900, `${defined}`)
})

test('input that is cut off anywhere is read as before', () => {
  const before = startBare(wasm as Uint8Array<ArrayBuffer>, data)
  const after = startBare(rewriteModule(wasm), data)
  const entryPoint = before.entryPoints.get('mcpguard/main/decision') ?? -1
  const whole = inputOf({
    name: 'x',
    names: ['a', 'is_eight', 'é\n"'],
    members: { is_eight: 'x'.repeat(30) },
  })
  // The longer one first, so that behind the end there is what would have come.
  for (let end = whole.length; end >= 0; end -= 1) {
    const [plain, shortened] = [before, after].map((module) => {
      return outcome(() => module.evaluate(entryPoint, whole.slice(0, end)))
    })
    assert.is(shortened, plain)
  }
})

const texts = await compileFiles({
  'main.rego': `package mcpguard.main

decision := {"input": [all | all := input], "read": _read, "many": _many}

args := input.resource.arguments

_read := [value | value := json.unmarshal(base64.decode(args.base64))]

_many := [text | some n in numbers.range(1, args.many); text := format_int(n, 10)]
`,
})

/** On fresh instances: what breaks off leaves the stack as it is. */
function onBoth(inputs: readonly string[]): (readonly string[])[] {
  return [texts.wasm, rewriteModule(texts.wasm)].map((module) => {
    const { entryPoints, evaluate } = startBare(module as Uint8Array<ArrayBuffer>)
    const entryPoint = entryPoints.get('mcpguard/main/decision') ?? -1
    return inputs.map((input) => outcome(() => evaluate(entryPoint, input)))
  })
}

test('a text that is the whole input ends where the input ends', () => {
  for (const text of ['"a text"', '"seven c"', '"fifteen charact"', '""']) {
    const [plain, shortened] = onBoth([text, text.slice(0, -1)])
    assert.equal(shortened, plain)
    assert.ok(plain?.[0]?.includes(`"input":[${text}]`), text)
    assert.not.ok(plain?.[1]?.includes(text), text)
  }
})

test('bytes that no JSON text has are refused as before', () => {
  const quoted = (bytes: Uint8Array) => Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"')])
  const byte = fc.constantFrom(
    0x00,
    0x1f,
    0x20,
    0x22,
    0x5c,
    0x61,
    0x7e,
    0x7f,
    0x80,
    0x9f,
    0xc3,
    0xff,
  )
  const bytes = fc.array(byte, { maxLength: 12 }).map((made) => quoted(Uint8Array.from(made)))
  const plainest = ['', 'a', 'abcdefg', 'abcdefgh', 'abcdefghi'].map((text) => Buffer.from(text))
  const unusual = plainest.flatMap((text) =>
    [0x00, 0x1f, 0x5c, 0x7f, 0x80, 0x9f, 0xa0, 0xff].map((one) =>
      quoted(Buffer.concat([text, Uint8Array.of(one), text])),
    ),
  )
  const seed = printedSeed('bytes')
  for (const made of [...unusual, ...fc.sample(bytes, { numRuns: 60, seed })]) {
    const [plain, shortened] = onBoth([inputOf({ base64: made.toString('base64') })])
    assert.equal(shortened, plain, made.toString('hex'))
  }
})

test('memory that is full grows as before', () => {
  const [plain, shortened] = onBoth([inputOf({ many: 100_000 })])
  assert.equal(shortened, plain)
  assert.match(shortened?.[0] ?? '', /"100000"\]/)
})

function outcome(evaluate: () => string): string {
  try {
    return evaluate()
  } catch (thrown) {
    return String(thrown)
  }
}

test.run()
