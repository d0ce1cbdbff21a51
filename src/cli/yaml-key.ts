/**
 * Names that others chose, as keys of a YAML file: quoted, with an escape for every character that
 * is not seen, ends a line or moves what follows. Nothing in a name can end its quotes.
 */

/** YAML readers take no key that is longer than 1,024 characters as it is written. */
const maxKeyBytes = 1000

/** A double-quoted YAML scalar: what is not printable in YAML 1.2 goes as an escape. */
export function quotedKey(text: string): string {
  return JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu,
    (character) => `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
  )
}

export function fitsKey(name: string): boolean {
  return !/\p{Surrogate}/u.test(name) && Buffer.byteLength(quotedKey(name)) <= maxKeyBytes
}
