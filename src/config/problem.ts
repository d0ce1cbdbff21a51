/**
 * One thing that is wrong with a configuration, with its place and its fix. Problems are collected,
 * never thrown one by one. Texts name keys and places, never a value that could be a secret.
 */

import { cutText, escapeUnprintable } from '../lib/printable.js'

export interface ConfigProblem {
  /** The file, or the command-line option, that the value came from; absent where nothing did. */
  readonly source?: string
  /** 1-based line in that file. */
  readonly line?: number
  /** JSON Pointer (RFC 6901) of the value; empty for the whole document. */
  readonly pointer: string
  readonly problem: string
  readonly fix: string
}

/** `source:line: /pointer: problem; fix`, on one line. */
export function formatConfigProblem({
  source,
  line,
  pointer,
  problem,
  fix,
}: ConfigProblem): string {
  const places: string[] = []
  if (source !== undefined) places.push(line === undefined ? source : `${source}:${line}`)
  if (pointer !== '') places.push(pointer)
  return escapeUnprintable([...places, `${problem}; ${fix}`].join(': '))
}

/** Appends one reference token to a JSON Pointer, escaped (RFC 6901, section 3). */
export function childPointer(pointer: string, token: string | number): string {
  return `${pointer}/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** The pointer without its last reference token; undefined for the whole document. */
export function parentPointer(pointer: string): string | undefined {
  return pointer === '' ? undefined : pointer.slice(0, pointer.lastIndexOf('/'))
}

/** A key or name as it may stand in a message: quoted, in one line, cut. */
export function quoted(text: string): string {
  return escapeUnprintable(JSON.stringify(cutText(text, 64)))
}
