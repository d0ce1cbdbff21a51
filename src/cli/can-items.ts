/**
 * What one principal sees and may use of one server's items: asked of the decision point as a list
 * and a message of that caller would be. Decides nothing itself.
 */
import type {
  Circumstances,
  Decision,
  Definitions,
  Identity,
  ListKind,
  Question,
  Server,
} from '../domain.js'
import { listItems, listMethods } from '../mcp/methods.js'
import type { AskAs } from '../policy/workbench.js'
import { allKinds, definitionsOf, type LiveLists } from './live-lists.js'

/** `some`: yes, but not without arguments, which are bounded. `scopes`: more scopes would lift it. */
export type Use = 'yes' | 'some' | 'scopes' | 'no'

export interface ItemView {
  readonly kind: ListKind
  readonly name: string
  readonly seen: boolean
  readonly use: Use
  /** Of what speaks last: of the refusal, or of the permission. */
  readonly decision: Decision
}

export interface ServerView {
  readonly server: string
  /** Lists that the caller may not ask for at all. */
  readonly closed: readonly { readonly kind: ListKind; readonly decision: Decision }[]
  readonly items: readonly ItemView[]
}

export interface Caller {
  readonly identity: Identity
  readonly circumstances: Circumstances
}

export async function viewServer(
  askAs: AskAs,
  caller: Caller,
  server: Server,
  lists: LiveLists,
): Promise<ServerView> {
  const definitions = definitionsOf(lists)
  const ask = (method: string, params: Question['params']) =>
    questionOf(caller, server, definitions, method, params)
  const closed: { kind: ListKind; decision: Decision }[] = []
  const items: ItemView[] = []
  const session = askAs.judge(ask('initialize', {}))
  for (const kind of allKinds) {
    const names = [...lists[kind].keys()]
    if (names.length === 0) continue
    const question = ask(listMethods[kind], {})
    const listed = session.allow ? askAs.judge(question) : session
    if (!listed.allow) closed.push({ kind, decision: listed })
    const visible = await askAs.visible(question, kind, names)
    for (const [index, name] of names.entries()) {
      const item = askAs.item(question, kind, name)
      const used = item.allow ? tried(kind, name, item) : item
      const seen = listed.allow && visible[index] === true
      items.push({ kind, name, seen, use: useOf(kind, item, used), decision: used })
    }
  }
  return { server: server.name, closed, items }

  /** Without arguments: what they may be is for the bounds to say. */
  function tried(kind: ListKind, name: string, item: Decision): Decision {
    // A template is not read itself.
    if (kind === 'resourceTemplates') return item
    return askAs.judge(ask(listItems[kind].action, useParams(kind, name, {})))
  }
}

export function useParams(
  kind: ListKind,
  name: string,
  given: NonNullable<Question['params']>,
): NonNullable<Question['params']> {
  return listItems[kind].type === 'tool' || listItems[kind].type === 'prompt'
    ? { name, arguments: given }
    : { uri: name }
}

export function questionOf(
  { identity, circumstances }: Caller,
  server: Server,
  definitions: Definitions | null,
  method: string,
  params: Question['params'],
): Question {
  return {
    identity,
    server,
    definitions,
    direction: 'client',
    kind: 'request',
    method,
    params,
    circumstances,
  }
}

function useOf(kind: ListKind, item: Decision, used: Decision): Use {
  if (used.allow) return 'yes'
  if (item.allow && (kind === 'tools' || kind === 'prompts')) return 'some'
  return used.challenge === null ? 'no' : 'scopes'
}
