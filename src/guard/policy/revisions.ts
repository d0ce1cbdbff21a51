/**
 * The revisions that were active last, on disk: what was compiled, so that going back is the same
 * activation once more. A file is named by its revision and carries a digest of its content and when
 * it became active, since times of files change with every backup; whether the content makes that
 * revision, and who signed it, is found out when it is compiled. Nothing here throws: who cannot keep
 * says so once, and the gateway goes on.
 */
import { webcrypto } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { Observer } from '../../domain.js'
import { describeThrown } from '../../errors.js'
import {
  makeOwnFolder,
  readOwnFile,
  readOwnStart,
  sweepOwnFolder,
  writeOwnFile,
} from '../../lib/own-files.js'
import { problem } from '../../rego/problem.js'
import type { PolicySource, ReadSources } from '../../rego/sources.js'

export interface KeptRevision {
  /** `sha256:` and 64 hex digits. */
  readonly revision: string
  /** When it was last made active by what the source offered; null: not known. */
  readonly activatedAtMs: number | null
}

export interface Revisions {
  /** The one activated last comes first, and those of which that is not known come last. */
  list(): Promise<readonly KeptRevision[]>
  /** null: it is not kept, or is not what was kept. */
  read(revision: string): Promise<PolicySource | null>
  /** As the one activated last. `needed` stays however old it is. */
  keep(revision: string, source: PolicySource, needed: string | null): Promise<void>
}

export const keptRevisions = 5
const ending = '.revision'
const maxFileBytes = 96 * 1024 * 1024
const maxTextBytes = 256 * 1024 * 1024

export function createRevisions(folder: string, observer: Pick<Observer, 'log'>): Revisions {
  let saidProblem: string | null = null

  async function list(): Promise<readonly KeptRevision[]> {
    const names = await readdir(folder).catch(() => [])
    const found = await Promise.all(names.map((name) => lookAt(folder, name)))
    return found
      .filter((one) => one !== null)
      .sort((a, b) => (b.activatedAtMs ?? 0) - (a.activatedAtMs ?? 0) || b.savedAtMs - a.savedAtMs)
      .map(({ revision, activatedAtMs }) => ({ revision, activatedAtMs }))
  }

  async function prune(needed: string | null): Promise<void> {
    const old = (await list()).slice(keptRevisions).filter(({ revision }) => revision !== needed)
    for (const { revision } of old) await rm(fileOf(folder, revision), { force: true })
    await sweepOwnFolder(folder)
  }

  return {
    list,
    async read(revision) {
      const file = await readOwnFile(fileOf(folder, revision), maxFileBytes)
      return file === null ? null : unpack(file)
    },
    async keep(revision, source, needed) {
      try {
        await makeOwnFolder(folder)
        // Also after a clock that was set back it is the one activated last.
        const last = (await list())[0]?.activatedAtMs ?? 0
        const at = new Date(Math.max(Date.now(), last + 1))
        await writeOwnFile(fileOf(folder, revision), await pack(source, at))
        await prune(needed)
        saidProblem = null
      } catch (thrown) {
        const why = describeThrown(thrown)
        if (why === saidProblem) return
        saidProblem = why
        const text = 'the revision is not kept on disk, and there is no going back to it'
        observer.log?.('warn', `${text}: ${why}`, { revision })
      }
    },
  }
}

/** To be compiled once more. */
export async function readRevision(revisions: Revisions, revision: string): Promise<ReadSources> {
  const source = await revisions.read(revision)
  if (source !== null) return { ok: true, source }
  const text = `the revision ${revision} is not kept on disk any more, or its file is damaged`
  return { ok: false, problems: [problem('revision_lost', text)] }
}

function fileOf(folder: string, revision: string): string {
  return join(folder, revision.replace(/^sha256:/, '') + ending)
}

/** The first version did not say when. */
const head =
  /^mcp-guard revision [12] (files|bundle) ([0-9a-f]{64})(?: (\d{4}-\d\d-\d\dT[\d:.]{12}Z))?$/
const maxHeadBytes = 160

interface Found extends KeptRevision {
  /** Of the file. */
  readonly savedAtMs: number
}

/** null: it is no revision. */
async function lookAt(folder: string, name: string): Promise<Found | null> {
  const hex = new RegExp(`^([0-9a-f]{64})\\${ending}$`).exec(name)?.[1]
  if (hex === undefined) return null
  const file = join(folder, name)
  const savedAtMs = (await stat(file).catch(() => null))?.mtimeMs
  if (savedAtMs === undefined) return null
  const start = await readOwnStart(file, maxHeadBytes)
  const activatedAtMs = Date.parse((start === null ? null : readHead(start))?.at ?? '')
  const known = Number.isNaN(activatedAtMs) ? null : activatedAtMs
  return { revision: `sha256:${hex}`, activatedAtMs: known, savedAtMs }
}

async function pack(source: PolicySource, at: Date): Promise<readonly (string | Uint8Array)[]> {
  const [kind, content] =
    'bundle' in source
      ? ['bundle', Buffer.from(source.bundle, 'base64')]
      : ['files', await promisify(gzip)(JSON.stringify(source.files), { level: 1 })]
  return [`mcp-guard revision 2 ${kind} ${await digest(content)} ${at.toISOString()}\n`, content]
}

interface Head {
  readonly kind: string
  readonly digest: string
  readonly at: string | undefined
  /** Where the content begins. */
  readonly length: number
}

function readHead(file: Buffer): Head | null {
  const end = file.subarray(0, maxHeadBytes).indexOf('\n')
  const [, kind, found, at] = head.exec(file.toString('latin1', 0, Math.max(0, end))) ?? []
  if (kind === undefined || found === undefined) return null
  return { kind, digest: found, at, length: end + 1 }
}

async function unpack(file: Buffer): Promise<PolicySource | null> {
  const found = readHead(file)
  const content = file.subarray(found?.length)
  if (found === null || (await digest(content)) !== found.digest) return null
  if (found.kind === 'bundle') return { bundle: content.toString('base64') }
  try {
    const text = await promisify(gunzip)(content, { maxOutputLength: maxTextBytes })
    const files: unknown = JSON.parse(text.toString())
    return isFiles(files) ? { files } : null
  } catch {
    return null
  }
}

function isFiles(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((text) => typeof text === 'string')
}

/** Worked out beside the event loop: the content may be large. */
async function digest(content: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', content)).toString('hex')
}
