/**
 * What is wrong with a policy: the operator's to put right, so a value and never an error. The
 * compiler's reply is read field by field; whatever does not fit becomes null.
 */
import type { Json } from '../domain.js'

export interface PolicyProblem {
  /** Stable, e.g. `rego_type_error`, `entry_point_missing`, `reserved_package`. */
  readonly code: string
  readonly message: string
  /** Path below the policy folder; null when the problem has no place. */
  readonly file: string | null
  /** Both from 1. */
  readonly row: number | null
  readonly col: number | null
  readonly details: Json
  /** What to write instead, when that is known. */
  readonly hint: string | null
}

export function problem(
  code: string,
  message: string,
  file: string | null = null,
  hint: string | null = null,
): PolicyProblem {
  return { code, message, file, row: null, col: null, details: null, hint }
}

/** Reads one problem of the compiler's reply. */
export function readProblem(value: Json): PolicyProblem {
  const member = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  const text = (name: string): string | null =>
    typeof member[name] === 'string' ? member[name] : null
  const count = (name: string): number | null =>
    typeof member[name] === 'number' ? member[name] : null
  return {
    code: text('code') ?? 'policy_error',
    message: text('message') ?? 'the policy cannot be compiled',
    file: text('file'),
    row: count('row'),
    col: count('col'),
    details: member['details'] ?? null,
    hint: text('hint'),
  }
}
