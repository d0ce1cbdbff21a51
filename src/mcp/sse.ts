/**
 * Server-sent events (WHATWG HTML, 9.2.6), read incrementally and written canonically.
 * Reading accepts LF, CR, CRLF, a leading byte order mark, and lines and UTF-8 split anywhere; the
 * bytes of an event's data are handed on as they come, so that an event of any size costs a line's
 * head only. Writing produces one `data:` line per event and LF, the form in which every reader
 * (by line or by event) sees the same thing. An event cut off by the end of the stream is none.
 */

/** Fields of an event besides its data; each at most once, single-line, without NUL. */
export interface EventFields {
  event?: string
  id?: string
  retry?: number
}

export type SseToken =
  /** More of the current event's data. The line break between two `data:` lines comes as LF. */
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  /** A blank line. `hasData` is false when the event had no `data:` line at all. */
  | { readonly type: 'dispatch'; readonly fields: EventFields; readonly hasData: boolean }
  | { readonly type: 'comment' }

const maxFieldBytes = 8 * 1024
const lineFeed = Uint8Array.of(0x0a)
const encoder = new TextEncoder()

type LinePart = 'start' | 'name' | 'space' | 'data' | 'value' | 'ignored'

export class SseDecoder {
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  #chunk: Uint8Array = new Uint8Array()
  #at = 0
  #part: LinePart = 'start'
  #name = ''
  #value: number[] = []
  #tooLong = false
  #fields: EventFields = {}
  #dataLines = 0
  /** Something of an event was read since the last blank line. */
  #open = false
  #skipLineFeed = false
  /** Bytes of a byte order mark matched so far; -1 once the stream has begun. */
  #bom = 0

  /** Hands over the next bytes; call `next` until it returns null before the next push. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#at = 0
  }

  next(): SseToken | null {
    while (this.#at < this.#chunk.length) {
      const token = this.#step()
      if (token !== null) return token
    }
    return null
  }

  #step(): SseToken | null {
    const c = this.#chunk[this.#at] as number
    if (this.#bom >= 0 && this.#matchBom(c)) return null
    if (this.#skipLineFeed) {
      this.#skipLineFeed = false
      if (c === 0x0a) {
        this.#at++
        return null
      }
    }
    if (this.#part === 'data') return this.#data()
    this.#at++
    if (c === 0x0a || c === 0x0d) {
      this.#skipLineFeed = c === 0x0d
      return this.#endLine()
    }
    switch (this.#part) {
      case 'start':
        if (c === 0x3a) {
          this.#part = 'ignored'
          return { type: 'comment' }
        }
        this.#open = true
        this.#part = 'name'
        this.#name = String.fromCharCode(c)
        return null
      case 'name':
        if (c === 0x3a) this.#part = 'space'
        else if (this.#name.length < 16) this.#name += String.fromCharCode(c)
        return null
      case 'space':
        if (this.#name === 'data') {
          this.#part = 'data'
          if (c !== 0x20) this.#at--
          return this.#beginData()
        }
        this.#part = 'value'
        if (c !== 0x20) this.#value.push(c)
        return null
      case 'value':
        if (this.#value.length < maxFieldBytes) this.#value.push(c)
        else this.#tooLong = true
        return null
      default:
        return null
    }
  }

  /** True while the byte may belong to the mark at the very start of the stream. */
  #matchBom(c: number): boolean {
    const mark = [0xef, 0xbb, 0xbf]
    if (c === mark[this.#bom]) {
      this.#at++
      this.#bom = this.#bom === 2 ? -1 : this.#bom + 1
      return true
    }
    // A torn mark is the start of an unknown field name: no field of ours begins like it.
    if (this.#bom > 0) {
      this.#part = 'name'
      this.#name = '\ufffd'
      this.#open = true
    }
    this.#bom = -1
    return false
  }

  #beginData(): SseToken | null {
    return this.#dataLines++ === 0 ? null : { type: 'data', bytes: lineFeed }
  }

  #data(): SseToken | null {
    const bytes = this.#chunk
    const from = this.#at
    let i = from
    while (i < bytes.length && bytes[i] !== 0x0a && bytes[i] !== 0x0d) i++
    this.#at = i
    if (i < bytes.length) {
      this.#skipLineFeed = bytes[i] === 0x0d
      this.#at = i + 1
      this.#part = 'start'
    }
    return i > from ? { type: 'data', bytes: bytes.subarray(from, i) } : null
  }

  #endLine(): SseToken | null {
    const part = this.#part
    this.#part = 'start'
    if (part === 'start') return this.#dispatch()
    if (part === 'name' || part === 'space') {
      if (this.#name === 'data') return this.#beginData()
      this.#setField('')
    } else if (part === 'value') {
      this.#setField(this.#utf8.decode(Uint8Array.from(this.#value)))
    }
    this.#value = []
    this.#tooLong = false
    return null
  }

  #setField(value: string): void {
    if (this.#tooLong || value.includes('\0')) return
    if (this.#name === 'event') this.#fields.event = value
    else if (this.#name === 'id') this.#fields.id = value
    else if (this.#name === 'retry' && /^[0-9]{1,9}$/.test(value))
      this.#fields.retry = Number(value)
  }

  #dispatch(): SseToken | null {
    if (!this.#open) return null
    const token: SseToken = {
      type: 'dispatch',
      fields: this.#fields,
      hasData: this.#dataLines > 0,
    }
    this.#fields = {}
    this.#dataLines = 0
    this.#open = false
    return token
  }
}

/** Field lines of an event, each ended by LF. `id` and `event` must come from a decoder. */
export function encodeFields(fields: EventFields): string {
  let text = ''
  if (fields.event !== undefined && fields.event !== '') text += `event: ${fields.event}\n`
  if (fields.id !== undefined) text += `id: ${fields.id}\n`
  if (fields.retry !== undefined) text += `retry: ${fields.retry}\n`
  return text
}

/** The first bytes of an event's one data line. */
export const dataPrefix = encoder.encode('data: ')
/** A comment, which every reader skips: keeps a quiet connection open. */
export const comment = encoder.encode(':\n\n')

/**
 * JSON in which line breaks between tokens became spaces, so that it fits on one `data:` line.
 * Only for text that a strict scanner accepted: there a line break is never inside a string.
 */
export function oneLine(json: Uint8Array): Uint8Array {
  if (!json.includes(0x0a) && !json.includes(0x0d)) return json
  return json.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte))
}
