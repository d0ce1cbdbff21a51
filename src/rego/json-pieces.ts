/**
 * The JSON text of a value in pieces, for one with long texts in it: whoever writes them can let
 * others have their turn in between.
 */
import type { Json } from '../domain.js'

const longText = 1_048_576

export function* jsonPieces(value: Json): Generator<string> {
  if (typeof value === 'string' && value.length > longText) {
    yield '"'
    // A pair of surrogates that is cut apart becomes two escapes, which mean the same.
    for (let from = 0; from < value.length; from += longText) {
      yield JSON.stringify(value.slice(from, from + longText)).slice(1, -1)
    }
    yield '"'
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    let before = '{'
    for (const [member, content] of Object.entries(value)) {
      yield `${before}${JSON.stringify(member)}:`
      yield* jsonPieces(content)
      before = ','
    }
    yield before === '{' ? '{}' : '}'
  } else {
    yield JSON.stringify(value)
  }
}
