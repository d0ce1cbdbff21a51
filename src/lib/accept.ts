/**
 * Whether an Accept header takes JSON and event streams (RFC 9110 12.5.1): of the ranges that match,
 * the most specific one decides, and a weight of 0 is a no. A range that cannot be read is none.
 */
import { parseMediaType } from './media-type.js'
import { createRecent } from './recent.js'

export interface AcceptedForms {
  readonly json: boolean
  readonly events: boolean
}

const maxRemembered = 1024
/** Few are ever sent, each very often. */
const recent = createRecent<AcceptedForms>(100)

/** `text`: all values of the header, joined by commas. */
export function acceptedForms(text: string): AcceptedForms {
  const known = recent.get(text)
  if (known !== undefined) return known
  const forms = { json: takes(text, 'application/json'), events: takes(text, 'text/event-stream') }
  if (text.length <= maxRemembered) recent.set(text, forms)
  return forms
}

function takes(text: string, essence: string): boolean {
  const type = essence.slice(0, essence.indexOf('/'))
  const matching = ['*/*', `${type}/*`, essence]
  let best = -1
  let taken = false
  for (const part of text.split(',')) {
    const range = parseMediaType(part)
    const precision = range === null ? -1 : matching.indexOf(range.essence)
    if (range === null || precision < 0 || precision < best) continue
    const wanted = !/^0(\.0{0,3})?$/.test(range.parameters.get('q') ?? '1')
    taken = precision === best ? taken || wanted : wanted
    best = precision
  }
  return taken
}
