/**
 * One case as a policy: its modules, and a rule that collects what the query binds. The compiler
 * runs in this process, one instance for many builds.
 */
import { setFlagsFromString } from 'node:v8'
import type { JsonObject } from '../../src/domain.js'
import { readArtefact } from '../../src/rego/artefact.js'
import { capabilities } from '../../src/rego/compile-policy.js'
import { type Reactor, startReactor } from '../../src/rego/reactor.js'
import type { OpaCase } from './cases.js'

export type Compiled =
  | { readonly ok: true; readonly wasm: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly problem: string }

interface Reply {
  readonly result?: { readonly wasm: string }
  readonly problems?: readonly { readonly message: string }[]
  readonly fault?: string
}

const ourPackage = 'mcpguard_opa_case'
const rule = 'rows'
export const entryPoint = `${ourPackage}/${rule}`

// Builds differ too much for optimised code to pay; the modules of cases run once.
setFlagsFromString('--no-wasm-tier-up')
setFlagsFromString('--no-wasm-dynamic-tiering')

let reactor: Reactor | null = null

export function compileCase({ modules, query, want }: OpaCase): Compiled {
  const rows = want.kind === 'rows' ? want.rows : []
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const bindings = names.map((name) => `${JSON.stringify(name)}: ${name}`).join(', ')
  const question = `package ${ourPackage}\n\n${rule} contains {${bindings}} if {\n${query}\n}\n`
  const files = Object.fromEntries(modules.map((text, index) => [`module-${index}.rego`, text]))
  const source = { files: { ...files, 'question.rego': question } }
  return build({ source, capabilities: capabilities(), entryPoints: [entryPoint] })
}

function build(request: JsonObject): Compiled {
  reactor ??= startReactor(readArtefact(), () => {})
  let reply: Reply
  try {
    reply = JSON.parse(reactor(JSON.stringify({ op: 'build', request }))) as Reply
  } catch (thrown) {
    // Whatever breaks out of it leaves it in no defined state.
    reactor = null
    return { ok: false, problem: `the compiler broke: ${String(thrown)}` }
  }
  const { result, problems, fault } = reply
  if (result !== undefined)
    return { ok: true, wasm: Uint8Array.from(Buffer.from(result.wasm, 'base64')) }
  return { ok: false, problem: fault ?? problems?.[0]?.message ?? 'no reason given' }
}
