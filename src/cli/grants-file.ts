/**
 * A first `grants/data.yaml` from what a server offers: each name as a grant of its own, and as a
 * comment where it needs somebody's decision. A name is only ever granted as itself: one that the
 * grants would read as a pattern is not written as a key. Nothing of a server's text but the names is
 * in the file, and those are quoted. Pure.
 */
import type { Definition, ListKind } from '../domain.js'
import { allKinds, type LiveLists } from './live-lists.js'
import { fitsKey, quotedKey } from './yaml-key.js'

export interface GrantsOf {
  readonly role: string
  readonly server: string
  readonly lists: LiveLists
}

export interface GrantsFile {
  readonly text: string
  readonly granted: Readonly<Record<ListKind, number>>
  /** Written as comments, or not at all. */
  readonly withheld: number
}

interface Entry {
  readonly name: string
  /** null: it is granted. */
  readonly reason: string | null
  /** False: the name cannot stand in the file. */
  readonly isKey: boolean
  /** A comment below. */
  readonly hint: string | null
}

const header = `# yaml-language-server: $schema=../../schemas/policy-data/grants.schema.json
# A first draft by "mcp-guard grants": role -> server -> what that server offered then. Read it as
# you would read any grant. A line after "# " is not granted; take the "# " away to grant it.
`
const emptyHint =
  'Nothing yet. To grant something, write it below without "# " and take " {}" away.'
const maxShown = 200

const sections: readonly { readonly name: string; readonly kinds: readonly ListKind[] }[] = [
  { name: 'tools', kinds: ['tools'] },
  { name: 'prompts', kinds: ['prompts'] },
  // Templates are granted by their text, beside the resources.
  { name: 'resources', kinds: ['resources', 'resourceTemplates'] },
]

export function grantsFile({ role, server, lists }: GrantsOf): GrantsFile {
  const granted = { tools: 0, prompts: 0, resources: 0, resourceTemplates: 0 }
  let withheld = 0
  const body: string[] = []
  for (const { name, kinds } of sections) {
    const seen = new Set<string>()
    const entries = kinds.flatMap((kind) => {
      const own = entriesOf(kind, lists).filter((entry) => !seen.has(entry.name))
      for (const entry of own) seen.add(entry.name)
      granted[kind] = own.filter(({ reason }) => reason === null).length
      withheld += own.length - granted[kind]
      return own
    })
    body.push(...section(name, entries))
  }
  const isEmpty = allKinds.every((kind) => granted[kind] === 0)
  const first = `  ${quotedKey(server)}:`
  const top = isEmpty ? [`  # ${emptyHint}`, `${first} {}`] : [first]
  const text = `${[`${header}${quotedKey(role)}:`, ...top, ...body].join('\n')}\n`
  return { text, granted, withheld }
}

function section(name: string, entries: readonly Entry[]): string[] {
  if (entries.length === 0) return []
  const isEmpty = entries.every(({ reason }) => reason !== null)
  const head = isEmpty ? `    # ${name}:` : `    ${name}:`
  return [head, ...entries.flatMap(entryLines)]
}

function entryLines({ name, reason, isKey, hint }: Entry): string[] {
  const line = `${quotedKey(name)}: {}`
  const more = hint === null ? [] : [`      # ${hint}`]
  if (reason === null) return [`      ${line}`, ...more]
  const shown = quotedKey(name.length > maxShown ? `${name.slice(0, maxShown)}…` : name)
  return isKey
    ? [`      # ${line}  # ${reason}`, ...more]
    : [`      # not granted: ${reason}: ${shown}`]
}

function entriesOf(kind: ListKind, lists: LiveLists): Entry[] {
  return [...lists[kind]]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, definition]) => {
      const unfit = unfitName(kind, name)
      if (unfit !== null) return { name, reason: unfit, isKey: false, hint: null }
      const reason = kind === 'tools' ? toolReason(definition) : unclear(definition)
      const hint = kind === 'resourceTemplates' ? templateHint(name) : null
      return { name, reason, isKey: true, hint }
    })
}

/** What the grants would not read as this name and nothing else. */
function unfitName(kind: ListKind, name: string): string | null {
  if (!fitsKey(name)) return 'the name is too long for a key, or no whole text'
  if (name.endsWith('*')) return 'the grants would read the name as a pattern'
  const isUri = kind === 'resources' || kind === 'resourceTemplates'
  return isUri && name.endsWith('/') ? 'the grants would read it as everything below' : null
}

function unclear(definition: Definition | null): string | null {
  return definition === null ? 'the server describes it in more than one way, or not at all' : null
}

/** As the protocol has it, a tool may destroy unless the server says otherwise. */
function toolReason(definition: Definition | null): string | null {
  if (definition === null) return unclear(definition)
  const { readOnlyHint, destructiveHint } = definition.annotations
  if (destructiveHint === true) return 'the server says that it may destroy'
  if (readOnlyHint === true || destructiveHint === false) return null
  return 'the server does not say that it destroys nothing'
}

/** The text of a template is not what is read: that is URIs, which its beginning would grant. */
function templateHint(text: string): string | null {
  const literal = text.slice(0, text.indexOf('{') + 1).replace(/[^/]*$/, '')
  const isHost = /^[a-z][a-z0-9+.-]*:\/\/[^/]+\//i.test(literal)
  return text.includes('{') && isHost ? `URIs it expands to: ${quotedKey(literal)}: {}` : null
}
