/**
 * Arguments of a tool or prompt from the command line: `name=text` and `name:=json`. Neither needs
 * quotes in any shell for plain values, and a text that looks like a number stays a text.
 */

import type { Json, JsonObject } from '../domain.js'
import { UsageError } from './terminal.js'

/** `base` is the text of --arguments; single arguments win over its members. */
export function parseCallArguments(items: readonly string[], base: string | undefined): JsonObject {
  const parsed = new Map<string, Json>(base === undefined ? [] : Object.entries(parseObject(base)))
  const named = new Set<string>()
  for (const item of items) {
    const [, name = '', raw, text = ''] = /^([^=]*[^=:])(:?)=(.*)$/s.exec(item) ?? []
    if (name === '') {
      throw new UsageError(`an argument is name=text or name:=json, not ${JSON.stringify(item)}`)
    }
    if (named.has(name)) throw new UsageError(`the argument ${JSON.stringify(name)} is given twice`)
    named.add(name)
    parsed.set(name, raw === ':' ? parseJson(text, `the argument ${JSON.stringify(name)}`) : text)
  }
  return Object.fromEntries(parsed)
}

function parseObject(text: string): JsonObject {
  const value = parseJson(text, '--arguments')
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new UsageError('--arguments must be a JSON object')
}

function parseJson(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new UsageError(`${what} is not JSON`)
  }
}
