/**
 * What `init` writes: the shipped policy library and the schemas as they are, over them the files
 * of templates/common and of one starting point. In templates a name that begins with `dot-` stands
 * for one that begins with a dot, which package managers would leave out. Existing files are never
 * touched, and a writing that fails takes back what it wrote.
 */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { packageFile } from '../lib/package-root.js'

/** What each start is for, in the words that `init` asks with, and a role to try it with. */
export const startingPoints = {
  roles: { about: 'what a caller may use depends on its roles', role: 'reader' },
  servers: { about: 'one list for each server of what may be used, whoever calls', role: 'user' },
  'read-only': {
    about: 'only tools that their server marks as read-only, or that are listed',
    role: 'agent',
  },
} as const

export type StartingPoint = keyof typeof startingPoints

export function isStartingPoint(text: string): text is StartingPoint {
  return Object.hasOwn(startingPoints, text)
}

/** Texts by their path in the new repository, sorted, always with `/`. */
export type Scaffold = ReadonlyMap<string, string>

/** Schemas for editors; the others describe what no author writes. */
const schemas = /^schemas\/(?:cases|config|policy-data\/\w+)\.schema\.json$/

export function scaffoldOf(start: StartingPoint, version: string): Scaffold {
  const about = readFileSync(packageFile('templates', start, 'about.md'), 'utf8').trimEnd()
  const words: Readonly<Record<string, string>> = {
    about,
    version,
    role: startingPoints[start].role,
  }
  const written = new Map([
    ...filesBelow('policies', 'policies/'),
    ...filesBelow('schemas', 'schemas/').filter(([path]) => schemas.test(path)),
    ...[...filesBelow('templates/common'), ...filesBelow(`templates/${start}`)].map(
      ([path, text]): [string, string] => [path, fill(text, words)],
    ),
  ])
  written.delete('about.md')
  return new Map([...written].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function filesBelow(folder: string, prefix = ''): [string, string][] {
  return readdirSync(packageFile(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      const below = file.slice(packageFile(folder).length + 1).split(/[\\/]/)
      const path = prefix + below.map((name) => name.replace(/^dot-/, '.')).join('/')
      return [path, readFileSync(file, 'utf8')]
    })
}

function fill(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => words[name] ?? whole)
}

/**
 * What of the scaffold is there already. Folders that are wholly the scaffold's count as a whole: a
 * policy among foreign files would be another policy.
 */
export function inTheWay(folder: string, scaffold: Scaffold): string[] {
  const places = [...scaffold.keys()].map((path) => {
    const [first = path] = path.split('/')
    return first.startsWith('.') ? path : first
  })
  return [...new Set(places)].filter((path) => isThere(join(folder, path)))
}

/** Throws what the file system says, with nothing left of what it wrote. */
export function writeScaffold(folder: string, scaffold: Scaffold): void {
  const undo: (() => void)[] = []
  try {
    for (const [path, text] of scaffold) {
      const file = join(folder, path)
      makeFolder(dirname(file), undo)
      writeFileSync(file, text, { flag: 'wx' })
      undo.push(() => rmSync(file, { force: true }))
    }
  } catch (thrown) {
    for (const step of undo.reverse()) step()
    throw thrown
  }
}

function makeFolder(path: string, undo: (() => void)[]): void {
  if (isThere(path)) return
  makeFolder(dirname(path), undo)
  mkdirSync(path)
  undo.push(() => rmdirSync(path))
}

/** Links that lead nowhere are there, too. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
