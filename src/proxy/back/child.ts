/**
 * One process of a stdio server as a Link: messages are lines on its standard input and output, what
 * it writes to standard error goes to the log. Started without a shell, in a process group of its
 * own, with the environment of the configuration and nothing else. It is over when it has ended,
 * its output ended, or it said a line over the limit; then its whole group is ended.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { describeThrown, GuardError } from '../../errors.js'
import { LineReader } from './lines.js'
import type { Link, LinkListener } from './link.js'
import { endGroup, ownGroup } from './process-group.js'
import { TextLines } from './spoken.js'

export interface Command {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string | null
  readonly maxLineBytes: number
}

export interface ChildOptions {
  readonly listener: LinkListener
  /** A line on standard error. */
  readonly says: (text: string) => void
  /** Nothing of it is left. */
  readonly ended: () => void
}

const lineFeed = Uint8Array.of(0x0a)
const separators = ['\u2028', '\u2029'].map((text) => Buffer.from(text))
/** How long an output may stay open after its process group is gone. */
const outputMs = 1000
/** How long the end of a process may come behind that of its output. */
const exitMs = 200

export function startChild(command: Command, options: ChildOptions): Link {
  return new Child(command, options)
}

class Child implements Link {
  readonly #options: ChildOptions
  readonly #process: ChildProcess
  readonly #lines: LineReader
  #exit: string | null = null
  #closed = false
  #ending = false

  constructor({ command, args, env, cwd, maxLineBytes }: Command, options: ChildOptions) {
    this.#options = options
    this.#lines = new LineReader(maxLineBytes)
    this.#process = spawn(command, [...args], {
      env: { ...env },
      ...(cwd === null ? {} : { cwd }),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      shell: false,
    })
    // Where no file descriptor is left there are no pipes either, only this event.
    this.#process.on('error', (error) => this.#failed(error))
    this.#process.on('exit', (code, name) => {
      this.#exit = name ?? `exit status ${code}`
      this.#end()
    })
    const { pid, stdin, stdout, stderr } = this.#process
    if (pid !== undefined) ownGroup(pid)
    // What it said before it closed its input is still to be read.
    stdin?.on('error', () => this.#end())
    stdout?.on('error', () => undefined)
    stdout?.on('data', (chunk: Buffer) => this.#read(chunk))
    // A server without an output cannot answer any more.
    stdout?.on('close', () => this.#outputEnded())
    const said = new TextLines(options.says)
    stderr?.on('error', () => undefined)
    stderr?.on('data', (chunk: Buffer) => said.push(chunk))
    stderr?.on('end', () => said.end())
  }

  get backlog(): number {
    return this.#process.stdin?.writableLength ?? 0
  }

  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = () =>
        reject(new GuardError('GUARD_UPSTREAM_UNREACHABLE', 'the process takes no messages'))
      const { stdin } = this.#process
      if (!stdin) return failed()
      stdin.cork()
      stdin.write(asLine(bytes))
      stdin.write(lineFeed, (error) => {
        // Why it takes none is told by an event that comes right behind.
        if (error) setImmediate(failed)
        else resolve()
      })
      stdin.uncork()
    })
  }

  pause(): void {
    this.#process.stdout?.pause()
  }

  resume(): void {
    this.#process.stdout?.resume()
  }

  close(): void {
    this.#closed = true
    this.#process.stdin?.end()
    // Nobody reads it any more, and it must not block the process on its way out.
    this.#process.stdout?.resume()
    this.#end()
  }

  #read(chunk: Buffer): void {
    if (this.#closed) return
    const { listener } = this.#options
    const whole = this.#lines.push(chunk, (line) => {
      if (!this.#closed) listener.received(line)
    })
    if (!whole) this.#lost(new GuardError('GUARD_UPSTREAM_INVALID', 'a line over the limit'))
  }

  /** A process that ends closes its output a moment before it is known how it ended. */
  #outputEnded(): void {
    if (this.#exit !== null) return this.#gone()
    const timer = setTimeout(() => this.#gone(), exitMs)
    this.#process.once('exit', () => {
      clearTimeout(timer)
      this.#gone()
    })
  }

  #gone(): void {
    const why = this.#exit ?? 'its output ended'
    this.#lost(new GuardError('GUARD_UPSTREAM_UNREACHABLE', `the process is gone: ${why}`))
  }

  #failed(error: Error): void {
    const message = `the process cannot be started: ${describeThrown(error)}`
    this.#lost(new GuardError('GUARD_UPSTREAM_UNREACHABLE', message))
  }

  #lost(error: GuardError): void {
    if (this.#closed) return
    this.close()
    this.#options.listener.lost(error)
  }

  /** Also when only the first process is gone: what it started may go on and hold its output. */
  #end(): void {
    if (this.#ending) return
    this.#ending = true
    const { pid } = this.#process
    if (pid === undefined) return this.#options.ended()
    void endGroup(pid, this.#exit !== null).then(() => {
      this.#options.ended()
      this.#leaveOutput()
    })
  }

  /** All is said that will be, unless a process left its group and holds the output open. */
  #leaveOutput(): void {
    const { stdout, stderr } = this.#process
    const timer = setTimeout(() => {
      if (!this.#closed && stdout?.isPaused()) return void timer.refresh()
      stdout?.destroy()
      stderr?.destroy()
    }, outputMs)
    timer.unref()
  }
}

/** Node's reader of lines ends one at U+2028 and U+2029 too, which JSON allows inside a text. */
function asLine(json: Uint8Array): Uint8Array {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.length)
  if (!separators.some((separator) => bytes.includes(separator))) return json
  const text = bytes.toString().replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
  return Buffer.from(text)
}
