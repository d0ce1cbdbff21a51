/**
 * A compiler for several requests about one policy, one after the other: a child process that keeps
 * what it parsed. It is started when it is needed and ended when it was silent for too long, when
 * nothing was asked for a while; the next request starts another. After `close` there is none any
 * more. As in compiler.ts it gets no environment.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../domain.js'
import { asGuardError, type GuardError } from '../errors.js'
import type { CompilerOp } from './compiler.js'
import { type CompilerReply, readReply, unavailable } from './compiler-reply.js'
import { jsonPieces } from './json-pieces.js'

export interface CompilerSession {
  /** One at a time. Rejects with GuardError GUARD_POLICY_UNAVAILABLE, also after `close`. */
  call(op: CompilerOp, request: JsonObject, options: SessionCall): Promise<CompilerReply>
  /** Ends what is under way; the next request starts another child. */
  reset(): void
  close(): void
}

export interface SessionCall {
  /** The child is killed when it has told neither an answer nor progress for so long. */
  readonly silenceMs: number
  /** Before each test: its place among so many, from 0, and its name. */
  readonly onProgress?: (progress: TestProgress) => void
}

export interface TestProgress {
  readonly total: number
  readonly place: number
  readonly name: string
}

export interface SessionOptions {
  /** Many requests will come: optimised code earns what it costs. */
  readonly long?: boolean
  readonly idleMs?: number
  readonly artefactFolder?: string
}

const defaultIdleMs = 60_000
const maxReplyBytes = 256 * 1024 * 1024
const maxStderr = 2_000
const newline = 0x0a

export function openCompilerSession(options: SessionOptions = {}): CompilerSession {
  const { long = false, idleMs = defaultIdleMs, artefactFolder } = options
  let child: ChildProcessWithoutNullStreams | null = null
  let idle: NodeJS.Timeout | undefined
  let closed = false

  function start(): ChildProcessWithoutNullStreams {
    const entry = fileURLToPath(new URL('./session-child.js', import.meta.url))
    const args = [entry, long ? 'long' : 'short']
    if (artefactFolder !== undefined) args.push(artefactFolder)
    const started = spawn(process.execPath, args, { env: {}, stdio: 'pipe', windowsHide: true })
    started.on('close', () => {
      if (child === started) child = null
    })
    // A child that dies early closes its stdin; whoever waits for an answer is told by `close`.
    started.stdin.on('error', () => {})
    return started
  }

  function reset(): void {
    clearTimeout(idle)
    child?.kill('SIGKILL')
    child = null
  }

  async function call(op: CompilerOp, request: JsonObject, given: SessionCall) {
    if (closed) throw unavailable('the Rego compiler was closed')
    clearTimeout(idle)
    child ??= start()
    const asked = child
    try {
      return readReply(await ask(asked, { op, request, keep: true }, given))
    } catch (thrown) {
      asked.kill('SIGKILL')
      if (child === asked) child = null
      throw thrown
    } finally {
      if (child === asked) idle = setTimeout(reset, idleMs).unref()
    }
  }

  return {
    call,
    reset,
    close() {
      closed = true
      reset()
    },
  }
}

/** The line that answers; rejects with what kept the child from it. */
function ask(
  child: ChildProcessWithoutNullStreams,
  message: JsonObject,
  { silenceMs, onProgress }: SessionCall,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let bytes = 0
    let stderr = ''
    let running = ''
    const timer = setTimeout(() => {
      const where = running === '' ? '' : ` in ${running}`
      end(unavailable(`the Rego compiler said nothing for ${silenceMs} ms${where}`))
    }, silenceMs)

    function end(fate: GuardError | null): void {
      clearTimeout(timer)
      child.stdout.off('data', onAnswer)
      child.stderr.off('data', onNote)
      child.off('error', onError)
      child.off('close', onClose)
      if (fate === null) resolve(Buffer.concat(pieces))
      else reject(fate)
    }

    function onAnswer(piece: Buffer): void {
      bytes += piece.length
      if (bytes > maxReplyBytes) {
        end(unavailable(`the Rego compiler answered with more than ${maxReplyBytes} bytes`))
        return
      }
      pieces.push(piece)
      if (piece.at(-1) === newline) end(null)
    }

    function onNote(piece: Buffer): void {
      timer.refresh()
      const lines = (stderr + piece.toString('utf8')).split('\n')
      stderr = lines.pop() ?? ''
      for (const line of lines) {
        const progress = readProgress(line)
        if (progress === null) stderr = `${line}\n${stderr}`.slice(0, maxStderr)
        else {
          running = progress.name
          onProgress?.(progress)
        }
      }
    }

    function onError(thrown: Error): void {
      end(asGuardError(thrown, 'GUARD_POLICY_UNAVAILABLE', 'the Rego compiler cannot be started'))
    }

    function onClose(code: number | null, signal: string | null): void {
      // Its last answer has no end of line.
      if (code === 0 && bytes > 0) return end(null)
      end(unavailable(`the Rego compiler ended with ${signal ?? code}: ${stderr.trim()}`))
    }

    child.stdout.on('data', onAnswer)
    child.stderr.on('data', onNote)
    child.on('error', onError)
    child.on('close', onClose)
    Readable.from(withNewline(message), { highWaterMark: 1 }).pipe(child.stdin, { end: false })
  })
}

function* withNewline(message: JsonObject): Generator<string> {
  yield* jsonPieces(message)
  yield '\n'
}

/** As the compiler writes it to standard error. */
function readProgress(line: string): TestProgress | null {
  const [, total, place, name] = /^test (\d+) (\d+) (.+)$/.exec(line) ?? []
  if (name === undefined) return null
  return { total: Number(total), place: Number(place), name }
}
