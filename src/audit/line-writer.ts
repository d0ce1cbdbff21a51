/**
 * Writes whole lines to a descriptor, now: when `write` returns, the operating system has the line.
 * Handles short writes, and descriptors of others that are set not to block. After a line that
 * went out in part, the next one starts on a line of its own, so a torn line spoils only itself.
 */
import { writeSync } from 'node:fs'

export interface LineWriter {
  /** Throws what the operating system reports when the line is not written whole. */
  write(line: string): void
}

/** How long a reader that does not read may hold up the process before it counts as a failure. */
const maxWaitMs = 50

/** `torn`: what is there already does not end in a line end. */
export function createLineWriter(fd: number, torn: boolean): LineWriter {
  let startsInLine = torn
  return {
    write(line) {
      const bytes = Buffer.from(startsInLine ? `\n${line}` : line)
      let written = 0
      try {
        while (written < bytes.length) written += writeSome(fd, bytes, written)
      } finally {
        if (written > 0) startsInLine = written < bytes.length
      }
    },
  }
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
