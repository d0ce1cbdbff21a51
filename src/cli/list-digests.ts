/**
 * Reads all lists of a live server and digests each definition from the bytes it came as, just as
 * the gateway does. What the gateway would call unknown has no digest here either.
 */
import { readDefinition } from '../catalogue/definition.js'
import { EnvelopeReader } from '../mcp/envelope.js'
import { listMethods } from '../mcp/methods.js'
import type { Answer, McpClient } from './mcp-client.js'
import { canBePinned, type PinnedKind, pinnedKinds, type ServerPins } from './pins.js'

export interface Unclear {
  readonly kind: PinnedKind
  readonly name: string
  /** What is wrong: there is no one definition, or no place for such a name in a file of pins. */
  readonly what: 'definition' | 'name'
}

export type ListDigests =
  | { readonly ok: true; readonly pins: ServerPins; readonly unclear: readonly Unclear[] }
  | { readonly ok: false; readonly problem: string }

/** As many as the gateway reads. */
const maxPages = 100
/** JSON-RPC 2.0: the server has no such lists. */
const methodNotFound = -32601

export async function readDigests(client: McpClient): Promise<ListDigests> {
  const pins: Record<PinnedKind, ReadonlyMap<string, string>> = {
    tools: new Map(),
    prompts: new Map(),
    resources: new Map(),
  }
  const unclear: Unclear[] = []
  for (const kind of pinnedKinds) {
    const read = await readList(client, kind)
    if (typeof read === 'string') return { ok: false, problem: `${listMethods[kind]}: ${read}` }
    const digests = new Map<string, string>()
    for (const [name, digest] of read) {
      if (!canBePinned(name)) unclear.push({ kind, name, what: 'name' })
      else if (digest === null) unclear.push({ kind, name, what: 'definition' })
      else digests.set(name, digest)
    }
    pins[kind] = digests
  }
  return { ok: true, pins, unclear }
}

/** Name → digest, null where it is not clear; a text tells why there is no list. */
async function readList(
  client: McpClient,
  kind: PinnedKind,
): Promise<Map<string, string | null> | string> {
  const digests = new Map<string, string | null>()
  let params = {}
  for (let page = 0; page < maxPages; page += 1) {
    const { answer, message } = await client.requestRaw(listMethods[kind], params)
    if (answer.kind === 'error') return hasNone(answer, page) ? digests : answer.message
    const items = itemsOf(message, kind)
    if (items === null) return 'the answer holds no list that every reader reads alike'
    for (const [name, digest] of items) {
      const isNew = !digests.has(name)
      digests.set(name, isNew || digests.get(name) === digest ? digest : null)
    }
    const cursor = answer.result['nextCursor']
    if (typeof cursor !== 'string' || cursor === '') return digests
    params = { cursor }
  }
  return `there are more than ${maxPages} pages`
}

function hasNone(answer: Answer, page: number): boolean {
  return page === 0 && answer.kind === 'error' && answer.code === methodNotFound
}

function itemsOf(message: Uint8Array, kind: PinnedKind): [string, string | null][] | null {
  const marked = message[0] === 0xef && message[1] === 0xbb && message[2] === 0xbf
  const bytes = marked ? message.subarray(3) : message
  const reader = new EnvelopeReader()
  reader.push(bytes)
  const list = reader.finish() ? reader.lists.find((one) => one.kind === kind) : undefined
  if (list === undefined) return null
  return list.items.flatMap(({ name, start, end }) =>
    name === null ? [] : [[name, readDefinition(bytes.subarray(start, end))?.digest ?? null]],
  )
}
