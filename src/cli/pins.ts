/**
 * Pins: the digest of each definition a server gives, as data for a policy that goes by them, and
 * what differs between two of them. The file is `server → tools | prompts | resources → name →
 * digest`; a folder of a policy makes it data under the folder's name. Pure.
 */
import { parseYaml, type YamlMap, type YamlValue } from '../config/yaml.js'
import { fitsKey, quotedKey } from './yaml-key.js'

export const pinnedKinds = ['tools', 'prompts', 'resources'] as const
export type PinnedKind = (typeof pinnedKinds)[number]

/** Name → digest; an operator may have `*` → `required` beside them. */
export type Digests = ReadonlyMap<string, string>
export type ServerPins = Readonly<Record<PinnedKind, Digests>>
export type Pins = ReadonlyMap<string, ServerPins>

export interface Difference {
  readonly change: 'added' | 'removed' | 'changed'
  readonly kind: PinnedKind
  readonly name: string
  /** null: it was not there. */
  readonly before: string | null
  readonly now: string | null
}

export const noPins: ServerPins = { tools: new Map(), prompts: new Map(), resources: new Map() }

const anyName = '*'
const required = 'required'
const digestPattern = /^sha256:[0-9a-f]{64}$/
const header = `# Digests of what servers say of their tools, prompts and resources, by server, kind and name.
# Written by "mcp-guard pin", which replaces a server's part as a whole and keeps no comments.
# "mcp-guard pin --check" shows what a server says differently now.
`
const emptyForm = 'write {} where nothing is pinned'
const serverForm = 'below tools, prompts and resources stands NAME: sha256:<64 hex digits>'

/** The problem is a text that goes on from the name of the file. */
export function parsePins(
  text: string,
): { readonly ok: true; readonly pins: Pins } | { readonly ok: false; readonly problem: string } {
  const { value, problems } = parseYaml(text)
  const [first] = problems
  if (first !== undefined) {
    const place = first.line === undefined ? '' : `line ${first.line}: `
    const problem = `is not YAML of the plain kind (${place}${first.problem}); ${emptyForm}`
    return { ok: false, problem }
  }
  if (!isMap(value)) return { ok: false, problem: `does not hold servers by name; ${emptyForm}` }
  const pins = new Map<string, ServerPins>()
  for (const [server, kinds] of Object.entries(value)) {
    const read = isMap(kinds) ? readServer(kinds) : null
    if (read === null) {
      return { ok: false, problem: `does not hold digests for ${server}; ${serverForm}` }
    }
    pins.set(server, read)
  }
  return { ok: true, pins }
}

export function formatPins(pins: Pins): string {
  let text = header
  for (const [server, kinds] of sorted(pins)) {
    const filled = pinnedKinds.filter((kind) => kinds[kind].size > 0)
    text += filled.length === 0 ? `${quotedKey(server)}: {}\n` : `${quotedKey(server)}:\n`
    for (const kind of filled) {
      text += `  ${kind}:\n`
      for (const [name, digest] of sorted(kinds[kind]))
        text += `    ${quotedKey(name)}: ${digest}\n`
    }
  }
  return pins.size === 0 ? `${text}{}\n` : text
}

/** A name that is no key of the file, or means something else there, cannot be pinned. */
export function canBePinned(name: string): boolean {
  return name !== anyName && fitsKey(name)
}

/** What is pinned anew; what the operator asked of whole lists stays. */
export function renewPins(before: ServerPins, now: ServerPins): ServerPins {
  const renew = (kind: PinnedKind): Digests => {
    const rule = before[kind].get(anyName)
    return rule === undefined ? now[kind] : new Map([[anyName, rule], ...now[kind]])
  }
  return { tools: renew('tools'), prompts: renew('prompts'), resources: renew('resources') }
}

export function comparePins(before: ServerPins, now: ServerPins): Difference[] {
  return pinnedKinds.flatMap((kind) => {
    const names = new Set([...before[kind].keys(), ...now[kind].keys()])
    names.delete(anyName)
    return [...names].sort().flatMap((name): Difference[] => {
      const was = before[kind].get(name) ?? null
      const is = now[kind].get(name) ?? null
      if (was === is) return []
      const change = was === null ? 'added' : is === null ? 'removed' : 'changed'
      return [{ change, kind, name, before: was, now: is }]
    })
  })
}

function readServer(kinds: YamlMap): ServerPins | null {
  const read: Record<PinnedKind, Digests> = { ...noPins }
  for (const [kind, names] of Object.entries(kinds)) {
    if (!isPinnedKind(kind) || !isMap(names)) return null
    const digests = new Map<string, string>()
    for (const [name, digest] of Object.entries(names)) {
      const isRule = name === anyName && digest === required
      if (typeof digest !== 'string' || !(isRule || digestPattern.test(digest))) return null
      digests.set(name, digest)
    }
    read[kind] = digests
  }
  return read
}

function isPinnedKind(kind: string): kind is PinnedKind {
  return (pinnedKinds as readonly string[]).includes(kind)
}

function isMap(value: YamlValue): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}
