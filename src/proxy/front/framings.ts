/**
 * How messages look to a client that many exchanges share a way to: a line each (stdio), or a
 * `message` event each (HTTP+SSE, 2024-11-05). A message that is broken off stays a line that is no
 * JSON text, or becomes an event of a type that nobody listens to.
 */
import type { Writable } from 'node:stream'
import { dataPrefix, oneLine } from '../../mcp/sse.js'
import type { Flow } from '../frames.js'
import type { ChannelOut } from './channel.js'

interface Framing {
  readonly start: Uint8Array
  readonly end: Uint8Array
  readonly spoil: Uint8Array
}

const none = new Uint8Array()
const lineFeed = Buffer.from('\n')

/** stdio: newline-delimited JSON. */
export const lines: Framing = { start: none, end: lineFeed, spoil: lineFeed }

/** The last `event` field of an event is its type, so what was begun as a message is none. */
export const messageEvents: Framing = {
  start: Buffer.concat([Buffer.from('event: message\n'), dataPrefix]),
  end: Buffer.from('\n\n'),
  spoil: Buffer.from('\nevent: broken\n\n'),
}

/** `stallMs`: how long a client may leave everything unread; null: for ever. */
export function framedOut(
  writable: Writable,
  { start, end, spoil }: Framing,
  stallMs: number | null,
): ChannelOut {
  let begun = false
  /** Shared by all who wait for the same reader. */
  let draining: Promise<void> | null = null

  function write(bytes: Uint8Array): Flow {
    if (writable.destroyed || writable.write(bytes)) return undefined
    draining ??= drained(writable, stallMs).finally(() => {
      draining = null
    })
    return draining
  }

  return {
    part(bytes) {
      if (!begun) writable.write(start)
      begun = true
      return write(oneLine(bytes))
    },
    message(bytes) {
      const head = begun ? none : start
      begun = false
      return write(Buffer.concat([head, oneLine(bytes), end]))
    },
    spoil() {
      begun = false
      return write(spoil)
    },
  }
}

function drained(writable: Writable, stallMs: number | null): Promise<void> {
  return new Promise((resolve) => {
    const timer = stallMs === null ? null : setTimeout(() => writable.destroy(), stallMs)
    const settle = () => {
      if (timer !== null) clearTimeout(timer)
      writable.off('drain', settle)
      writable.off('close', settle)
      resolve()
    }
    writable.once('drain', settle)
    writable.once('close', settle)
  })
}
