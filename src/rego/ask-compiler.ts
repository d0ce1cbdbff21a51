/**
 * A request to the compiler: in the session that the caller has open, or in a child of its own. What
 * is large always gets its own: a session answers in JSON alone, which is no form for it.
 */
import type { JsonObject } from '../domain.js'
import {
  type CompilerOp,
  type CompilerOptions,
  type CompilerReply,
  callCompiler,
  textLength,
} from './compiler.js'
import type { CompilerSession } from './compiler-session.js'

export interface AskOptions extends CompilerOptions {
  /** A compiler that may be running already, and keeps what it parsed. One request at a time. */
  readonly session?: CompilerSession
}

const longestInSession = 1_000_000
const sessionDeadlineMs = 30_000

/** As `callCompiler`. `artefactFolder` is the session's own where there is one. */
export function askCompiler(
  op: CompilerOp,
  request: JsonObject,
  { session, ...options }: AskOptions,
): Promise<CompilerReply> {
  if (session === undefined || textLength(request) > longestInSession) {
    return callCompiler(op, request, options)
  }
  return session.call(op, request, { silenceMs: options.deadlineMs ?? sessionDeadlineMs })
}
