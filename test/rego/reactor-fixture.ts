/**
 * The compiler without the child process, for tables of many small requests: one instance, real
 * artefact, real capabilities and schema.
 */
import { setFlagsFromString } from 'node:v8'
import type { Json, JsonObject } from '../../src/domain.js'
import { readArtefact } from '../../src/rego/artefact.js'
import { capabilities, factsSchema } from '../../src/rego/compile-policy.js'
import type { CompilerOp } from '../../src/rego/compiler.js'
import { entryPoint, hostEntryPoint, hostModule } from '../../src/rego/host-module.js'
import { startReactor } from '../../src/rego/reactor.js'

setFlagsFromString('--no-wasm-tier-up')
setFlagsFromString('--no-wasm-dynamic-tiering')

/** Which test it is at is of no interest. */
const reactor = startReactor(readArtefact(), (text) => {
  if (!/^test \d+ \d+ /.test(text)) process.stderr.write(text)
})

export interface RawReply {
  readonly ok: boolean
  readonly result?: JsonObject
  readonly problems?: { [member: string]: Json }[]
  readonly fault?: string
}

export function call(op: CompilerOp, request: JsonObject): RawReply {
  return JSON.parse(reactor(JSON.stringify({ op, request }))) as RawReply
}

/** The request text as it is, for what is not a request. */
export function callText(text: string): RawReply {
  return JSON.parse(reactor(text)) as RawReply
}

/** An enforcement build, as compilePolicy asks for it. */
export function compile(files: Record<string, string>): RawReply {
  return compileSource({ files })
}

export function compileSource(source: JsonObject): RawReply {
  return call('compile', compileRequest(source))
}

export function compileRequest(source: JsonObject): JsonObject {
  return {
    source,
    capabilities: capabilities(),
    schema: factsSchema(),
    strict: false,
    entryPoint,
    hostModule,
    hostEntryPoint,
  }
}

export function onSource(op: CompilerOp, files: Record<string, string>, rest: JsonObject = {}) {
  return call(op, { source: { files }, capabilities: capabilities(), ...rest })
}

/** The result of a request that must work. */
export function must(reply: RawReply): JsonObject {
  if (reply.ok && reply.result !== undefined) return reply.result
  throw new Error(`the compiler refused: ${JSON.stringify(reply.problems ?? reply.fault)}`)
}
