/**
 * What one client without headers of its own was told of its server's tools, as far as calls repeat
 * arguments in headers (2026-07-28). A tool that was never listed has none: the server then refuses
 * the call (-32020), upon which clients list and try again. Bounded; the oldest tools go first.
 */
import type { Json, JsonObject, Message } from '../../domain.js'
import {
  type MirroredParameter,
  mayAnnotate,
  parameterHeaders,
  readParameters,
} from '../../mcp/parameters.js'

/** Characters of names and paths. */
const maxCharacters = 256 * 1024
/** What a parameter costs beside its characters. */
const parameterCost = 64

interface Learnt {
  readonly parameters: readonly MirroredParameter[]
  readonly cost: number
}

export class LearntParameters {
  /** Oldest first. */
  readonly #tools = new Map<string, Learnt>()
  #cost = 0

  /** An answer to `tools/list` as the client gets it: tools that no client may take are gone from it. */
  learn(answer: Uint8Array): void {
    if (this.#tools.size === 0 && !mayAnnotate(answer)) return
    for (const { name, inputSchema } of toolsOf(answer)) {
      if (typeof name !== 'string') continue
      this.#forget(name)
      const parameters = readParameters(inputSchema) ?? []
      if (parameters.length > 0) this.#remember(name, parameters)
    }
  }

  /** The headers of a call; name and value alternate. */
  headersOf({ method, params }: Message): string[] {
    const name = method === 'tools/call' ? params?.['name'] : undefined
    const learnt = typeof name === 'string' ? this.#tools.get(name) : undefined
    return learnt === undefined ? [] : parameterHeaders(learnt.parameters, params?.['arguments'])
  }

  #remember(name: string, parameters: readonly MirroredParameter[]): void {
    const cost = parameters.reduce(
      (sum, { header, path }) => sum + parameterCost + header.length + path.join('.').length,
      name.length,
    )
    this.#tools.set(name, { parameters, cost })
    this.#cost += cost
    for (const oldest of this.#tools.keys()) {
      if (this.#cost <= maxCharacters) break
      this.#forget(oldest)
    }
  }

  #forget(name: string): void {
    this.#cost -= this.#tools.get(name)?.cost ?? 0
    this.#tools.delete(name)
  }
}

/** Its names are unambiguous already; an answer that is no list has no tools. */
function toolsOf(answer: Uint8Array): readonly JsonObject[] {
  try {
    const { result } = JSON.parse(Buffer.from(answer).toString())
    const tools: unknown = result?.tools
    return Array.isArray(tools) ? tools.filter(isObject) : []
  } catch {
    return []
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
