/**
 * The revisions that were active last, on disk: what was compiled, so that going back is the same
 * activation once more. A file is named by its revision; its head carries a digest of the content,
 * the place in the order, since clocks are set and times of files change with every backup, and the
 * time, for people. Whether the content makes that revision, and who signed it, is found out when it
 * is compiled. Nothing here throws: who cannot keep says so once, and the gateway goes on.
 */
import { webcrypto } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
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
  /** When, by the clock of then, it was last made active by what the source offered. */
  readonly activatedAtMs: number
}

export interface Revisions {
  /** The one activated last comes first. */
  list(): Promise<readonly KeptRevision[]>
  /** null: it is not kept, or is not what was kept. */
  read(revision: string): Promise<PolicySource | null>
  /** As the one activated last. `needed` stays however old it is. */
  keep(revision: string, source: PolicySource, needed: string | null): Promise<void>
}

export const keptRevisions = 5
const ending = '.revision'
const nameForm = /^([0-9a-f]{64})\.revision$/
const maxFileBytes = 96 * 1024 * 1024
const maxTextBytes = 256 * 1024 * 1024

export function createRevisions(folder: string, observer: Pick<Observer, 'log'>): Revisions {
  let saidProblem: string | null = null

  async function list(): Promise<readonly KeptRevision[]> {
    const kept = inOrder(await lookInto(folder))
    return kept.map(({ revision, head }) => ({ revision, activatedAtMs: head.activatedAtMs }))
  }

  async function prune(needed: string | null): Promise<void> {
    const found = await lookInto(folder)
    const others = inOrder(found).slice(keptRevisions)
    const old = others.filter(({ revision }) => revision !== needed)
    for (const { revision } of [...old, ...found.filter(({ head }) => head === null)]) {
      await rm(fileOf(folder, revision), { force: true })
    }
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
        const last = inOrder(await lookInto(folder))[0]?.head.sequence ?? 0
        const sequence = Math.min(last + 1, Number.MAX_SAFE_INTEGER)
        await writeOwnFile(fileOf(folder, revision), await pack(source, sequence))
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

const headForm =
  /^mcp-guard revision 1 (files|bundle) ([0-9a-f]{64}) (\d{1,16}) (\d{4}-\d\d-\d\dT[\d:]{8}(?:\.\d+)?Z)$/
const maxHeadBytes = 160
/** The years that RFC 3339 can write. */
const firstMs = Date.parse('0000-01-01T00:00:00.000Z')
const lastMs = Date.parse('9999-12-31T23:59:59.999Z')

interface Head {
  readonly kind: string
  readonly digest: string
  readonly sequence: number
  readonly activatedAtMs: number
  /** Where the content begins. */
  readonly length: number
}

interface Found {
  readonly revision: string
  /** null: the name is one of ours, and it is no revision. */
  readonly head: Head | null
}

/** Of files that others may write, or that cannot be read, nothing is known. */
async function lookInto(folder: string): Promise<readonly Found[]> {
  const names = await readdir(folder).catch(() => [])
  const found = names.map(async (name) => {
    const hex = nameForm.exec(name)?.[1]
    const start = hex === undefined ? null : await readOwnStart(join(folder, name), maxHeadBytes)
    return start === null ? null : { revision: `sha256:${hex}`, head: readHead(start) }
  })
  return (await Promise.all(found)).filter((one) => one !== null)
}

/** Two gateways that keep at the same time may take the same place. */
function inOrder(found: readonly Found[]): readonly (Found & { readonly head: Head })[] {
  return found
    .flatMap(({ revision, head }) => (head === null ? [] : [{ revision, head }]))
    .sort(
      (a, b) =>
        b.head.sequence - a.head.sequence ||
        b.head.activatedAtMs - a.head.activatedAtMs ||
        (a.revision < b.revision ? 1 : -1),
    )
}

async function pack(
  source: PolicySource,
  sequence: number,
): Promise<readonly (string | Uint8Array)[]> {
  const [kind, content] =
    'bundle' in source
      ? ['bundle', Buffer.from(source.bundle, 'base64')]
      : ['files', await promisify(gzip)(JSON.stringify(source.files), { level: 1 })]
  const at = new Date(Math.min(Math.max(Date.now(), firstMs), lastMs)).toISOString()
  return [`mcp-guard revision 1 ${kind} ${await digest(content)} ${sequence} ${at}\n`, content]
}

function readHead(file: Buffer): Head | null {
  const end = file.subarray(0, maxHeadBytes).indexOf('\n')
  const [, kind, found, place, at] =
    headForm.exec(file.toString('latin1', 0, Math.max(0, end))) ?? []
  if (kind === undefined || found === undefined || at === undefined) return null
  const [sequence, activatedAtMs] = [Number(place), Date.parse(at)]
  if (!Number.isSafeInteger(sequence) || Number.isNaN(activatedAtMs)) return null
  return { kind, digest: found, sequence, activatedAtMs, length: end + 1 }
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
