/**
 * A repository of 500 rules and 2,000 tests: all of them on both engines, then again after one file
 * was saved, time after time, and what memory is left when it was let go. Prints its figures. Wants a
 * machine that has nothing else to do; `MCPGUARD_SLOW` is by how much it may take longer.
 */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openTestModule } from '../../src/policy/test-module.js'
import { createTestRunner, type TestRunner } from '../../src/rego/run-tests.js'
import type { TestRunOutcome } from '../../src/rego/test-report.js'

const slow = Number(process.env['MCPGUARD_SLOW'] ?? 1)
const wholeMs = 12_000 * slow
const againMs = 2_000 * slow
const [packages, rulesEach, testsEach] = [50, 10, 4]
const changes = 9

const main = `package mcpguard.main

default decision := {"allow": false}

decision := {"allow": true, "reasons": sort(_permits)} if {
	count(_permits) > 0
	count(_denies) == 0
}

_permits contains code if some code in data.mcpguard.rules[_].permit

_denies contains code if some code in data.mcpguard.rules[_].deny
`

function rulesOf(p: number): string {
  const rules = Array.from({ length: rulesEach }, (_, r) => {
    return `permit contains "p${p}-${r}" if {
	input.action.name == "tools/call"
	input.resource.server == "s${p}"
	startswith(input.resource.id, "t${r}_")
	some role in input.subject.roles
	role in {"a${r}", "b"}
}`
  })
  return `package mcpguard.rules.r${p}\n\n${rules.join('\n\n')}\n`
}

function testsOf(p: number): string {
  const tests = Array.from({ length: rulesEach * testsEach }, (_, n) => {
    const [r, k] = [Math.floor(n / testsEach), n % testsEach]
    const resource = `{"server": "s${p}", "id": "t${r}_${k}"}`
    const facts = `{"action": {"name": "tools/call"}, "resource": ${resource}, "subject": {"roles": ["b"]}}`
    return `test_${r}_${k} if r${p}.permit == {"p${p}-${r}"} with input as ${facts}`
  })
  const head = `package mcpguard.rules.r${p}_test\n\nimport data.mcpguard.rules.r${p}`
  return `${head}\n\n${tests.join('\n\n')}\n`
}

const files: Record<string, string> = { 'main.rego': main }
for (let p = 0; p < packages; p += 1) {
  files[`r${p}/r${p}.rego`] = rulesOf(p)
  files[`r${p}/r${p}_test.rego`] = testsOf(p)
}

async function timed(runner: TestRunner, source: Record<string, string>): Promise<number> {
  const begun = performance.now()
  const set = { source: { files: source }, shown: (file: string) => file }
  assert.is(passedOf(await runner.run(set)), packages * rulesEach * testsEach)
  return Math.round(performance.now() - begun)
}

function passedOf(outcome: TestRunOutcome): number {
  return outcome.ok ? outcome.report.tests.filter((one) => one.verdict === 'passed').length : -1
}

/** In MB; of this process, and of the children it has. */
function memory(): { self: number; children: readonly number[] } {
  const list = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
  const children = list
    .filter((one) => one !== '')
    .map((pid) => {
      const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      return Math.round(Number(kilobytes ?? 0) / 1_000)
    })
  return { self: Math.round(process.memoryUsage.rss() / 1e6), children }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 500))

test('all of them, again after each change, and nothing is kept', async () => {
  const before = memory()
  const once = createTestRunner(openTestModule)
  const whole = await timed(once, files)
  console.log(`all: ${whole} ms, memory ${JSON.stringify(memory())}`)
  once.close()
  const kept = createTestRunner(openTestModule, { long: true })
  console.log(`all, to be run again: ${await timed(kept, files)} ms`)
  const times: number[] = []
  for (let n = 0; n < changes; n += 1) {
    const name = `r${n}/r${n}.rego`
    times.push(await timed(kept, { ...files, [name]: `${files[name]}\n# ${n}\n` }))
  }
  console.log(`again: ${times.join(' ')} ms, memory ${JSON.stringify(memory())}`)
  kept.close()
  await settle()
  const after = memory()
  console.log(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`)
  assert.ok(whole <= wholeMs, `${whole} ms`)
  const middle = times.sort((a, b) => a - b)[changes >> 1] ?? 0
  assert.ok(middle <= againMs, `${middle} ms`)
  assert.equal(after.children, [])
  assert.ok(after.self < before.self + 60, `${before.self} MB, then ${after.self} MB`)
})

test.run()
