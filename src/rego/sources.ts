/**
 * Reads a policy from disk as OPA's bundle mode does: in a folder `*.rego`, `data.json`,
 * `data.yaml`, `data.yml` and the root's `.manifest`; or one `.rego` file; or a bundle file, which
 * is handed on packed. Names that start with a dot are not entered (a mounted ConfigMap keeps its
 * versions there). A link that leads out of the folder is refused, and so is anything too large.
 * What the files mean is the compiler's to say.
 */
import type { Stats } from 'node:fs'
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve, sep } from 'node:path'
import { describeThrown } from '../errors.js'
import { type PolicyProblem, problem } from './problem.js'

/** What the compiler takes: texts by path, or a packed bundle in base64. */
export type PolicySource = { readonly files: Record<string, string> } | { readonly bundle: string }

export type ReadSources =
  | { readonly ok: true; readonly source: PolicySource }
  | { readonly ok: false; readonly problems: PolicyProblem[] }

const maxFiles = 5_000
const maxBytes = 64 * 1024 * 1024
const maxDepth = 32
const dataFiles = new Set(['data.json', 'data.yaml', 'data.yml'])

class Refusal extends Error {
  readonly problem: PolicyProblem

  constructor(message: string, file: string | null, hint: string | null = null) {
    super(message)
    this.problem = problem('source_error', message, file, hint)
  }
}

export async function readSources(path: string): Promise<ReadSources> {
  try {
    const root = await realpath(path)
    const found = await stat(root)
    if (found.isDirectory()) return { ok: true, source: { files: await readFolder(root) } }
    if (!found.isFile()) throw new Refusal(`${path} is not a file or folder`, null)
    return { ok: true, source: await readSingle(root, found) }
  } catch (thrown) {
    if (thrown instanceof Refusal) return { ok: false, problems: [thrown.problem] }
    if (isMissing(thrown)) return { ok: false, problems: [nothingAt(path, thrown.path)] }
    const text = `the policy cannot be read: ${describeThrown(thrown)}`
    return { ok: false, problems: [problem('source_error', text)] }
  }
}

function isMissing(thrown: unknown): thrown is NodeJS.ErrnoException {
  return (
    thrown instanceof Error && 'code' in thrown && /^(ENOENT|ENOTDIR)$/.test(String(thrown.code))
  )
}

/** `missing` is another path where a name in the policy leads nowhere. */
function nothingAt(path: string, missing = path): PolicyProblem {
  if (resolve(missing) !== resolve(path)) {
    return problem(
      'source_error',
      `${missing} is gone or a link that leads nowhere`,
      null,
      linkHint,
    )
  }
  const hint = 'name a folder, a .rego file or a bundle'
  return problem('source_error', `there is no policy at ${path}`, null, hint)
}

const linkHint = 'put the file there or remove the name'

async function readSingle(file: string, found: Stats): Promise<PolicySource> {
  if (found.size > maxBytes) throw new Refusal(`more than ${maxBytes} bytes`, basename(file))
  checkSpelling(basename(file))
  const content = await readFile(file)
  if (file.endsWith('.rego')) {
    return { files: { [basename(file)]: decode(content, basename(file)) } }
  }
  if (!isPacked(content)) {
    const hint = 'name a folder, a .rego file or a bundle as `opa build` writes it'
    throw new Refusal('neither Rego nor a bundle', basename(file), hint)
  }
  return { bundle: content.toString('base64') }
}

/** A bundle that came in another way than from disk. */
export function readBundle(content: Uint8Array): ReadSources {
  if (isPacked(content)) return { ok: true, source: { bundle: toBase64(content) } }
  const hint = 'offer a bundle as `mcp-guard build` or `opa build` writes it'
  return { ok: false, problems: [problem('source_error', 'what came is no bundle', null, hint)] }
}

function toBase64(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64')
}

/** By the first bytes of gzip. */
function isPacked(content: Uint8Array): boolean {
  return content[0] === 0x1f && content[1] === 0x8b
}

interface Reading {
  readonly root: string
  readonly files: Record<string, string>
  filesLeft: number
  bytesLeft: number
}

async function readFolder(root: string): Promise<Record<string, string>> {
  const reading = { root, files: {}, filesLeft: maxFiles, bytesLeft: maxBytes }
  await enter(reading, '', 0)
  return reading.files
}

async function enter(reading: Reading, folder: string, depth: number): Promise<void> {
  if (depth > maxDepth) throw new Refusal(`deeper than ${maxDepth} folders`, folder)
  for (const name of (await readdir(join(reading.root, folder))).sort()) {
    const path = folder === '' ? name : `${folder}/${name}`
    if (name.startsWith('.') && path !== '.manifest') {
      if (path.toLowerCase() === '.manifest') checkSpelling(path)
      continue
    }
    const found = await lstat(join(reading.root, path))
    if (found.isDirectory()) await enter(reading, path, depth + 1)
    else if (path === '.manifest' || isRead(name)) {
      reading.files[path] = await readOne(reading, path)
    } else await checkUnread(reading.root, path, found)
  }
}

/** Of a file in a folder, whether it matters what stands in it or that it is there. */
export function mayBeSource(name: string): boolean {
  const read = intendedName(name) ?? name
  return isRead(read) || read === '.manifest' || read === 'policy.wasm'
}

function isRead(name: string): boolean {
  return name.endsWith('.rego') || dataFiles.has(name)
}

/**
 * The name that would be read, of one that capitals keep from it; null: it is read, or is another's.
 * Whoever has a `deny.REGO` beside the others believes that it is enforced.
 */
function intendedName(name: string): string | null {
  const lower = name.toLowerCase()
  if (dataFiles.has(lower) || lower === '.manifest' || lower === 'policy.wasm') {
    return lower === name ? null : lower
  }
  return lower.endsWith('.rego') && !name.endsWith('.rego') ? name.replace(/rego$/i, 'rego') : null
}

function checkSpelling(path: string): void {
  const name = basename(path)
  const intended = intendedName(name)
  if (intended === null) return
  throw new Refusal(
    'capitals in its name keep it from being read',
    path,
    `rename it to ${intended}`,
  )
}

/** What is not read is passed over, except where the operator surely means it to count. */
async function checkUnread(root: string, path: string, found: Stats): Promise<void> {
  checkSpelling(path)
  if (basename(path) === 'policy.wasm') {
    throw new Refusal('an unpacked compiled bundle', path, 'name the bundle file itself')
  }
  if (found.isSymbolicLink() && (await linksToFolder(join(root, path)))) {
    throw new Refusal('a link to a folder is not followed', path, 'put the folder itself here')
  }
}

async function readOne(reading: Reading, path: string): Promise<string> {
  const { root } = reading
  const real = await realpath(join(root, path))
  if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new Refusal('a link that leads out of the policy folder', path)
  }
  const found = await stat(real)
  if (!found.isFile()) throw new Refusal('not a file', path)
  reading.filesLeft -= 1
  reading.bytesLeft -= found.size
  if (reading.filesLeft < 0) throw new Refusal(`more than ${maxFiles} files`, path)
  if (reading.bytesLeft < 0) throw new Refusal(`more than ${maxBytes} bytes in all`, path)
  const text = decode(await readFile(real), path)
  if (dataFiles.has(basename(path)) && isEmpty(text)) {
    throw new Refusal('holds no data', path, 'write {} into it, or remove the file')
  }
  return text
}

/** Blank lines and comments of YAML only. */
function isEmpty(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(#|$)/.test(line))
}

async function linksToFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false // a dangling link of a name nobody reads
  }
}

/** Strict: a replaced character could turn one name into another. */
function decode(content: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    throw new Refusal('not UTF-8', path)
  }
}
