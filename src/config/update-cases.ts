/**
 * Rewrites what cases of a file expect, at its place in the text: comments, order, quotes and every
 * other line stay as they are. Lists in block style lose and gain lines; everything else is written
 * anew on its line.
 */
import type { Json } from '../domain.js'
import { childPointer } from './problem.js'
import { type YamlPlace, yamlPlaces } from './yaml-places.js'

export interface CaseChange {
  /** Place of the case in the file, from 0. */
  readonly index: number
  /** Member of `expect` as it stands there. */
  readonly member: string
  /** What it is to be called, where that changes. */
  readonly renamed?: string
  readonly value: Json
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** `text` is a file of cases that the reader accepts. */
export function updateCaseText(text: string, changes: readonly CaseChange[]): string {
  const places = yamlPlaces(text)
  const edits = changes.flatMap((change) => editsOf(text, places, change))
  let updated = text
  for (const { start, end, text: put } of edits.sort((a, b) => b.start - a.start)) {
    updated = updated.slice(0, start) + put + updated.slice(end)
  }
  return updated
}

function editsOf(
  text: string,
  places: ReadonlyMap<string, YamlPlace>,
  { index, member, renamed, value }: CaseChange,
): Edit[] {
  const place = places.get(childPointer(`/cases/${index}/expect`, member))
  if (place === undefined || place.key === null) {
    throw new RangeError(`case ${index} expects no ${member}`)
  }
  const rename =
    renamed === undefined ? [] : [{ start: place.key.start, end: place.key.end, text: renamed }]
  const lines = Array.isArray(value) ? listEdits(text, place, place.key, value) : null
  const { start, end } = place
  return [...rename, ...(lines ?? [{ start, end, text: flowText(value) }])]
}

/** Of a list whose items stand on lines of their own; null: it is written in another way. */
function listEdits(
  text: string,
  { items }: YamlPlace,
  key: { readonly end: number },
  value: readonly Json[],
): Edit[] | null {
  const [first] = items ?? []
  const indent = first === undefined ? null : indentOf(text, first.start)
  if (items === null || first === undefined || indent === null) return null
  const wanted = value.map(flowText)
  const kept = new Set<number>()
  for (const item of wanted) {
    const at = items.findIndex((one, place) => !kept.has(place) && isText(text, one, item))
    if (at >= 0) kept.add(at)
  }
  const edits = items
    .filter((_, place) => !kept.has(place))
    .map(({ start, end }) => ({ ...linesOf(text, start, end), text: '' }))
  const had = items.map((one) => text.slice(one.start, one.end)).map(unquoted)
  const added = wanted.filter((item) => !had.includes(unquoted(item)))
  const last = items.at(-1) ?? first
  const { end: after } = linesOf(text, last.start, last.end)
  if (added.length > 0) {
    const lead = text.charAt(after - 1) === '\n' ? '' : '\n'
    const lines = added.map((item) => `${indent}- ${item}\n`).join('')
    edits.push({ start: after, end: after, text: lead + lines })
  }
  if (wanted.length === 0) {
    const colon = text.indexOf(':', key.end) + 1
    edits.push({ start: colon, end: colon, text: ' []' })
  }
  return edits
}

function isText(text: string, { start, end }: YamlPlace, item: string): boolean {
  return unquoted(text.slice(start, end)) === unquoted(item)
}

function unquoted(text: string): string {
  return /^(["'])[^"'\\]*\1$/.test(text) ? text.slice(1, -1) : text
}

/** What stands before the dash of an item; null: more than blanks. */
function indentOf(text: string, start: number): string | null {
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  return /^( *)- +$/.exec(line)?.[1] ?? null
}

/** The whole lines that a value is on, with its dash, its comment and the last line's end. */
function linesOf(text: string, start: number, end: number): { start: number; end: number } {
  const newline = text.indexOf('\n', end)
  return {
    start: text.lastIndexOf('\n', start - 1) + 1,
    end: newline < 0 ? text.length : newline + 1,
  }
}

/** On one line. */
function flowText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, one]) => `${name}: ${flowText(one)}`)
    return `{ ${members.join(', ')} }`
  }
  return typeof value === 'string' ? scalarText(value) : JSON.stringify(value)
}

/** Plain where no reader could take it for anything but this text. */
function scalarText(text: string): string {
  const isPlain = /^[A-Za-z][\w./-]*(:[\w./-]+)*$/.test(text)
  const isWord = /^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
  return isPlain && !isWord ? text : JSON.stringify(text)
}
