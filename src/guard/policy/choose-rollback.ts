/**
 * Which revision a rollback goes to, and what it is rolled back from: pure, from what is kept on disk,
 * what is in force and what the operator asked for.
 */
import type { Hold } from './hold.js'
import type { KeptRevision } from './revisions.js'

export interface RollbackState {
  /** The one activated last from the source comes first. */
  readonly kept: readonly KeptRevision[]
  readonly hold: Hold | null
  /** What decides now in the gateways, each once; empty: not known. */
  readonly active: readonly string[]
}

export type Choice =
  | { readonly ok: true; readonly to: string; readonly from: readonly string[] }
  | { readonly ok: false; readonly problem: string }

const leastDigits = 4

/** `wanted`: the beginning of a revision, with or without `sha256:`; undefined: the one before. */
export function chooseRollback(state: RollbackState, wanted?: string): Choice {
  const revisions = state.kept.map(({ revision }) => revision)
  const newest = revisions[0]
  const known = state.active.length > 0 ? state.active : [state.hold?.to ?? newest]
  const active = known.filter((revision) => revision !== undefined)
  const [first] = active
  if (first === undefined || newest === undefined) {
    return refused("no revision is kept on disk, or none that is this user's alone")
  }
  if (wanted === undefined && active.length > 1) {
    return refused(`the gateways do not agree, ${active.join(' and ')} are active: use --to`)
  }
  const found = wanted === undefined ? before(revisions, first) : named(revisions, wanted)
  if (!found.ok) return found
  const { to } = found
  if (active.every((revision) => revision === to)) return refused(`${to} is active already`)
  // Whatever the source offers now was activated last, or is what was rolled back from before.
  const from = new Set([...(state.hold?.from ?? []), ...active, newest])
  from.delete(to)
  return { ok: true, to, from: [...from] }
}

type Found = { readonly ok: true; readonly to: string } | Extract<Choice, { ok: false }>

function before(revisions: readonly string[], active: string): Found {
  const to = revisions[revisions.indexOf(active) + 1]
  return to === undefined
    ? refused(`no revision before ${active} is kept on disk`)
    : { ok: true, to }
}

function named(revisions: readonly string[], wanted: string): Found {
  const digits = wanted.toLowerCase().replace(/^sha256:/, '')
  if (digits.length < leastDigits || !/^[0-9a-f]{1,64}$/.test(digits)) {
    return refused(`a revision is named by at least ${leastDigits} of its hex digits`)
  }
  const [to, other] = revisions.filter((revision) => revision.startsWith(`sha256:${digits}`))
  if (to === undefined) return refused(`the revision ${wanted} is not kept on disk; see --list`)
  if (other !== undefined) return refused(`${wanted} is the beginning of several revisions`)
  return { ok: true, to }
}

function refused(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem }
}
