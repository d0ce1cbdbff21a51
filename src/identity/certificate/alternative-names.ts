/**
 * The subject alternative names of a certificate, from the text that Node makes of them:
 * `DNS:a.example, URI:"spiffe://x/a\u002cb"`. A name that holds a comma, a quote or a control
 * character is written as a JSON string (since CVE-2021-44532), so the text splits in one way only;
 * whatever does not split that way, and every name that is not printable ASCII, is refused whole.
 */

export interface AlternativeNames {
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
  readonly emails: readonly string[]
}

const entry = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^",]*)(, |$)/y
/** RFC 5280 4.2.1.6: these are IA5String. No name needs a space, and a NUL cuts it short elsewhere. */
const plainName = /^[!-~]{1,2048}$/

/** null: they cannot be told apart. */
export function readAlternativeNames(text: string): AlternativeNames | null {
  const names = { dnsNames: [] as string[], uris: [] as string[], emails: [] as string[] }
  entry.lastIndex = 0
  for (let ends = text === ''; !ends; ) {
    const match = entry.exec(text)
    if (match === null) return null
    const [, kind = '', written = '', separator = ''] = match
    const list = listOf(kind, names)
    const name = list === null ? null : nameOf(written)
    if (list !== null && name === null) return null
    if (list !== null && name !== null) list.push(name)
    ends = separator === ''
    if (ends !== (entry.lastIndex === text.length)) return null
  }
  return names
}

function listOf(
  kind: string,
  names: { dnsNames: string[]; uris: string[]; emails: string[] },
): string[] | null {
  if (kind === 'DNS') return names.dnsNames
  if (kind === 'URI') return names.uris
  return kind === 'email' ? names.emails : null
}

function nameOf(written: string): string | null {
  let name = written
  if (written.startsWith('"')) {
    try {
      name = String(JSON.parse(written))
    } catch {
      return null
    }
  }
  return plainName.test(name) ? name : null
}
