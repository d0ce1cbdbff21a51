/**
 * A policy that is given as one or several paths, merged into one source, and how its files are named
 * for people: as seen from the current folder. Two paths that bring the same file are refused.
 */
import { stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { type PolicyProblem, problem } from './problem.js'
import { type PolicySource, readSources } from './sources.js'

export interface SourceSet {
  readonly source: PolicySource
  /** A file of the source, or of a problem, as people find it; null stays null. */
  shown(file: string): string
  /** It was given as one .rego file, which is seldom all of a policy. */
  readonly isOneFile?: boolean
}

export type ReadSourceSet =
  | { readonly ok: true; readonly set: SourceSet }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

export async function readSourceSet(paths: readonly string[]): Promise<ReadSourceSet> {
  const files: Record<string, string> = {}
  const places = new Map<string, string>()
  for (const path of paths) {
    if (await holdsPolicyFolder(path)) return aboveThePolicy(path)
    const found = await readSources(path)
    if (!found.ok) return { ok: false, problems: await placeProblems(found.problems, path) }
    if ('bundle' in found.source) {
      if (paths.length > 1) return refused(`${path} is a bundle`, 'name a bundle alone')
      return { ok: true, set: { source: found.source, shown: (file) => `${path}:${file}` } }
    }
    const folder = await folderOf(path)
    if (folder === path && isAllBelow(found.source.files)) return aboveThePolicy(path)
    for (const [file, text] of Object.entries(found.source.files)) {
      const other = places.get(file)
      if (other !== undefined)
        return refused(`${file} is in ${other} and in ${path}`, 'name one of them')
      places.set(file, folder)
      files[file] = text
    }
  }
  const shown = (file: string) => {
    const folder = places.get(file)
    return folder === undefined ? file : relative(process.cwd(), join(folder, file))
  }
  return { ok: true, set: { source: { files }, shown, isOneFile: isOneFile(paths) } }
}

/** Of reading `path`, which names files as they are called in it. */
export async function placeProblems(
  problems: readonly PolicyProblem[],
  path: string,
): Promise<readonly PolicyProblem[]> {
  if (problems.every(({ file }) => file === null)) return problems
  const folder = await folderOf(path)
  return problems.map((one) =>
    one.file === null ? one : { ...one, file: relative(process.cwd(), join(folder, one.file)) },
  )
}

function isOneFile(paths: readonly string[]): boolean {
  return paths.length === 1 && paths.every((path) => path.endsWith('.rego'))
}

/** The folder that a repository has its policy in. */
const usualFolder = 'policies'

/** A manifest stands at the root of a policy, so that what is above it is none. */
async function holdsPolicyFolder(path: string): Promise<boolean> {
  if (await exists(join(path, '.manifest'))) return false
  return exists(join(path, usualFolder, '.manifest'))
}

function isAllBelow(files: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(files)
  return names.length > 0 && names.every((name) => name.startsWith(`${usualFolder}/`))
}

function aboveThePolicy(path: string): ReadSourceSet {
  const folder = `${path.replace(/\/+$/, '')}/${usualFolder}`
  return refused(`the policy is in ${folder}`, 'name that folder')
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}

async function folderOf(path: string): Promise<string> {
  return (await stat(path)).isDirectory() ? path : dirname(path)
}

function refused(message: string, hint: string): ReadSourceSet {
  return { ok: false, problems: [problem('source_error', message, null, hint)] }
}
