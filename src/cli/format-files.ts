/**
 * What `fmt` does: reads all files, has them formatted in one go, and only then shows or writes
 * anything. Files are read with the care that a policy is read with: no link leads out of a folder.
 */
import { realpath, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describeThrown } from '../errors.js'
import { formatProblem } from '../rego/compile-policy.js'
import { formatRego } from '../rego/format-rego.js'
import { type PolicyProblem, problem } from '../rego/problem.js'
import { placeProblems } from '../rego/source-set.js'
import { readSources } from '../rego/sources.js'
import { replaceFile } from './replace-file.js'
import { showDiff } from './show-diff.js'
import { exitCodes, painter, printFailure, printLine, printNote, UsageError } from './terminal.js'

export interface FormatArguments {
  readonly path?: readonly string[] | undefined
  readonly list?: boolean | undefined
  readonly diff?: boolean | undefined
  readonly write?: boolean | undefined
  readonly fail?: boolean | undefined
}

/** Texts by the names that people know the files by. */
type Texts = Record<string, string>

type ReadTexts =
  | { readonly ok: true; readonly texts: Texts }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

const standardInput = 'standard input'
const maxInputBytes = 16 * 1024 * 1024

/** Returns the exit code. */
export async function formatFiles(given: FormatArguments): Promise<number> {
  const paths = given.path === undefined || given.path.length === 0 ? ['policies'] : given.path
  const read = await (paths.includes('-') ? readStandardInput(paths, given) : readTexts(paths))
  if (!read.ok) return fail(read.problems)
  const formatted = await formatRego(read.texts)
  if (!formatted.ok) return fail(formatted.problems)
  const changes = Object.entries(read.texts).flatMap(([name, before]) => {
    const after = formatted.files[name] ?? before
    return before === after ? [] : [{ name, before, after }]
  })
  const { list, diff, write } = given
  if (list !== true && diff !== true && write !== true) {
    for (const name of Object.keys(read.texts)) process.stdout.write(formatted.files[name] ?? '')
  }
  for (const { name, before, after } of changes) {
    if (list === true) printLine(name)
    if (diff === true) process.stdout.write(showDiff(name, before, after, painter(process.stdout)))
    if (write === true && !replace(name, before, after)) return exitCodes.failed
  }
  return given.fail === true && changes.length > 0 ? exitCodes.failed : exitCodes.ok
}

async function readTexts(paths: readonly string[]): Promise<ReadTexts> {
  const texts: Texts = {}
  const seen = new Set<string>()
  for (const path of paths) {
    const read = await readSources(path)
    if (!read.ok) return { ok: false, problems: await placeProblems(read.problems, path) }
    if ('bundle' in read.source) return refused(`${path} is a bundle`, 'name its sources')
    const folder = (await stat(path)).isDirectory() ? path : dirname(path)
    const files = Object.entries(read.source.files).filter(([file]) => file.endsWith('.rego'))
    if (files.length === 0) return refused(`there is no .rego file in ${path}`, 'name another')
    for (const [file, text] of files) {
      const place = join(folder, file)
      const real = await realpath(place)
      if (!seen.has(real)) texts[relative('', place)] = text
      seen.add(real)
    }
  }
  return { ok: true, texts }
}

async function readStandardInput(
  paths: readonly string[],
  { write }: FormatArguments,
): Promise<ReadTexts> {
  if (paths.length > 1) throw new UsageError('- stands alone')
  if (write === true) throw new UsageError('--write needs files; - is printed')
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of process.stdin) {
    bytes += (piece as Buffer).length
    if (bytes > maxInputBytes) return refused(`more than ${maxInputBytes} bytes`, 'name files')
    pieces.push(piece as Buffer)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.concat(pieces),
    )
    return { ok: true, texts: { [standardInput]: text } }
  } catch {
    return refused(`${standardInput} is not UTF-8`, 'save it as UTF-8')
  }
}

function replace(name: string, before: string, after: string): boolean {
  try {
    replaceFile(name, before, after)
    return true
  } catch (thrown) {
    printFailure(`${name} is not written: ${describeThrown(thrown)}`)
    return false
  }
}

function refused(message: string, hint: string): ReadTexts {
  return { ok: false, problems: [problem('source_error', message, null, hint)] }
}

function fail(problems: readonly PolicyProblem[]): number {
  for (const found of problems) printNote(formatProblem(found))
  printFailure('nothing is formatted')
  return exitCodes.failed
}
