/**
 * What host functions may cost. Within an evaluation the meter counts down what is left of its
 * budget: a unit is about 15 ns of work here, and what is charged depends on the arguments and on
 * what was called before in the same evaluation, never on what the process remembers. Each function
 * has bounds of its own too, which hold outside an evaluation as well: beyond one is a fault, never
 * a shorter answer.
 */

/** Of a text that a function makes, in UTF-16 units. */
export const maxTextLength = 1_048_576
/** Of a text that stands for one amount, duration or version, and of a number's own. */
export const maxNumeralLength = 4_096

/** Nothing is left of the evaluation's budget. */
export class BudgetSpent extends Error {}

let left = Number.POSITIVE_INFINITY
let made = new Map<string, unknown>()

/** What was made in the evaluation before is made, and charged, again. */
export function startEvaluation(): void {
  if (made.size > 0) made = new Map()
}

/** Runs `work` with so many units; `settle` is told what is left, also when it throws. */
export function metered<T>(units: number, settle: (left: number) => void, work: () => T): T {
  left = units
  try {
    return work()
  } finally {
    settle(Math.floor(left))
    left = Number.POSITIVE_INFINITY
  }
}

export function charge(units: number): void {
  left -= units
  if (left < 0) throw new BudgetSpent('a built-in function spent the budget')
}

/** Charges for making what `key` names once in an evaluation, whether or not it has to be made. */
export function madeOnce<T>(key: string, units: number, make: () => T): T {
  if (left === Number.POSITIVE_INFINITY) return make()
  if (made.has(key)) return made.get(key) as T
  charge(units)
  const value = make()
  made.set(key, value)
  return value
}

export function boundedText(text: string): string {
  if (text.length > maxTextLength) throw new Error('a built-in function made too long a text')
  return text
}

export function boundedNumeral(text: string): string {
  if (text.length > maxNumeralLength) throw new Error('a built-in function got too long a numeral')
  return text
}

/** Counts elementary steps of one call, each of them so many units. */
export class Steps {
  #left: number
  readonly #units: number

  constructor(most: number, units = 1) {
    this.#left = most
    this.#units = units
  }

  take(count = 1): void {
    this.#left -= count
    if (this.#left < 0) throw new Error('a built-in function had too much to do')
    charge(count * this.#units)
  }
}
