/**
 * Makes untrusted text safe to write on a line that people, terminals and log tools read: whole
 * characters, a bounded length, and nothing that moves the cursor, ends the line, reverses reading
 * direction or hides (Unicode Cc, Cf, Zl, Zp). Not for HTML, shells or CSV.
 */

const plain = /^[ -~]*$/
const bare = /^[ !#-[\]-~]*$/
const loneSurrogate = /\p{Surrogate}/gu
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Only characters that JSON writes as they are, inside quotes, and that need no other care. */
export function isPlain(text: string): boolean {
  return bare.test(text)
}

/** Well-formed and at most `maxCharacters` UTF-16 units; a cut text ends in `…`. */
export function cutText(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) {
    return plain.test(text) ? text : text.replace(loneSurrogate, '\ufffd')
  }
  // A pair that the cut would split loses its first half below.
  const kept = text.slice(0, maxCharacters - 1)
  const whole = isHighSurrogate(kept.charCodeAt(kept.length - 1)) ? kept.slice(0, -1) : kept
  return `${whole.replace(loneSurrogate, '\ufffd')}…`
}

/** Replaces unprintable characters by `\uXXXX`, which inside a JSON string reads back as they were. */
export function escapeUnprintable(text: string): string {
  return plain.test(text) ? text : text.replace(unprintable, escapeCharacter)
}

function escapeCharacter(character: string): string {
  let escaped = ''
  for (let index = 0; index < character.length; index += 1) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
  }
  return escaped
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}
