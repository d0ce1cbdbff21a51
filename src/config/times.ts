/** Durations and instants of a document that passed the schema, as numbers. */
import { parseDuration } from '../lib/duration.js'
import { parseInstant } from './instant.js'

export function durationMs(text: string): number {
  return expected(parseDuration(text))
}

export function instantMs(text: string): number {
  return expected(parseInstant(text))
}

function expected(ms: number | null): number {
  // A time that fell through the schema must not become "never" or "at once".
  if (ms === null) throw new TypeError('a time that the schema refuses reached the configuration')
  return ms
}
