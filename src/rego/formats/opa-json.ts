/**
 * A run as `opa test --format json` writes it (OPA 1.22), so that what reads that reads this: an
 * array of results, `output` in base64, packages with their `data.`, durations in nanoseconds. A
 * decision case is a result of the package `cases`. What OPA has no member for is in `mcp_guard`.
 */
import type { Json, JsonObject } from '../../domain.js'
import type { Benchmark, DecisionCase, PolicyTest, TestReport } from '../test-report.js'
import { toJson } from './text.js'

export function formatOpaJson({ tests, cases, benchmarks }: TestReport): string {
  const results = [
    ...tests.map(testResult),
    ...cases.map(caseResult),
    ...benchmarks.map(benchmarkResult),
  ]
  return `${toJson(results, 2)}\n`
}

function testResult(test: PolicyTest): JsonObject {
  const { file, row, col, verdict, engines, failedAt } = test
  const subResults = subResultsOf(test)
  return {
    location: { file, row, col },
    package: `data.${test.package}`,
    name: test.name,
    ...(verdict === 'failed' || verdict === 'disagreed' ? { fail: true } : {}),
    ...(verdict === 'error' ? { error: { message: test.error } } : {}),
    ...(verdict === 'skipped' ? { skip: true } : {}),
    duration: test.durationNs,
    ...(test.output === '' ? {} : { output: Buffer.from(test.output).toString('base64') }),
    ...(Object.keys(subResults).length === 0 ? {} : { sub_results: subResults }),
    mcp_guard: {
      kind: 'test',
      verdict,
      engines: {
        interpreter: engines.interpreter === null ? null : { ...engines.interpreter },
        wasm: engines.wasm === null ? null : { ...engines.wasm },
      },
      failed_at: failedAt === null ? null : { ...failedAt, values: { ...failedAt.values } },
    },
  }
}

interface Node {
  failed: boolean
  readonly inner: Map<string, Node>
}

function subResultsOf({ subResults }: PolicyTest): JsonObject {
  const root: Node = { failed: false, inner: new Map() }
  for (const { name, passed } of subResults) {
    let node = root
    for (const key of name) {
      const next = node.inner.get(key) ?? { failed: false, inner: new Map() }
      node.inner.set(key, next)
      node = next
    }
    node.failed = !passed
  }
  return membersOf(root)
}

function membersOf({ inner }: Node): JsonObject {
  const members = [...inner].map(([name, node]): [string, Json] => {
    const deeper = node.inner.size === 0 ? {} : { sub_results: membersOf(node) }
    return [name, { name, ...(node.failed ? { fail: true } : {}), ...deeper }]
  })
  return Object.fromEntries(members)
}

function caseResult(one: DecisionCase): JsonObject {
  const { verdict, differences } = one
  return {
    location: { file: one.file, row: one.row, col: 1 },
    package: 'cases',
    name: one.name,
    ...(verdict === 'failed' ? { fail: true } : {}),
    ...(verdict === 'error' ? { error: { message: one.problem } } : {}),
    duration: one.durationNs,
    mcp_guard: {
      kind: 'case',
      verdict,
      differences: differences.map((difference) => ({ ...difference })),
    },
  }
}

function benchmarkResult({ file, row, name, runs, nsPerOp, ...one }: Benchmark): JsonObject {
  const total = Math.round(runs * nsPerOp)
  return {
    location: { file, row, col: 1 },
    package: `data.${one.package}`,
    name,
    duration: total,
    benchmark_result: { N: runs, T: total, Bytes: 0, MemAllocs: 0, MemBytes: 0, Extra: null },
    mcp_guard: { kind: 'benchmark', engine: one.engine },
  }
}
