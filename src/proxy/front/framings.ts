/**
 * What a message on a shared way looks like: a line (stdio), or an event of a stream that is answered
 * anyway (HTTP+SSE, batches). A message that is broken off stays a line that is no JSON text, or
 * becomes an event of a type that nobody listens to.
 */
import type { Writable } from 'node:stream'
import { oneLine } from '../../mcp/sse.js'
import type { Flow, FrameSink } from '../frames.js'
import type { ChannelOut } from './channel.js'

const nothing = new Uint8Array()
const lineFeed = Buffer.from('\n')

/** stdio: newline-delimited JSON. */
export function linesOut(writable: Writable): ChannelOut {
  function write(bytes: Uint8Array): Flow {
    if (writable.destroyed || writable.write(bytes)) return undefined
    return new Promise((resolve) => {
      const settle = () => {
        writable.off('drain', settle)
        writable.off('close', settle)
        resolve()
      }
      writable.once('drain', settle)
      writable.once('close', settle)
    })
  }

  return {
    part: (bytes) => write(oneLine(bytes)),
    message: (bytes) => write(Buffer.concat([oneLine(bytes), lineFeed])),
    // What is open still lacks its last bracket.
    spoil: () => write(lineFeed),
  }
}

/** `event`: the type of each; the default is a message too. */
export function eventsOut(sink: FrameSink, event: 'message' | null): ChannelOut {
  const fields = event === null ? {} : { event }
  return {
    part: (bytes) => sink.part(bytes),
    message: (bytes) => sink.message(bytes, fields),
    // The last `event` field of an event is its type.
    spoil: () => sink.message(nothing, { event: 'broken' }),
  }
}
