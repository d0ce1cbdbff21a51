/**
 * The formats that are held to: those of OPA whose grammar is a page, in its readings. E-mail
 * addresses and URIs are read in OPA by Go's own parsers, which accept other things than any other:
 * a schema that names them is a fault. Formats that nobody knows always hold.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { charge } from '../bounds.js'
import { compiledPattern } from '../regex.js'
import { rfc3339Ns } from '../time.js'

const hostname =
  /^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9])(\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]))*$/
const uuid = /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i

const formats: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date', isDate],
  ['time', isTime],
  ['date-time', (text) => isTime(text) || isDate(text) || rfc3339Ns(text) !== null],
  ['hostname', (text) => text.length < 256 && hostname.test(text)],
  ['ipv4', (text) => isAddress(text) && text.includes('.')],
  ['ipv6', (text) => isAddress(text) && text.includes(':')],
  ['uuid', (text) => uuid.test(text)],
  ['regex', (text) => text === '' || compiledPattern(text) !== null],
  ['json-pointer', isPointer],
  ['relative-json-pointer', isRelativePointer],
])
const refused: ReadonlySet<string> = new Set([
  'email',
  'idn-email',
  'uri',
  'uri-reference',
  'iri',
  'iri-reference',
  'uri-template',
])

export function hasFormat(format: string, text: string): boolean {
  charge(100 + text.length)
  if (refused.has(format)) throw new Error(`json.match_schema: the format ${format}`)
  return formats.get(format)?.(text) ?? true
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && rfc3339Ns(`${text}T00:00:00Z`) !== null
}

/** With or without an offset. */
function isTime(text: string): boolean {
  const onADay = `2000-01-01T${text}`
  return rfc3339Ns(onADay) !== null || rfc3339Ns(`${onADay}Z`) !== null
}

/** Without a zone. */
function isAddress(text: string): boolean {
  return isIPv4(text) || (isIPv6(text) && !text.includes('%'))
}

function isPointer(text: string): boolean {
  return (text === '' || text.startsWith('/')) && !/~(?![01])/.test(text)
}

function isRelativePointer(text: string): boolean {
  const steps = /^(0|[1-9][0-9]*)/.exec(text)?.[0]
  if (steps === undefined) return false
  const rest = text.slice(steps.length)
  return rest === '#' || isPointer(rest)
}
