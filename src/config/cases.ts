/**
 * The files of decision cases: one YAML file, or all of a folder and the folders in it, in the order
 * of their names. Names that begin with a dot are passed over, links to folders are not followed. All
 * problems at once.
 */
import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { CaseFile } from '../policy/decision-case.js'
import { parseCaseFile } from './case-file.js'
import type { ConfigProblem } from './problem.js'
import { readFileText } from './read-file.js'

export type ReadCases =
  | { readonly ok: true; readonly files: readonly CaseFile[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

const maxFiles = 1_000
const maxDepth = 16
const maxFileBytes = 4 * 1024 * 1024

/** Files are named as seen from the current folder. */
export function readCases(path: string): ReadCases {
  const problems: ConfigProblem[] = []
  const files: CaseFile[] = []
  const paths = findFiles(path, 0)
  if (!Array.isArray(paths)) return { ok: false, problems: [paths] }
  if (paths.length > maxFiles) return { ok: false, problems: [tooMany(path)] }
  for (const found of paths) {
    const shown = relative(process.cwd(), found)
    const content = readFileText(found, maxFileBytes)
    if (!content.ok) {
      const fix = 'name a YAML file that this user can read'
      problems.push({ source: shown, pointer: '', problem: content.problem, fix })
      continue
    }
    const read = parseCaseFile(shown, content.text)
    if (read.ok) files.push(read.file)
    else problems.push(...read.problems)
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, files }
}

function findFiles(path: string, depth: number): string[] | ConfigProblem {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return nothingThere(path)
  return found.isDirectory() ? filesBelow(path, depth) : [path]
}

function filesBelow(folder: string, depth: number): string[] {
  if (depth > maxDepth) return []
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesBelow(path, depth + 1)
      return /\.ya?ml$/i.test(entry.name) ? [path] : []
    })
}

function nothingThere(path: string): ConfigProblem {
  const fix = 'name a folder of decision cases or one file'
  return { source: path, pointer: '', problem: 'does not exist', fix }
}

function tooMany(path: string): ConfigProblem {
  const problem = `has more than ${maxFiles} files of cases`
  return { source: path, pointer: '', problem, fix: 'name a folder in it' }
}
