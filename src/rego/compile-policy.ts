/**
 * From a policy on disk to a bundle the decision point can activate. Problems of the policy are
 * values with a place; a GuardError means that the compiler itself could not answer.
 * The enforcement build: no test files, both entry points, checked against the facts schema.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { JsonObject } from '../domain.js'
import { asGuardError, GuardError } from '../errors.js'
import { packageFile } from '../lib/package-root.js'
import { readArtefactInfo } from './artefact.js'
import { askCompiler } from './ask-compiler.js'
import { type FramedBundle, frameBundle, readBundleFrame } from './bundle-frame.js'
import { defaultCacheDir, readCache, writeCache } from './cache.js'
import { type CompilerReply, packedDeadlineMs, textLength } from './compiler.js'
import type { CompilerSession } from './compiler-session.js'
import { entryPoint, hostEntryPoint, hostModule } from './host-module.js'
import type { PolicyProblem } from './problem.js'
import { type PolicySource, readSources } from './sources.js'
import { type BundleVerification, type NewestSigned, orderProblem } from './verify.js'

export type { BundleVerification, NewestSigned } from './verify.js'

export interface CompilePolicyOptions {
  /** Folder of the cache; null = no cache; absent = `~/.cache/mcp-guard`. */
  readonly cacheDir?: string | null
  /** Milliseconds for the compiler; default 30 000. */
  readonly deadlineMs?: number
  /** Also refuse unused variables and imports and other things that compile but look wrong. */
  readonly strict?: boolean
  /** Who must have signed the policy; absent or null: nobody. */
  readonly verify?: BundleVerification | null
  /** A compiler that may be running already: a second policy takes a tenth of the time in it. */
  readonly session?: CompilerSession
  /** The newest signed revision that was ever active; absent or null: none that is known. */
  readonly newest?: NewestSigned | null
}

export type CompiledPolicy =
  | (FramedBundle & { readonly ok: true; readonly cached: boolean })
  | { readonly ok: false; readonly problems: PolicyProblem[] }

export async function compilePolicy(
  path: string,
  options: CompilePolicyOptions = {},
): Promise<CompiledPolicy> {
  const sources = await readSources(path)
  return sources.ok ? compileSource(sources.source, options) : sources
}

/** The same of a policy that was read already: from disk, from a URL, or kept from before. */
export async function compileSource(
  source: PolicySource,
  options: CompilePolicyOptions = {},
): Promise<CompiledPolicy> {
  const compiled = await compileOrFind(source, options)
  if (!compiled.ok || !options.newest) return compiled
  const { bundle, serial, signedDigest } = compiled
  const older = orderProblem(options.newest, { serial, content: signedDigest ?? bundle.revision })
  return older === null ? compiled : { ok: false, problems: [older] }
}

async function compileOrFind(
  source: PolicySource,
  options: CompilePolicyOptions,
): Promise<CompiledPolicy> {
  const verify = options.verify ?? null
  const request = {
    source,
    capabilities: capabilities(),
    schema: factsSchema(),
    strict: options.strict ?? false,
    entryPoint,
    hostModule,
    hostEntryPoint,
    verify: verify === null ? null : { ...verify },
  }
  // Whoever can write into the cache is believed there; with a signature, nobody is but its owner.
  const cacheDir = verify === null ? cacheFolder(options) : null
  const key = await cacheKey(request)
  if (cacheDir !== null) {
    const stored = await readCache(cacheDir, key)
    const framed = stored === null ? null : readBundleFrame(stored)
    if (framed !== null) return { ok: true, ...framed, cached: true }
  }
  // Whoever asks for the same while it is being compiled waits for that.
  return underWay.get(key) ?? compileOnce(key, request, cacheDir, options)
}

function cacheFolder({ cacheDir }: CompilePolicyOptions): string | null {
  return cacheDir === undefined ? defaultCacheDir(undefined) : cacheDir
}

type CompileRequest = JsonObject & { readonly source: PolicySource }

const underWay = new Map<string, Promise<CompiledPolicy>>()

function compileOnce(
  key: string,
  request: CompileRequest,
  cacheDir: string | null,
  options: CompilePolicyOptions,
): Promise<CompiledPolicy> {
  const compiling = compile(key, request, cacheDir, options).finally(() => underWay.delete(key))
  underWay.set(key, compiling)
  return compiling
}

async function compile(
  key: string,
  request: CompileRequest,
  cacheDir: string | null,
  options: CompilePolicyOptions,
): Promise<CompiledPolicy> {
  const reply = await ask(request, options)
  if (!reply.ok) return reply
  const frame = reply.bytes.byteLength > 0 ? reply.bytes : frameBundle(reply.result)
  const framed = frame === null ? null : readBundleFrame(frame)
  if (frame === null || framed === null) {
    throw new GuardError('GUARD_INTERNAL', 'the Rego compiler answered with something else')
  }
  if (cacheDir !== null) await writeCache(cacheDir, key, frame)
  return { ok: true, ...framed, cached: false }
}

function ask(
  request: CompileRequest,
  { deadlineMs, session }: CompilePolicyOptions,
): Promise<CompilerReply> {
  const longestMs =
    deadlineMs ?? ('bundle' in request.source ? packedDeadlineMs(textLength(request)) : undefined)
  return askCompiler('compile', request, {
    ...(longestMs !== undefined && { deadlineMs: longestMs }),
    ...(session !== undefined && { session }),
  })
}

/** `file:row:col: message (hint)`, without the parts that are not known. */
export function formatProblem(p: PolicyProblem): string {
  const place = [p.file, p.row, p.row === null ? null : p.col].filter((part) => part !== null)
  const text = p.hint === null ? p.message : `${p.message} (${p.hint})`
  return place.length === 0 ? text : `${place.join(':')}: ${text}`
}

/** The builtins and language features a policy may use. */
export function capabilities(): JsonObject {
  return packageJson('compiler', 'capabilities.json')
}

/** The schema of a policy's input. */
export function factsSchema(): JsonObject {
  return packageJson('schemas', 'facts.schema.json')
}

function packageJson(...segments: readonly string[]): JsonObject {
  try {
    return JSON.parse(readFileSync(packageFile(...segments), 'utf8')) as JsonObject
  } catch (thrown) {
    throw asGuardError(thrown, 'GUARD_INTERNAL', `${segments.join('/')} cannot be read`)
  }
}

const sliceBytes = 4_194_304

/** Everything the result depends on; files in the order of their names. */
async function cacheKey(request: CompileRequest): Promise<string> {
  const { source, ...rest } = request
  const parts = [readArtefactInfo().sha256, JSON.stringify(rest)]
  if ('bundle' in source) parts.push('bundle', source.bundle)
  else {
    for (const [name, text] of Object.entries(source.files).sort(byName)) parts.push(name, text)
  }
  const sum = createHash('sha256').update('mcp-guard compiled policy 2\n')
  for (const part of parts) {
    const bytes = Buffer.from(part)
    sum.update(`${bytes.byteLength}:`)
    for (let from = 0; from < bytes.byteLength; from += sliceBytes) {
      if (from > 0) await turnOfOthers()
      sum.update(bytes.subarray(from, from + sliceBytes))
    }
  }
  return sum.digest('hex')
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : 1
}
