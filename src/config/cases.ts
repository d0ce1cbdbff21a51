/**
 * The files of decision cases: one YAML file, or all of a folder and the folders in it, in the order
 * of their names. Names that begin with a dot are passed over, links to folders are not followed. What
 * is too deep or too much is a problem and never left out. All problems at once.
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

export interface ReadCasesOptions {
  /** Somebody named the place: without a file of cases in it, it is another than was meant. */
  readonly named?: boolean
}

/** Files are named as seen from the current folder. */
export function readCases(path: string, { named = false }: ReadCasesOptions = {}): ReadCases {
  const problems: ConfigProblem[] = []
  const files: CaseFile[] = []
  const paths = findFiles(path)
  if (!Array.isArray(paths)) return { ok: false, problems: [paths] }
  if (paths.length > maxFiles) return { ok: false, problems: [tooMany(path)] }
  if (named && paths.length === 0) return { ok: false, problems: [withoutCases(path)] }
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

function findFiles(path: string): string[] | ConfigProblem {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return nothingThere(path)
  if (!found.isDirectory()) return [path]
  const tooDeep: string[] = []
  const paths = filesBelow(path, 0, tooDeep)
  const [first] = tooDeep
  return first === undefined ? paths : isTooDeep(first)
}

function filesBelow(folder: string, depth: number, tooDeep: string[]): string[] {
  if (depth > maxDepth) {
    tooDeep.push(folder)
    return []
  }
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesBelow(path, depth + 1, tooDeep)
      return /\.ya?ml$/i.test(entry.name) ? [path] : []
    })
}

function nothingThere(path: string): ConfigProblem {
  const fix = 'name a folder of decision cases or one file'
  return { source: path, pointer: '', problem: 'does not exist', fix }
}

function withoutCases(path: string): ConfigProblem {
  const fix = 'name the folder that has the .yaml or .yml files'
  return { source: path, pointer: '', problem: 'has no file of decision cases', fix }
}

function isTooDeep(path: string): ConfigProblem {
  const problem = `is more than ${maxDepth} folders below the cases`
  return { source: path, pointer: '', problem, fix: 'move it up' }
}

function tooMany(path: string): ConfigProblem {
  const problem = `has more than ${maxFiles} files of cases`
  return { source: path, pointer: '', problem, fix: 'name a folder in it' }
}
