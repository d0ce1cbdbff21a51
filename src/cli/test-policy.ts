/**
 * `test-policy`: the tests of a policy on both engines and its decision cases, with the flags and exit
 * codes of `opa test`.
 */
import type { CommandModule } from 'yargs'
import { describeThrown } from '../errors.js'
import { endQuietlyOnBrokenPipe, printFailure } from './terminal.js'
import { readPlan, type TestArguments, type TestPlan, testOptions } from './test-policy/options.js'

export const testPolicyCommand: CommandModule<object, TestArguments> = {
  command: 'test-policy [path..]',
  describe: 'Run the tests and decision cases of a policy',
  builder: (program) =>
    program
      .usage(
        '$0 test-policy [PATH...] [options]\n\nRuns the tests of a policy (default ./policies) on both engines, the compiled ' +
          "module that the gateway evaluates and OPA's interpreter, and its decision cases. Where the engines do not " +
          'agree, the run fails and shows both. Exits with 0 when everything passed, 2 when something did not or was ' +
          'skipped, 1 when the run could not be made, as after a wrong command line.',
      )
      .positional('path', {
        type: 'string',
        array: true,
        describe: 'Folders or .rego files, or one bundle',
      })
      .options(testOptions)
      .example('$0 test-policy', 'test ./policies')
      .example('$0 test-policy -w -r tools_test', 'run some again at each save')
      .example('$0 test-policy --threshold 95 -f junit -o junit.xml', 'in CI')
      .epilogue('More: docs/policy.md#test-policy'),
  handler: async (given) => {
    endQuietlyOnBrokenPipe()
    process.exitCode = await testPolicy(readPlan(given, process.env['CI']))
  },
}

async function testPolicy(plan: TestPlan): Promise<number> {
  const [{ runAll }, { createTestRunner }, { openTestModule }, { showOutcome, testExitCodes }] =
    await Promise.all([
      import('./test-policy/run-all.js'),
      import('../rego/run-tests.js'),
      import('../policy/test-module.js'),
      import('./test-policy/show.js'),
    ])
  const { progressLine } = await import('./test-policy/progress.js')
  const runner = createTestRunner(openTestModule, { long: plan.watch })

  /** Answers with what shows the outcome and says its exit code. */
  async function run(): Promise<() => number> {
    const progress = progressLine(process.stderr, plan.isCi)
    try {
      const outcome = await runAll(plan, runner, progress.tell)
      return () => showOutcome(plan, outcome)
    } catch (thrown) {
      return () => {
        printFailure(describeThrown(thrown))
        return testExitCodes.error
      }
    } finally {
      progress.clear()
    }
  }

  try {
    if (plan.watch) {
      const { runWatching } = await import('./test-policy/watch.js')
      await runWatching(plan, run)
      return testExitCodes.passed
    }
    let code: number = testExitCodes.passed
    for (let count = 0; count < plan.count && code === testExitCodes.passed; count += 1) {
      const show = await run()
      code = show()
    }
    return code
  } finally {
    runner.close()
  }
}
