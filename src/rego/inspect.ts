/** What is in a policy, without compiling it and without believing it: a signature is only read. */
import type { Json, JsonObject } from '../domain.js'
import { capabilities } from './compile-policy.js'
import { type CompilerOptions, callCompiler } from './compiler.js'
import { entryPoint, hostEntryPoint, hostModule } from './host-module.js'
import type { PolicyProblem } from './problem.js'
import type { PolicySource } from './sources.js'

export interface PolicyContents {
  readonly manifest: { readonly revision: string; readonly roots: readonly string[] } & JsonObject
  /** The content digest, which decisions carry. */
  readonly revision: string
  readonly contract: number
  readonly serial: number | null
  readonly packages: readonly { readonly package: string; readonly files: readonly string[] }[]
  readonly entryPoints: readonly string[]
  readonly annotations: readonly {
    readonly path: string
    readonly file: string
    readonly row: number
    readonly annotations: JsonObject
  }[]
  readonly dataRoots: readonly string[]
  /** Of a module that the bundle brings; null: there are sources only. */
  readonly compiled: {
    /** Facts that it reads; null: all, or nobody knows. */
    readonly paths: readonly (readonly string[])[] | null
    readonly hostModule: boolean
    /** How many .rego files lie beside it. */
    readonly sources: number
  } | null
  readonly signature: {
    readonly algorithm: string
    readonly keyId: string
    readonly scope: string
    readonly files: number
  } | null
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  readonly warnings: readonly Json[]
}

export type Inspected =
  | { readonly ok: true; readonly contents: PolicyContents }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

export async function inspectPolicy(
  source: PolicySource,
  options: CompilerOptions = {},
): Promise<Inspected> {
  const request = { source, capabilities: capabilities(), entryPoint, hostModule, hostEntryPoint }
  const reply = await callCompiler('inspect', request, options)
  if (!reply.ok) return reply
  return { ok: true, contents: reply.result as unknown as PolicyContents }
}
