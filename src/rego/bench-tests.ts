/**
 * How long tests take on the engine that enforces them, after it has been warmed up: the middle of
 * several rounds, so that a round in which something else ran does not count.
 */
import type { OpenTestModule } from '../policy/test-module.js'
import { capabilities } from './compile-policy.js'
import { openCompilerSession } from './compiler-session.js'
import { openTests } from './enforce-tests.js'
import type { SourceSet } from './source-set.js'
import type { Benchmark, PolicyTest } from './test-report.js'

const rounds = 5
const roundMs = 40
const silenceMs = 300_000
const budget = 1_000_000_000

/** Of tests that passed; what fails may fail early. */
export async function benchTests(
  { source }: SourceSet,
  open: OpenTestModule,
  tests: readonly PolicyTest[],
): Promise<Benchmark[]> {
  const passed = new Map(
    tests
      .filter(({ verdict }) => verdict === 'passed')
      .map((test) => [`${test.package}.${test.name}`, test]),
  )
  const packages = [...new Set([...passed.values()].map((test) => test.package))]
  if (packages.length === 0) return []
  const session = openCompilerSession()
  try {
    const request = { source, capabilities: capabilities(), run: '', changed: null, packages }
    const opened = openTests(await session.call('testmodule', request, { silenceMs }), open, budget)
    if (!opened.ok || opened.module === null) return []
    const { module } = opened
    return opened.tests.flatMap(({ package: home, name, entryPoint }) => {
      const test = passed.get(`${home}.${name}`)
      if (test === undefined) return []
      const measured = measure(() => module.ask(entryPoint))
      return [{ package: home, name, file: test.file, row: test.row, engine: 'wasm', ...measured }]
    })
  } finally {
    session.close()
  }
}

function measure(work: () => void): { runs: number; nsPerOp: number } {
  const perRound = timesWithin(work, roundMs)
  const times = Array.from({ length: rounds }, () => timeOf(work, perRound)).sort((a, b) => a - b)
  const middle = times[rounds >> 1] ?? 0
  return { runs: rounds * perRound, nsPerOp: (middle * 1e6) / perRound }
}

/** How often, at least once; also what warms it up. */
function timesWithin(work: () => void, ms: number): number {
  const end = performance.now() + ms
  let times = 0
  do {
    work()
    times += 1
  } while (performance.now() < end)
  return times
}

function timeOf(work: () => void, times: number): number {
  const begun = performance.now()
  for (let count = 0; count < times; count += 1) work()
  return performance.now() - begun
}
