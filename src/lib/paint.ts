/**
 * Colour for whoever writes text that a person may read on a terminal. Whether there is one is the
 * caller's to know, and handed in.
 */

/** `code` is a rendition of ECMA-48: 1 bold, 2 faint, 31 red, 32 green, 33 yellow, 36 cyan. */
export type Paint = (code: number, text: string) => string

export const unpainted: Paint = (_code, text) => text
