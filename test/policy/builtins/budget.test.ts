/**
 * Host functions spend the budget of the evaluation that calls them: whatever they are asked, it
 * ends soon, as a decision or as a spent budget, and costs the same each time.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Evaluation } from '../../../src/policy/evaluator.js'
import { threadMs } from '../../support/thread-time.js'
import { compileFiles, evaluatorOf, loadedOf } from '../bundles.js'

const budget = 1_000_000
/** As a message question has them on top, for each character of its facts. */
const readingUnits = 5
/** For a budget that takes about 20 ms; what is compiled for the first time is slower. */
const maxMs = 150
const megabyte = 1_000_000

type Ending = 'decision' | 'policy-budget' | 'policy-fault'

interface Costly {
  readonly name: string
  /** The bodies of rules: what makes `result`. */
  readonly rego: string
  readonly input: object
  readonly ending: Ending
}

const zones = Intl.supportedValuesOf('timeZone')
const many = (count: number, make: (i: number) => unknown) =>
  Array.from({ length: count }, (_, i) => make(i))
const nines = '9'.repeat(megabyte)

const costly: readonly Costly[] = [
  {
    name: 'ten thousand looks into time zones',
    rego: 'result := [time.clock([1700000000000000000, z]) | some z in args.list]',
    input: { list: many(10_000, (i) => zones[i % zones.length]) },
    ending: 'policy-budget',
  },
  {
    name: 'looks into one time zone',
    rego: 'result := [time.clock([n, "America/New_York"]) | some n in args.list]',
    input: { list: many(10_000, (i) => 1_700_000_000 + i) },
    ending: 'policy-budget',
  },
  {
    name: 'an empty match at each character',
    rego: 'result := regex.replace(args.text, "", "")',
    input: { text: 'a'.repeat(megabyte) },
    ending: 'policy-budget',
  },
  {
    name: 'patterns that are compiled',
    rego: 'result := [regex.replace(args.text, p, "-") | some p in args.list]',
    input: { text: 'ab'.repeat(300), list: many(500, (i) => `a(b|c){90}d${i}`) },
    ending: 'policy-budget',
  },
  {
    name: 'a pattern of many branches',
    rego: 'result := regex.replace(args.text, args.pattern, "")',
    input: { text: 'ab'.repeat(5_000), pattern: '(a|b)?'.repeat(160) },
    ending: 'policy-budget',
  },
  {
    name: 'classes of characters in any case',
    rego: 'result := regex.replace("a", args.pattern, "")',
    input: { pattern: `(?i)${'[\\x{1}-\\x{ffff}]'.repeat(50)}` },
    ending: 'policy-budget',
  },
  {
    name: 'a removal from a long array',
    rego: 'result := json.patch(args.list, [{"op": "remove", "path": "/0"}])',
    input: { list: many(200_000, () => 1) },
    ending: 'policy-budget',
  },
  {
    name: 'a removal from a shorter array',
    rego: 'result := json.patch(args.list, [{"op": "remove", "path": "/0"}])',
    input: { list: many(5_000, () => 1) },
    ending: 'decision',
  },
  {
    name: 'tests of a large member',
    rego: `operations := [{"op": "test", "path": "/a", "value": args.list} | some _ in numbers.range(1, 900)]
	result := json.patch({"a": args.list}, operations)`,
    input: { list: many(2_000, (i) => i) },
    ending: 'policy-budget',
  },
  {
    name: 'fractions with all their digits',
    rego: 'result := sprintf(args.text, args.list)',
    input: { text: '%.0f'.repeat(100_000), list: many(100_000, () => 1e-300) },
    ending: 'policy-budget',
  },
  {
    name: 'brackets that are never closed',
    rego: 'result := sprintf(args.text, [])',
    input: { text: '%['.repeat(megabyte / 2) },
    ending: 'policy-budget',
  },
  {
    name: 'a long quoted text',
    rego: 'result := sprintf("%q", [args.text])',
    input: { text: '中'.repeat(20_000) },
    ending: 'decision',
  },
  {
    name: 'a set of objects',
    rego: 'result := sprintf("%v", [{x | some x in args.list}])',
    input: {
      list: many(2_000, (i) =>
        Object.fromEntries(
          many(40, (j) => [`key${(Number(j) * 7_919) % 40}`, j === 39 ? i : 1]) as [
            string,
            unknown,
          ][],
        ),
      ),
    },
    ending: 'policy-budget',
  },
  {
    name: 'a long duration',
    rego: 'result := time.parse_duration_ns(args.text)',
    input: { text: '0d'.repeat(megabyte / 2) },
    ending: 'policy-fault',
  },
  {
    name: 'an amount of many digits',
    rego: 'result := units.parse_bytes(args.text)',
    input: { text: nines },
    ending: 'policy-fault',
  },
  {
    name: 'a moment of many digits',
    rego: 'result := time.clock(json.unmarshal(args.text))',
    input: { text: nines },
    ending: 'policy-fault',
  },
  {
    name: 'amounts with exponents',
    rego: 'result := [units.parse_bytes(text) | some text in args.list]',
    input: { list: many(5_000, (i) => `1e-9999${10 + (Number(i) % 90)}`) },
    ending: 'policy-budget',
  },
  {
    name: 'a long version',
    rego: 'result := semver.compare(concat("", [args.text, "a"]), concat("", [args.text, "b"]))',
    input: { text: `1.2.3-${'a.'.repeat(megabyte / 2)}` },
    ending: 'policy-fault',
  },
  {
    name: 'ends of many texts',
    rego: 'result := strings.any_suffix_match(args.list, [concat("", [text, "x"]) | some text in args.list])',
    input: { list: many(50_000, (i) => `${(Number(i) * 7_919) % 50_000}pre`) },
    ending: 'policy-budget',
  },
  {
    name: 'a text of which every character is escaped',
    rego: 'result := urlquery.encode(args.text)',
    input: { text: '!'.repeat(megabyte) },
    ending: 'policy-budget',
  },
]

function policy(): string {
  const rules = costly.map(
    ({ rego }, i) =>
      `decision := {"allow": result != null} if {\n\targs := input.resource.arguments\n\targs.case == ${i}\n\t${rego}\n}`,
  )
  return `package mcpguard.main\n\n${rules.join('\n\n')}\n`
}

const loaded = loadedOf(await compileFiles({ 'main.rego': policy() }))
const evaluator = evaluatorOf(loaded)

function endingOf(evaluation: Evaluation): string {
  if (evaluation.kind === 'defined') return 'decision'
  return evaluation.kind === 'fault' ? evaluation.reason : evaluation.kind
}

for (const [i, { name, input, ending }] of costly.entries()) {
  test(`${name}: ${ending}, soon`, () => {
    const text = JSON.stringify({ resource: { arguments: { case: i, ...input } } })
    const bounds = { maxBytes: 32_768, budget: budget + readingUnits * text.length }
    const run = () => {
      const before = threadMs()
      const evaluation = evaluator.evaluate(loaded.entryPoints.decision, text, bounds)
      return { evaluation, ms: threadMs() - before }
    }
    const first = run()
    assert.is(endingOf(first.evaluation), ending, JSON.stringify(first.evaluation))
    const second = run()
    assert.equal(second.evaluation, first.evaluation)
    const ms = Math.max(first.ms, second.ms)
    assert.ok(ms < maxMs, `${ms} ms`)
  })
}

test.run()
