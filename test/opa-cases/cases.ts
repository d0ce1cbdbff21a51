/**
 * OPA's own test cases, read where Go keeps the OPA module that the compiler is built from. None is
 * copied into this repository.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from 'js-yaml'
import type { Json, JsonObject } from '../../src/domain.js'

export interface OpaCase {
  /** The folder of the file, by what it is about. */
  readonly folder: string
  /** Its own among all cases. */
  readonly name: string
  readonly query: string
  readonly modules: readonly string[]
  readonly data: JsonObject
  /** As text; undefined: there is no input. */
  readonly input: string | undefined
  readonly want: Want
}

export type Want =
  /** Bindings of the query's variables; with `sorted` arrays among them are taken as sets. */
  | { readonly kind: 'rows'; readonly rows: readonly JsonObject[]; readonly sorted: boolean }
  | { readonly kind: 'conflict' }

interface RawCase {
  readonly note: string
  readonly query: string
  readonly modules?: readonly string[]
  readonly data?: JsonObject
  readonly input?: Json
  readonly input_term?: string
  readonly want_result?: readonly JsonObject[]
  readonly want_error_code?: string
  readonly want_error?: string
  readonly sort_bindings?: boolean
  readonly strict_error?: boolean
}

const opaModule = 'github.com/open-policy-agent/opa'
const downloadMs = 60_000
const compilerFolder = fileURLToPath(new URL('../../../compiler', import.meta.url))

/** The folder of the cases, or what the machine lacks. */
export function findCases(): { readonly folder: string } | { readonly lack: string } {
  try {
    const kept = go(['list', '-m', '-f', '{{.Dir}}', opaModule])
    const folder = kept === '' ? downloaded() : kept
    return { folder: join(folder, 'v1/test/cases/testdata/v1') }
  } catch {
    return { lack: 'needs Go and the OPA module' }
  }
}

function downloaded(): string {
  const reply = JSON.parse(go(['mod', 'download', '-json', opaModule])) as { Dir: string }
  return reply.Dir
}

function go(args: readonly string[]): string {
  const options = { cwd: compilerFolder, encoding: 'utf8', timeout: downloadMs } as const
  return execFileSync('go', args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}

/** Names that occur again get a number. */
export function readCases(folder: string): OpaCase[] {
  const seen = new Map<string, number>()
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((file) => {
      const { cases } = load(readFileSync(file, 'utf8')) as { cases: RawCase[] }
      return cases.map((raw) => {
        const times = (seen.get(raw.note) ?? 0) + 1
        seen.set(raw.note, times)
        const name = times === 1 ? raw.note : `${raw.note} #${times}`
        return readCase(basename(join(file, '..')), name, raw)
      })
    })
}

function readCase(folder: string, name: string, raw: RawCase): OpaCase {
  const { query, modules, data, input, input_term } = raw
  return {
    folder,
    name,
    query,
    modules: modules ?? [],
    data: data ?? {},
    input: input_term ?? (input === undefined ? undefined : JSON.stringify(input)),
    want: wantOf(raw),
  }
}

function wantOf(raw: RawCase): Want {
  const { want_result, want_error, want_error_code } = raw
  if (want_result !== undefined) {
    return { kind: 'rows', rows: want_result, sorted: raw.sort_bindings === true }
  }
  // Only the interpreter, and only when asked, makes an error of what is undefined.
  if (raw.strict_error === true) return { kind: 'rows', rows: [], sorted: false }
  if (want_error_code === 'eval_conflict_error') return { kind: 'conflict' }
  throw new Error(`${raw.note}: wants ${want_error_code ?? want_error ?? 'nothing'}`)
}
