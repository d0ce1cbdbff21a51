/**
 * What the compiler's child answers: a line of JSON, and the bytes of a bundle after it where one was
 * compiled. Problems of the policy are values; anything else that is no result is a GuardError.
 */
import type { Json, JsonObject } from '../domain.js'
import { asGuardError, GuardError } from '../errors.js'
import { type PolicyProblem, readProblem } from './problem.js'

export type CompilerReply =
  | {
      readonly ok: true
      readonly result: JsonObject
      /** What follows the reply's line: the bundle, where one was compiled. */
      readonly bytes: Uint8Array
    }
  | { readonly ok: false; readonly problems: PolicyProblem[] }

/** Throws where there is no answer. */
export function readReply(bytes: Buffer): CompilerReply {
  const newline = bytes.indexOf('\n')
  const lineEnd = newline < 0 ? bytes.length : newline
  const reply = parse(bytes.toString('utf8', 0, lineEnd))
  const problems = reply['problems']
  if (reply['ok'] === true && isObject(reply['result'])) {
    return { ok: true, result: reply['result'], bytes: bytes.subarray(lineEnd + 1) }
  }
  if (reply['ok'] === false && Array.isArray(problems) && problems.length > 0) {
    return { ok: false, problems: problems.map(readProblem) }
  }
  const fault = reply['fault']
  throw unavailable(typeof fault === 'string' ? fault : 'the Rego compiler answered with nothing')
}

function parse(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json
    if (isObject(value)) return value
  } catch (thrown) {
    throw asGuardError(
      thrown,
      'GUARD_POLICY_UNAVAILABLE',
      'the Rego compiler answered with no JSON',
    )
  }
  throw unavailable('the Rego compiler answered with no object')
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function unavailable(message: string): GuardError {
  return new GuardError('GUARD_POLICY_UNAVAILABLE', message)
}
