/**
 * Calls the compiler: one child process per request, killed at its deadline. A problem of the policy
 * comes back as a value; whatever keeps the compiler from answering is a GuardError.
 * The child gets no environment, so nothing of the gateway's secrets or flags is in it.
 */
import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Json, JsonObject } from '../domain.js'
import { asGuardError, type GuardError } from '../errors.js'
import { type CompilerReply, readReply, unavailable } from './compiler-reply.js'
import { jsonPieces } from './json-pieces.js'

export type { CompilerReply } from './compiler-reply.js'

export type CompilerOp =
  | 'build'
  | 'check'
  | 'compile'
  | 'eval'
  | 'explain'
  | 'fmt'
  | 'inspect'
  | 'lint'
  | 'pack'
  | 'paths'
  | 'sign'
  | 'test'
  | 'testmodule'
  | 'verify'

export interface CompilerOptions {
  /** Milliseconds until the child is killed; 1–600 000, default 30 000 and 3 000 for each MB sent. */
  readonly deadlineMs?: number
  /** Folder of another rego.wasm and rego.json; its digest is verified all the same. */
  readonly artefactFolder?: string
}

const defaultDeadlineMs = 30_000
const msPerMegabyte = 3_000
/** What came packed can be anybody's, and large by intent: 17 MB of data need 30 s on a busy machine. */
const longestPackedMs = 60_000
/** From here on optimised code in the child earns what it costs. */
const longRequest = 2_000_000
const maxReplyBytes = 256 * 1024 * 1024
const maxStderr = 2_000

export async function callCompiler(
  op: CompilerOp,
  request: JsonObject,
  options: CompilerOptions = {},
): Promise<CompilerReply> {
  return readReply(await runChild(op, request, options))
}

function runChild(op: CompilerOp, request: JsonObject, options: CompilerOptions): Promise<Buffer> {
  const size = textLength(request)
  const deadlineMs = options.deadlineMs ?? deadlineOf(size)
  const pace = size > longRequest ? 'long' : 'short'
  const args = [fileURLToPath(new URL('./child.js', import.meta.url)), op, pace]
  if (options.artefactFolder !== undefined) args.push(options.artefactFolder)
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: {},
      stdio: 'pipe',
      windowsHide: true,
    })
    const pieces: Buffer[] = []
    let bytes = 0
    let stderr = ''
    let fate: GuardError | undefined
    const end = (message: string) => {
      fate ??= unavailable(message)
      child.kill('SIGKILL')
    }
    const timer = setTimeout(() => {
      end(`the Rego compiler did not answer within ${deadlineMs} ms`)
    }, deadlineMs)
    child.stdout.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes > maxReplyBytes)
        end(`the Rego compiler answered with more than ${maxReplyBytes} bytes`)
      else pieces.push(piece)
    })
    child.stderr.on('data', (piece: Buffer) => {
      stderr = (stderr + piece.toString('utf8')).slice(0, maxStderr)
    })
    // A child that dies early closes its stdin; `close` below says why.
    child.stdin.on('error', () => {})
    child.on('error', (thrown) => {
      clearTimeout(timer)
      reject(
        asGuardError(thrown, 'GUARD_POLICY_UNAVAILABLE', 'the Rego compiler cannot be started'),
      )
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (fate !== undefined) reject(fate)
      else if (code === 0) resolve(Buffer.concat(pieces))
      else reject(unavailable(`the Rego compiler ended with ${signal ?? code}: ${stderr.trim()}`))
    })
    Readable.from(jsonPieces({ op, request }), { highWaterMark: 1 }).pipe(child.stdin)
  })
}

function deadlineOf(size: number): number {
  return defaultDeadlineMs + Math.ceil(size / 1e6) * msPerMegabyte
}

/** How long a bundle of that size may keep the compiler busy. */
export function packedDeadlineMs(size: number): number {
  return Math.min(deadlineOf(size), longestPackedMs)
}

/** Of all texts inside: nearly all of what is sent. */
export function textLength(value: Json): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, member) => sum + textLength(member), 0)
}
