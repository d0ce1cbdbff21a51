/** What a child of the compiler answers where the compiler itself broke off. */
import type { JsonObject } from '../domain.js'
import { describeThrown } from '../errors.js'

/** The stack is the one bound a policy meets in here: it is used up by what is nested too deeply. */
export function childFailure(thrown: unknown): JsonObject {
  if (!(thrown instanceof RangeError)) return { ok: false, fault: describeThrown(thrown) }
  const message = 'something in the policy is nested too deeply to be compiled'
  return { ok: false, problems: [{ code: 'policy_too_deep', message }] }
}
