/**
 * What does each step of a guarded call cost by itself, in process and warm? Microseconds; never to
 * be read beside the figures of the whole chain. Fails when a step did not do what it should, or
 * when the clock was too coarse for it.
 *
 *   npm run bench:micro -- [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Bench } from 'tinybench'
import type { DecisionPoint } from '../src/domain.js'
import { packageFile } from '../src/lib/package-root.js'
import { createPolicyHolder } from '../src/policy/activate.js'
import { compilePolicy, formatProblem } from '../src/rego/compile-policy.js'
import { environmentLines, readEnvironment } from './support/environment.js'
import { table } from './support/table.js'
import { auditTasks, decideTasks, filterTasks, parseTasks, type Task } from './support/tasks.js'

interface Result {
  readonly room: string
  readonly name: string
  readonly p50Us: number
  readonly p99Us: number
  readonly samples: number
}

/** A task's time; with its warm-up about 1.5 s, twelve of them about 20 s. */
const timeMs = 1000
const warmupMs = 500

async function measure(room: string, tasks: readonly Task[]): Promise<Result[]> {
  const bench = new Bench({ time: timeMs, warmupTime: warmupMs, throws: true })
  const problems: string[] = []
  bench.addEventListener('warning', ({ task, reason }) => {
    problems.push(`${room}: ${task?.name}: the clock is too coarse (${reason})`)
  })
  const failures = new Map<string, number>()
  for (const { name, run } of tasks) {
    const settle = (good: boolean) => {
      if (!good) failures.set(name, (failures.get(name) ?? 0) + 1)
    }
    bench.add(name, () => {
      const good = run()
      return typeof good === 'boolean' ? settle(good) : good.then(settle)
    })
  }
  await bench.run()
  for (const [name, count] of failures) problems.push(`${room}: ${name}: wrong ${count} times`)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return bench.tasks.map(({ name, result }) => {
    if (!('latency' in result)) throw new Error(`${room}: ${name}: ${result.state}`)
    const { p50, p99, samplesCount } = result.latency
    return { room, name, p50Us: p50 * 1000, p99Us: p99 * 1000, samples: samplesCount }
  })
}

async function activated(): Promise<DecisionPoint> {
  const compiled = await compilePolicy(packageFile('policies'))
  if (!compiled.ok) throw new Error(compiled.problems.map(formatProblem).join('\n'))
  const holder = createPolicyHolder()
  await holder.activate(compiled.bundle)
  const decisionPoint = holder.current()
  if (decisionPoint === null) throw new Error('no policy is active')
  return decisionPoint
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
  const decisionPoint = await activated()
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-bench-'))
  const audit = auditTasks(folder)
  const results: Result[] = []
  try {
    results.push(...(await measure('parse', parseTasks())))
    results.push(...(await measure('decide', decideTasks(decisionPoint))))
    results.push(...(await measure('filter', filterTasks())))
    results.push(...(await measure('audit', audit.tasks)))
  } finally {
    await audit.close()
    await rm(folder, { recursive: true })
  }
  const environment = readEnvironment()
  const { revision } = decisionPoint
  if (values.json) {
    console.log(JSON.stringify({ environment, revision, results }))
    return
  }
  console.log([...environmentLines(environment), `policy ${revision}`].join('\n'))
  const rows = results.map(({ room, name, p50Us, p99Us, samples }) => {
    return [`${room}: ${name}`, p50Us.toFixed(1), p99Us.toFixed(1), String(samples)]
  })
  console.log(`\n${table(['step', 'p50 us', 'p99 us', 'samples'], rows)}`)
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
