/**
 * What a validation found, in OPA's words, with the score by which the closest of several schemas is
 * chosen: one point for each check that was made, two less for each error.
 */
import { maxTextLength, type Steps } from '../bounds.js'
import { RegoObject, type Value } from '../rego-value.js'

/** Where in the document: names from the root on. */
export interface Place {
  readonly name: string
  readonly above: Place | null
}

export interface SchemaError {
  readonly type: string
  readonly field: string
  readonly description: string
}

export class Result {
  readonly errors: SchemaError[] = []
  #score = 0
  readonly #steps: Steps

  constructor(steps: Steps) {
    this.#steps = steps
  }

  get valid(): boolean {
    return this.errors.length === 0
  }

  get score(): number {
    return this.#score
  }

  checked(): void {
    this.#score++
  }

  add(type: string, place: Place, describe: string | ((field: string) => string)): void {
    const field = fieldOf(place)
    const description = typeof describe === 'string' ? describe : describe(field)
    this.#steps.take(1 + field.length + description.length)
    this.errors.push({ type, field, description })
    this.#score -= 2
  }

  merge(other: Result): void {
    this.#steps.take(other.errors.length)
    for (const error of other.errors) this.errors.push(error)
    this.#score += other.#score
  }

  value(): Value {
    let length = 0
    const errors = this.errors.map(({ type, field, description }) => {
      length += 2 * (field.length + description.length)
      if (length > maxTextLength) throw new Error('a built-in function made too long a text')
      return new RegoObject([
        ['error', `${field}: ${description}`],
        ['type', type],
        ['field', field],
        ['desc', description],
      ])
    })
    return [this.valid, errors]
  }
}

/** Without the root, except of the root itself. */
function fieldOf(place: Place): string {
  const names: string[] = []
  for (let at: Place | null = place; at !== null; at = at.above) names.unshift(at.name)
  const text = names.join('.')
  return text.startsWith('(Root).') ? text.slice('(Root).'.length) : text
}
