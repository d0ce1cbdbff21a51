/**
 * Looks things up in headers as they arrived: a flat array in which name and value alternate,
 * names in any case, duplicates kept (Node's `rawHeaders`, undici's raw form).
 *
 * A doubled singleton is an answer of its own: which copy counts differs between implementations,
 * so nobody here picks one. Values are not interpreted, split at commas or trimmed.
 */

export type SingleHeader =
  | { readonly ok: true; readonly value: string | null }
  | { readonly ok: false }

const absent: SingleHeader = { ok: true, value: null }
const doubled: SingleHeader = { ok: false }

/** Every value of a header in order of arrival. `lowerName` is in lower case. */
export function headerValues(raw: readonly string[], lowerName: string): string[] {
  const values: string[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const value = raw[index + 1]
    if (value !== undefined && isNamed(raw[index], lowerName)) values.push(value)
  }
  return values
}

/** The value of a header that may be there once; null = absent, not ok = there more than once. */
export function singleHeader(raw: readonly string[], lowerName: string): SingleHeader {
  let found: string | null = null
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (!isNamed(raw[index], lowerName)) continue
    if (found !== null) return doubled
    found = raw[index + 1] ?? ''
  }
  return found === null ? absent : { ok: true, value: found }
}

/** What some headers say, each in the place of its name; null = absent, several joined by comma. */
export interface PickedHeaders {
  readonly values: readonly (string | null)[]
  /** One of them is there more than once. */
  readonly doubled: boolean
}

/** Finds all of these headers in one pass. `lowerNames` are in lower case and different. */
export function headerPicker(
  lowerNames: readonly string[],
): (raw: readonly string[]) => PickedHeaders {
  const byLength: { readonly name: string; readonly place: number }[][] = []
  for (const [place, name] of lowerNames.entries()) {
    for (let length = byLength.length; length <= name.length; length += 1) byLength.push([])
    byLength[name.length]?.push({ name, place })
  }
  const none = lowerNames.map(() => null)
  return function pick(raw) {
    const values: (string | null)[] = none.slice()
    let doubled = false
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const sameLength = byLength[raw[index]?.length ?? 0]
      if (sameLength === undefined) continue
      for (const { name, place } of sameLength) {
        if (!isNamed(raw[index], name)) continue
        const before = values[place] ?? null
        const value = raw[index + 1] ?? ''
        doubled ||= before !== null
        values[place] = before === null ? value : `${before}, ${value}`
      }
    }
    return { values, doubled }
  }
}

// RFC 9110 5.1: names are case-insensitive ASCII tokens. `toLowerCase` would also fold U+212A to k.
function isNamed(name: string | undefined, lowerName: string): boolean {
  if (name === undefined || name.length !== lowerName.length) return false
  if (name === lowerName) return true
  for (let index = 0; index < name.length; index += 1) {
    const code = name.charCodeAt(index)
    const lower = code >= 65 && code <= 90 ? code + 32 : code
    if (lower !== lowerName.charCodeAt(index)) return false
  }
  return true
}
