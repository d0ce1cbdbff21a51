/**
 * Decides whether one uvu file is green from how its process ended and what it printed.
 * uvu exits 0 for a file that never calls `run()`, for a `before` hook that throws and for a test
 * that throws something else than an Error; so the printed totals are the verdict, and the exit
 * status can only make it worse. Skips must be announced by name and reason (see skip.ts), which
 * also turns a forgotten `test.only` red. Pure: starts nothing, reads nothing.
 */

/** How a test process ended. */
export interface FileRun {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  readonly output: string
  readonly leftProcesses: boolean
}

export interface Verdict {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[]
  /** Why the file is red; empty when it is green. */
  readonly problems: readonly string[]
}

const summary =
  /^ {2}Total: {5}(\d+)\n {2}Passed: {4}(\d+)\n {2}Skipped: {3}(\d+)\n {2}Duration: /gm
const announcedSkip = /^SKIP (.+)$/gm

export function judgeFile(run: FileRun, source: string, skipIsFailure: boolean): Verdict {
  const problems = [...endProblems(run), ...unrunSuites(source)]
  const summaries = [...run.output.matchAll(summary)]
  const skipped = [...run.output.matchAll(announcedSkip)].map((match) => match[1] ?? '')
  if (summaries.length !== 1) {
    problems.push(`printed ${summaries.length} totals where uvu prints one`)
    return { passed: 0, failed: 1, skipped, problems }
  }
  const [total, passed, uvuSkipped] = (summaries[0] ?? []).slice(1).map(Number)
  if (total === undefined || passed === undefined || uvuSkipped === undefined) {
    throw new TypeError('the summary pattern has three groups')
  }
  if (passed !== total) problems.push(`${total - passed} of ${total} tests did not pass`)
  if (total + uvuSkipped === 0) problems.push('ran no test')
  if (uvuSkipped !== skipped.length) {
    problems.push(`${uvuSkipped} skipped, ${skipped.length} of them with name and reason`)
  }
  if (skipIsFailure && skipped.length > 0) problems.push('a skip is a failure here')
  const failed = problems.length === 0 ? 0 : Math.max(1, total - passed)
  return { passed, failed, skipped, problems }
}

function endProblems(run: FileRun): string[] {
  const problems: string[] = []
  if (run.timedOut) problems.push('ran into the time limit')
  else if (run.exitCode !== 0) problems.push(`ended with ${run.signal ?? `exit ${run.exitCode}`}`)
  if (run.leftProcesses) problems.push('left processes behind')
  return problems
}

// uvu forgets a suite whose `run()` is missing, and tests that are registered after it, without a
// word as soon as another suite of the file runs. The compiled source tells.
function unrunSuites(source: string): string[] {
  const names = [...source.matchAll(/^(?:export )?(?:const|let) (\w+) = suite\(/gm)].map(
    (m) => m[1],
  )
  if (/^import\s*\{[^}]*\btest\b[^}]*\}\s*from\s*['"]uvu['"]/m.test(source)) names.push('test')
  return names.flatMap((name) => {
    const runs = [...source.matchAll(new RegExp(`^${name}\\.run\\(\\);?$`, 'gm'))]
    const last = runs.at(-1)
    if (last === undefined) return [`${name}.run() is missing`]
    const rest = source.slice(last.index + last[0].length)
    const late = new RegExp(`(?<![.\\w])${name}(\\.only|\\.skip)?\\(`).test(rest)
    return late ? [`tests are registered after the last ${name}.run()`] : []
  })
}
