/**
 * What a host function may cost: the policy's own budget counts work inside the module only. Beyond
 * a bound the evaluation is a fault, never a shorter answer.
 */

/** Of a text that a function makes, in UTF-16 units. */
export const maxTextLength = 1_048_576

export function boundedText(text: string): string {
  if (text.length > maxTextLength) throw new Error('a built-in function made too long a text')
  return text
}

/** Counts elementary steps of one call. */
export class Steps {
  #left: number

  constructor(most: number) {
    this.#left = most
  }

  take(count = 1): void {
    this.#left -= count
    if (this.#left < 0) throw new Error('a built-in function had too much to do')
  }
}
