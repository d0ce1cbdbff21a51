/**
 * The method that a misspelt one was most likely meant to be. Each part between the slashes has to be
 * near, because methods are made of few words: `tools/get` is another one and not `tools/list`.
 */
import { nearestKey } from '../config/nearest.js'
import { knownMethods } from '../mcp/methods.js'

/** Undefined where `name` is known, or nothing is near. */
export function nearestMethod(name: string): string | undefined {
  const known = knownMethods()
  if (known.includes(name)) return undefined
  const parts = partsOf(name)
  return nearestKey(
    name,
    known.filter((method) => areNear(parts, partsOf(method))),
  )
}

function partsOf(method: string): string[] {
  return method.split(/[^a-z0-9]+/i)
}

function areNear(given: readonly string[], known: readonly string[]): boolean {
  return (
    given.length === known.length &&
    known.every((part, place) => nearestKey(given[place] ?? '', [part]) !== undefined)
  )
}
