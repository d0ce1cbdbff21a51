/**
 * `application/x-www-form-urlencoded` as Go's net/url writes and reads it: space is `+`, letters,
 * digits and `-_.~` stay, everything else is a percent sequence of its UTF-8 bytes. A `;` between
 * parameters and a broken percent sequence refuse the whole text. Bounds: 10,000 parameters (Go's
 * own, beyond is undefined) and the length of a text.
 */
import { boundedText, charge } from './bounds.js'
import { nativeJsonKey } from './native-json.js'
import { isArray, RegoObject, RegoSet, type Value } from './rego-value.js'
import { compareText, utf8Bytes, utf8Text } from './utf8.js'

const maxParameters = 10_000
const characterUnits = 3
const pairUnits = 100

export function urlqueryEncode(text: Value): string | undefined {
  return typeof text === 'string' ? boundedText(escaped(text)) : undefined
}

export function urlqueryDecode(text: Value): string | undefined {
  return typeof text === 'string' ? (unescaped(text) ?? undefined) : undefined
}

export function urlqueryEncodeObject(object: Value): string | undefined {
  if (!(object instanceof RegoObject)) return undefined
  const parameters = new Map<string, string[]>()
  for (const [key, member] of object) {
    const values = textsOf(member)
    if (values === null) return undefined
    charge(pairUnits * (1 + values.length))
    parameters.set(nativeJsonKey(key), values)
  }
  const names = [...parameters.keys()].sort(compareText)
  const pairs = names.flatMap((name) =>
    (parameters.get(name) ?? []).map((value) => `${escaped(name)}=${escaped(value)}`),
  )
  return boundedText(pairs.join('&'))
}

export function urlqueryDecodeObject(query: Value): RegoObject | undefined {
  if (typeof query !== 'string') return undefined
  const pairs = query.split('&')
  if (pairs.length > maxParameters) return undefined
  const parameters = new Map<string, string[]>()
  charge(pairUnits * pairs.length)
  for (const pair of pairs) {
    if (pair === '') continue
    if (pair.includes(';')) return undefined
    const split = pair.indexOf('=')
    const name = unescaped(split < 0 ? pair : pair.slice(0, split))
    const value = unescaped(split < 0 ? '' : pair.slice(split + 1))
    if (name === null || value === null) return undefined
    const values = parameters.get(name)
    if (values === undefined) parameters.set(name, [value])
    else values.push(value)
  }
  return new RegoObject(parameters)
}

function textsOf(value: Value): string[] | null {
  if (typeof value === 'string') return [value]
  if (!isArray(value) && !(value instanceof RegoSet)) return null
  const members = [...value]
  const texts = members.filter((member) => typeof member === 'string')
  if (texts.length !== members.length) return null
  return value instanceof RegoSet ? texts.sort(compareText) : texts
}

function escaped(text: string): string {
  charge(characterUnits * text.length)
  if (/^[A-Za-z0-9_.~-]*$/.test(text)) return text
  if (/[!'()*]/.test(text)) charge(2 * characterUnits * text.length)
  // The browser's function leaves !'()* as they are; Go does not.
  return encodeURIComponent(text)
    .replaceAll('!', '%21')
    .replaceAll("'", '%27')
    .replaceAll('(', '%28')
    .replaceAll(')', '%29')
    .replaceAll('*', '%2A')
    .replaceAll('%20', '+')
}

function unescaped(text: string): string | null {
  charge(characterUnits * text.length)
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null
  const spaced = text.replaceAll('+', ' ')
  if (!spaced.includes('%')) return spaced
  return utf8Text(bytesUnescaped(utf8Bytes(spaced)))
}

function bytesUnescaped(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at] ?? 0
    if (byte === 0x25) {
      byte = Number.parseInt(String.fromCharCode(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0), 16)
      at += 2
    }
    out[length++] = byte
  }
  return out.subarray(0, length)
}
