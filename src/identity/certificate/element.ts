/**
 * The value of Envoy's `x-forwarded-client-cert` when it is about one certificate:
 * `Hash=…;Cert="…";Subject="…"`, where `"`-quoted values may hold anything and escape with `\`. A list
 * of several is refused: which of them the trusted proxy wrote can only be told from their order,
 * and what came before may have been written to disturb that.
 */

/** Keys in lower case; null: it is not one element, or a key that there is one of is there twice. */
export function readElement(text: string): ReadonlyMap<string, string> | null {
  const pair = /([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^",;\s]*)(;|$)/y
  const members = new Map<string, string>()
  for (let ends = false; !ends; ) {
    const match = pair.exec(text)
    if (match === null) return null
    const [, key = '', written = '', separator = ''] = match
    const name = key.toLowerCase()
    if (members.has(name) && !repeatable.has(name)) return null
    members.set(name, unquoted(written))
    ends = separator === ''
  }
  return pair.lastIndex === text.length ? members : null
}

const repeatable = new Set(['by', 'uri', 'dns'])

function unquoted(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replace(/\\(.)/g, '$1') : written
}
