/**
 * Writes whole lines to a descriptor, now: when `write` returns, the operating system has them.
 * Handles short writes, and descriptors of others that are set not to block. After a line that
 * went out in part, the next one starts on a line of its own, so a torn line spoils only itself.
 */
import { writeSync } from 'node:fs'

export interface LineWriter {
  /** Lines with their line ends, written together and in their order. */
  write(lines: readonly string[]): Written
}

export type Written =
  | { readonly ok: true }
  /** `lines`: how many are there whole; `problem`: what the operating system reports. */
  | { readonly ok: false; readonly lines: number; readonly problem: unknown }

/** How long a reader that does not read may hold up the process before it counts as a failure. */
const maxWaitMs = 50

const lineEnd = 0x0a
const done: Written = { ok: true }
const scratchBytes = 64 * 1024

/** `torn`: what is there already does not end in a line end. */
export function createLineWriter(fd: number, torn: boolean): LineWriter {
  const scratch = Buffer.allocUnsafe(scratchBytes)
  let startsInLine = torn

  function encode(text: string): Buffer {
    return text.length * 3 <= scratchBytes
      ? scratch.subarray(0, scratch.write(text))
      : Buffer.from(text)
  }

  return {
    write(lines) {
      const lead = startsInLine ? '\n' : ''
      const bytes = encode(lead + lines.join(''))
      let written = 0
      try {
        while (written < bytes.length) written += writeSome(fd, bytes, written)
      } catch (problem) {
        const whole = bytes.subarray(0, written)
        if (written > 0) startsInLine = whole[written - 1] !== lineEnd
        return { ok: false, lines: Math.max(0, lineEndsIn(whole) - lead.length), problem }
      }
      startsInLine = false
      return done
    },
  }
}

function lineEndsIn(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => count + Number(byte === lineEnd), 0)
}

function writeSome(fd: number, bytes: Buffer, offset: number): number {
  for (let waitedMs = 0; ; waitedMs += 1) {
    try {
      return writeSync(fd, bytes, offset)
    } catch (thrown) {
      if (!isWouldBlock(thrown) || waitedMs >= maxWaitMs) throw thrown
      sleep(1)
    }
  }
}

function isWouldBlock(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN'
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
