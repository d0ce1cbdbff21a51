/** Two plain trees as one: maps add up, anything else of the upper stands in the place of the lower. */
import type { Json, JsonObject } from '../domain.js'

/** Without a prototype, so that no name of a member means anything else. */
export function mergedMaps(below: JsonObject, above: JsonObject): JsonObject {
  const sum: JsonObject = Object.assign(Object.create(null), below)
  for (const [member, value] of Object.entries(above)) {
    const other = sum[member]
    sum[member] = isMap(other) && isMap(value) ? mergedMaps(other, value) : value
  }
  return sum
}

function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
