/** How far a run is, for a person who waits: one line on standard error, gone when the run is done. */
import { escapeUnprintable } from '../../lib/printable.js'
import type { TestProgress } from '../../rego/compiler-session.js'

export interface ProgressLine {
  tell(progress: TestProgress): void
  clear(): void
}

const everyMs = 100
const nothing: ProgressLine = { tell() {}, clear() {} }

/** Says nothing in a pipe and in CI. */
export function progressLine(stream: NodeJS.WriteStream, isCi: boolean): ProgressLine {
  if (!stream.isTTY || isCi) return nothing
  let told = Number.NEGATIVE_INFINITY
  const write = (text: string) => stream.write(`\r\u001b[2K${text}`)
  write('compiling…')
  return {
    tell({ total, place, name }) {
      const now = performance.now()
      if (now - told < everyMs) return
      told = now
      const text = escapeUnprintable(`test ${place + 1} of ${total}: ${name}`)
      write(text.slice(0, (stream.columns || 80) - 1))
    },
    clear: () => write(''),
  }
}
