/**
 * One media type, as in a Content-Type (RFC 9110 8.3.1). Strict where two readers could disagree:
 * a list, a doubled parameter, a space around `=` or anything over 1,024 characters is null.
 * Empty parameters (`text/plain;`) are allowed, as the grammar allows them.
 */
import { createRecent } from './recent.js'

export interface MediaType {
  /** `type/subtype` in lower case. */
  readonly essence: string
  /** Names in lower case, values as sent, unquoted. */
  readonly parameters: ReadonlyMap<string, string>
  /** The charset parameter in lower case; null = not given. */
  readonly charset: string | null
}

const maxCharacters = 1024
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const essencePattern = new RegExp(`(${token})/(${token})[ \\t]*`, 'y')
const parameterPattern = new RegExp(
  `;[ \\t]*(?:(${token})=(?:(${token})|"((?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*)")[ \\t]*)?`,
  'y',
)

/** Few are ever sent, each very often. */
const recent = createRecent<{ readonly parsed: MediaType | null }>(100)

/** Parses one media type; null = not one. */
export function parseMediaType(text: string): MediaType | null {
  if (text.length > maxCharacters) return null
  const known = recent.get(text)
  if (known !== undefined) return known.parsed
  const parsed = parse(text)
  recent.set(text, { parsed })
  return parsed
}

function parse(text: string): MediaType | null {
  const trimmed = text.replace(/^[ \t]+/, '')
  essencePattern.lastIndex = 0
  const essence = essencePattern.exec(trimmed)
  if (essence === null) return null
  const parameters = readParameters(trimmed, essence[0].length)
  if (parameters === null) return null
  return {
    essence: `${essence[1]}/${essence[2]}`.toLowerCase(),
    parameters,
    charset: parameters.get('charset')?.toLowerCase() ?? null,
  }
}

function readParameters(text: string, start: number): Map<string, string> | null {
  const parameters = new Map<string, string>()
  let position = start
  while (position < text.length) {
    parameterPattern.lastIndex = position
    const match = parameterPattern.exec(text)
    if (match === null) return null
    position = parameterPattern.lastIndex
    const name = match[1]?.toLowerCase()
    if (name === undefined) continue
    if (parameters.has(name)) return null
    parameters.set(name, match[2] ?? (match[3] ?? '').replace(/\\(.)/g, '$1'))
  }
  return parameters
}
