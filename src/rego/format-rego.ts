/** Rego as `opa fmt` writes it. */
import type { JsonObject } from '../domain.js'
import { GuardError } from '../errors.js'
import { type CompilerOptions, callCompiler } from './compiler.js'
import type { PolicyProblem } from './problem.js'

export type Formatted =
  | { readonly ok: true; readonly files: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly problems: PolicyProblem[] }

/** Rego texts by path, formatted. */
export async function formatRego(
  files: Readonly<Record<string, string>>,
  options: CompilerOptions = {},
): Promise<Formatted> {
  const reply = await callCompiler('fmt', { files: { ...files } }, options)
  if (!reply.ok) return reply
  return { ok: true, files: textsOf(reply.result) }
}

function textsOf({ files }: JsonObject): Record<string, string> {
  if (typeof files === 'object' && files !== null && !Array.isArray(files)) {
    return files as Record<string, string>
  }
  throw new GuardError('GUARD_INTERNAL', 'the Rego compiler answered with something else')
}
