/** The tests of a policy on disk, on both engines; it must be one that can be tested. */
import { openTestModule } from '../../src/policy/test-module.js'
import { formatProblem } from '../../src/rego/compile-policy.js'
import { runTests, type TestRunOptions } from '../../src/rego/run-tests.js'
import { readSourceSet } from '../../src/rego/source-set.js'
import type { TestReport } from '../../src/rego/test-report.js'

export async function testReport(path: string, options: TestRunOptions = {}): Promise<TestReport> {
  const read = await readSourceSet([path])
  const run = read.ok ? await runTests(read.set, openTestModule, options) : read
  if (!run.ok) throw new Error(run.problems.map(formatProblem).join('\n'))
  return run.report
}
