/**
 * Go's quoting of text (strconv): what can be printed stays, everything else is an escape. What can
 * be printed is by Unicode category, in the edition that OPA has, whatever the runtime's is.
 */
import { charge } from './bounds.js'

/** Characters of Unicode 15.1, 16 and 17 that can be printed; OPA has Unicode 15. */
const younger = `
88f 897 c5c cdc 1acf-1add 1ae0-1aeb 1b4e-1b4f 1b7f 1c89-1c8a 20c1 2427-2429 2b96 2ffc-2fff
31e4-31e5 31ef a7cb-a7cf a7d2 a7d4 a7da-a7dc a7f1 fbc3-fbd2 fd90-fd91 fdc8-fdce 105c0-105f3
10940-10959 10d40-10d65 10d69-10d85 10d8e-10d8f 10ec2-10ec7 10ed0-10ed8 10efa-10efc 11380-11389
1138b 1138e 11390-113b5 113b7-113c0 113c2 113c5 113c7-113ca 113cc-113d5 113d7-113d8 113e1-113e2
116d0-116e3 11b60-11b67 11bc0-11be1 11bf0-11bf9 11db0-11ddb 11de0-11de9 11f5a 13460-143fa
16100-16139 16d40-16d79 16ea0-16eb8 16ebb-16ed3 16ff2-16ff6 187f8-187ff 18cff 18d09-18d1e
18d80-18df2 1cc00-1ccfc 1cd00-1ceb3 1ceba-1ced0 1cee0-1cef0 1e5d0-1e5fa 1e5ff 1e6c0-1e6de
1e6e0-1e6f5 1e6fe-1e6ff 1f6d8 1f777-1f77a 1f8b2-1f8bb 1f8c0-1f8c1 1f8d0-1f8d8 1fa54-1fa57
1fa89-1fa8a 1fa8e-1fa8f 1fabe 1fac6 1fac8 1facd 1fadc 1fadf 1fae9-1faea 1faef 1fbcb-1fbef 1fbfa
2b73a-2b73f 2cea2-2cead 2ebf0-2ee5d 323b0-33479
`
const youngerClass = younger
  .trim()
  .replace(/[0-9a-f]+/g, '\\u{$&}')
  .replace(/\s+/g, '')
const unprintable = `[^\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ]|[${youngerClass}]`
/** What is quoted with an escape; for `+` everything beyond ASCII is. */
const escapedIn = new RegExp(`["\\\\]|${unprintable}`, 'gu')
const escapedInAscii = new RegExp(`["\\\\]|[^\\0-\\x7f]|${unprintable}`, 'gu')
const notPrintable = new RegExp(`^(?:${unprintable})?$`, 'u')
const characterUnits = 2
const escapeUnits = 20
const named: ReadonlyMap<string, string> = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
])

export function isPrintable(character: string): boolean {
  return !notPrintable.test(character)
}

export function goQuoted(text: string, onlyAscii = false): string {
  charge(text.length / 8)
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`
  charge(characterUnits * text.length)
  const shown = text.replace(onlyAscii ? escapedInAscii : escapedIn, (character) => {
    charge(escapeUnits)
    return escaped(character, '"', onlyAscii)
  })
  return `"${shown}"`
}

export function goQuotedCharacter(character: string, onlyAscii: boolean): string {
  return `'${escaped(character, "'", onlyAscii)}'`
}

/** Whether the text can stand between backquotes as it is. */
export function canBackquote(text: string): boolean {
  charge(characterUnits * text.length)
  return ![...text].some((character) => {
    const code = character.codePointAt(0) ?? 0
    return (code < 0x20 && code !== 9) || code === 0x60 || code === 0x7f || code === 0xfeff
  })
}

function escaped(character: string, quote: string, onlyAscii: boolean): string {
  if (character === quote || character === '\\') return `\\${character}`
  const code = character.codePointAt(0) ?? 0
  if ((code < 0x80 || !onlyAscii) && isPrintable(character)) return character
  const short = named.get(character)
  if (short !== undefined) return short
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
