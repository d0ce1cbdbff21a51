/** JSON Pointer (RFC 6901) into a parsed value. Own members only, no `-`, no URI fragments. */
import type { Json } from '../../domain.js'

/** Null: not a pointer. */
export function parsePointer(text: string): readonly string[] | null {
  if (!/^(\/([^~/]|~[01])*)+$/.test(text)) return null
  return text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Undefined: there is nothing. */
export function valueAt(root: Json, tokens: readonly string[]): Json | undefined {
  let value: Json | undefined = root
  for (const token of tokens) {
    if (typeof value !== 'object' || value === null) return undefined
    if (Array.isArray(value)) {
      value = /^(0|[1-9]\d{0,8})$/.test(token) ? value[Number(token)] : undefined
    } else {
      value = Object.hasOwn(value, token) ? value[token] : undefined
    }
  }
  return value
}
