/**
 * Which bounds of the grants a message does not keep, asked of the shipped rule itself with OPA's
 * interpreter, since a decision says only that some bound does not hold. For people: nothing is
 * decided by it. A policy that has another rule in that place has no such answer.
 */
import type { Json, JsonObject } from '../domain.js'
import { capabilities } from './compile-policy.js'
import { callCompiler } from './compiler.js'
import type { PolicySource } from './sources.js'

export interface FailedBound {
  readonly argument: string
  readonly bound: string
  readonly limit: Json
  /** The message has no such argument. */
  readonly isMissing: boolean
}

const rule = 'data.mcpguard.rules.grants'
const query = `[{"argument": argument, "bound": bound, "limit": limit, "isMissing": count(given) == 0} |
	some entry in ${rule}._entries(input.resource.type)
	some argument, bounds in entry.arguments
	some bound, limit in bounds
	given := [value | value := input.resource.arguments[argument]]
	kept := [value | some value in given; ${rule}._keeps(value, {bound: limit})]
	count(kept) == 0
]`

export async function readFailedBounds(
  source: PolicySource,
  facts: object,
): Promise<readonly FailedBound[]> {
  const input = facts as JsonObject
  const reply = await callCompiler('eval', { source, capabilities: capabilities(), query, input })
  if (!reply.ok) return []
  const { values } = reply.result
  const [found] = Array.isArray(values) ? values : []
  return Array.isArray(found) ? (found as unknown as FailedBound[]) : []
}
