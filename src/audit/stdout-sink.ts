/**
 * Audit lines on standard output, for containers whose platform collects it. Written to the
 * descriptor itself: Node's stream would keep lines in memory while nobody reads.
 */
import type { Sink } from './file-sink.js'
import { createLineWriter } from './line-writer.js'

export function createStdoutSink(): Sink {
  const writer = createLineWriter(1, false)
  // Standard output is not ours to close, and there is nothing to open anew.
  return { write: (lines) => writer.write(lines), reopen() {}, close() {} }
}
