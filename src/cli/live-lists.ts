/**
 * Reads all lists of a live server, every page, with what the gateway would know of each item: its
 * definition from the bytes it came as. What the gateway would call unknown is unknown here too.
 */
import { readDefinition } from '../catalogue/definition.js'
import type { Definition, Definitions, JsonObject, ListKind } from '../domain.js'
import { EnvelopeReader, type List } from '../mcp/envelope.js'
import { listItems, listMethods } from '../mcp/methods.js'
import type { Answer, RawAnswer } from './mcp-client.js'

/** Whatever answers requests. */
export interface ListSource {
  requestRaw(method: string, params: JsonObject): Promise<RawAnswer>
}

/** Name → definition; null: there is no one definition of it. */
export type LiveList = ReadonlyMap<string, Definition | null>
export type LiveLists = Readonly<Record<ListKind, LiveList>>

export type ReadLists<Kind extends ListKind> =
  | { readonly ok: true; readonly lists: Readonly<Record<Kind, LiveList>> }
  | { readonly ok: false; readonly problem: string }

export const allKinds = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const

const noItems: LiveList = new Map()
export const noLists: LiveLists = {
  tools: noItems,
  prompts: noItems,
  resources: noItems,
  resourceTemplates: noItems,
}

/** As many as the gateway reads. */
const maxPages = 100
/** JSON-RPC 2.0: the server has no such lists. */
const methodNotFound = -32601

export async function readLists<Kind extends ListKind>(
  source: ListSource,
  kinds: readonly Kind[],
): Promise<ReadLists<Kind>> {
  const lists: Record<ListKind, LiveList> = { ...noLists }
  for (const kind of kinds) {
    const read = await readList(source, kind)
    if (typeof read === 'string') return { ok: false, problem: `${listMethods[kind]}: ${read}` }
    lists[kind] = read
  }
  return { ok: true, lists }
}

/** A text tells why there is no list. */
async function readList(
  source: ListSource,
  kind: ListKind,
): Promise<Map<string, Definition | null> | string> {
  const known = new Map<string, Definition | null>()
  let params = {}
  for (let page = 0; page < maxPages; page += 1) {
    const { answer, message } = await source.requestRaw(listMethods[kind], params)
    if (answer.kind === 'error') return hasNone(answer, page) ? known : answer.message
    const found = listsOf(message)?.find((one) => one.kind === kind)
    if (found === undefined) return 'the answer holds no list that every reader reads alike'
    learn(known, found, message)
    const cursor = answer.result['nextCursor']
    if (typeof cursor !== 'string' || cursor === '') return known
    params = { cursor }
  }
  return `there are more than ${maxPages} pages`
}

function hasNone(answer: Answer, page: number): boolean {
  return page === 0 && answer.kind === 'error' && answer.code === methodNotFound
}

/** An answer to a list's request, or a result of one by itself; null: two readers could differ. */
export function listsIn(text: Uint8Array): LiveLists | null {
  const wrapped = Buffer.concat([
    Buffer.from('{"jsonrpc":"2.0","id":1,"result":'),
    text,
    Buffer.from('}'),
  ])
  for (const message of [text, wrapped]) {
    const found = listsOf(message)
    if (found === null || found.length === 0) continue
    const lists: Record<ListKind, Map<string, Definition | null>> = {
      tools: new Map(),
      prompts: new Map(),
      resources: new Map(),
      resourceTemplates: new Map(),
    }
    for (const list of found) learn(lists[list.kind], list, message)
    return lists
  }
  return null
}

function listsOf(message: Uint8Array): readonly List[] | null {
  const reader = new EnvelopeReader()
  reader.push(unmarked(message))
  return reader.finish() ? reader.lists : null
}

/** What two items of one name say differently is not known. */
function learn(known: Map<string, Definition | null>, list: List, message: Uint8Array): void {
  const bytes = unmarked(message)
  for (const { name, start, end } of list.items) {
    if (name === null) continue
    const definition = readDefinition(bytes.subarray(start, end))
    const isSame = !known.has(name) || known.get(name)?.digest === definition?.digest
    known.set(name, isSame ? definition : null)
  }
}

/** Without the byte order mark that some servers begin with. */
function unmarked(bytes: Uint8Array): Uint8Array {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return marked ? bytes.subarray(3) : bytes
}

/** As a policy is told of them. */
export function definitionsOf(lists: LiveLists): Definitions {
  const byType = new Map(allKinds.map((kind) => [String(listItems[kind].type), lists[kind]]))
  return { of: (type, id) => byType.get(type)?.get(id) ?? null }
}
