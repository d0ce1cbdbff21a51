/** Reads what `check` and `lint` answer. A source that cannot even be read has errors only. */
import type { Json } from '../domain.js'
import { GuardError } from '../errors.js'
import type { CompilerReply } from './compiler.js'
import type { PolicyFinding } from './finding.js'
import { type PolicyProblem, readProblem } from './problem.js'
import type { SourceSet } from './source-set.js'

export function readFindings(
  reply: CompilerReply,
  set: SourceSet,
  pageOf: (code: string) => string,
): PolicyFinding[] {
  const finding = (problem: PolicyProblem, level: PolicyFinding['level']): PolicyFinding => ({
    ...problem,
    file: problem.file === null ? null : set.shown(problem.file),
    hint: set.isOneFile === true ? hintForOneFile(problem) : problem.hint,
    level,
    page: pageOf(problem.code),
  })
  if (!reply.ok) return reply.problems.map((problem) => finding(problem, 'error'))
  const found = reply.result['findings']
  if (!Array.isArray(found)) {
    throw new GuardError('GUARD_INTERNAL', 'the Rego compiler answered with something else')
  }
  return found.map((item) => finding(readProblem(item), levelOf(item)))
}

const ofOtherFiles = new Set(['undefined-reference', 'entry_point_missing'])

/** What is missing may well be in a file that was not named. */
function hintForOneFile({ code, message, hint }: PolicyProblem): string | null {
  const isMissing = ofOtherFiles.has(code) || message.startsWith('undefined function data.')
  if (!isMissing) return hint
  const folder = 'name the folder of the policy, too'
  return hint?.startsWith('did you mean') ? `${hint} or ${folder}` : folder
}

function levelOf(item: Json): PolicyFinding['level'] {
  const isWarning =
    typeof item === 'object' && item !== null && !Array.isArray(item) && item['level'] === 'warning'
  return isWarning ? 'warning' : 'error'
}
