/**
 * What servers offer, for `lint`: read from their answers in files, or from the servers themselves.
 * A file tells of the kinds it has; a server is asked for all.
 */
import { readFileText } from '../config/read-file.js'
import type { OfferedNames } from '../rego/lint.js'
import { readKey } from './endpoint.js'
import { type LiveList, listsIn } from './live-lists.js'
import { readEndpoint } from './live-server.js'
import { UsageError } from './terminal.js'

export type Offered =
  | { readonly ok: true; readonly servers: Readonly<Record<string, OfferedNames>> }
  | { readonly ok: false; readonly problem: string }

const maxFileBytes = 64 * 1024 * 1024
const anyServer = '*'
const kinds = ['tools', 'prompts', 'resources'] as const

/** Each of `given` is FILE or URL, or SERVER= before one. */
export async function readOffered(
  given: readonly string[],
  keyFile: string | undefined,
): Promise<Offered> {
  const servers = new Map<string, OfferedNames>()
  const key = keyFile === undefined ? null : readKey(keyFile)
  for (const text of given) {
    const [, named, place = text] = /^([A-Za-z0-9._-]{1,64})=(.+)$/.exec(text) ?? []
    const server = named ?? serverOf(place)
    const read = isUrl(place) ? await readLive(place, key) : readFile(place, named === undefined)
    if (typeof read === 'string') return { ok: false, problem: `${place}: ${read}` }
    for (const [name, names] of 'servers' in read
      ? read.servers
      : [[server, read.names] as const]) {
      if (servers.has(name)) throw new UsageError(`--tools tells of ${name} twice`)
      servers.set(name, names)
    }
  }
  return { ok: true, servers: Object.fromEntries(servers) }
}

function isUrl(place: string): boolean {
  return /^https?:\/\//.test(place) && URL.canParse(place)
}

/** The gateway's own path names the server. */
function serverOf(place: string): string {
  const path = isUrl(place) ? new URL(place).pathname : ''
  return /\/mcp\/([A-Za-z0-9._-]{1,64})$/.exec(path)?.[1] ?? anyServer
}

/** A text says why not. */
type Read =
  | { readonly names: OfferedNames }
  | { readonly servers: readonly (readonly [string, OfferedNames])[] }
  | string

async function readLive(url: string, key: string | null): Promise<Read> {
  const live = await readEndpoint({ url, key, modern: false }, kinds)
  if (live.ok) return { names: namesOf(live.lists, kinds) }
  if (!live.unauthenticated) return live.problem
  return `${live.problem}; ${key === null ? 'send a key: --key-file FILE' : 'the key is not accepted'}`
}

function readFile(file: string, maySayWhich: boolean): Read {
  const read = readFileText(file, maxFileBytes)
  if (!read.ok) return `it ${read.problem}`
  const lists = listsIn(Buffer.from(read.text))
  const told = kinds.filter((kind) => kind === 'tools' || (lists?.[kind].size ?? 0) > 0)
  if (lists !== null) return { names: namesOf(lists, told) }
  const servers = maySayWhich ? serversIn(read.text) : null
  if (servers !== null) return { servers }
  return 'it holds no list that every reader reads alike, such as {"tools": [{"name": "echo"}]}'
}

/** `{"github": {"tools": ["search_code"]}}`: names that somebody wrote down. */
function serversIn(text: string): [string, OfferedNames][] | null {
  try {
    const value: unknown = JSON.parse(text)
    const entries = isObject(value) ? Object.entries(value) : []
    const isRight = entries.every(([, names]) => isOfferedNames(names))
    return isRight && entries.length > 0 ? (entries as [string, OfferedNames][]) : null
  } catch {
    return null
  }
}

function isOfferedNames(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.entries(value).every(
      ([kind, names]) =>
        kinds.some((known) => known === kind) &&
        Array.isArray(names) &&
        names.every((name) => typeof name === 'string'),
    )
  )
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function namesOf<Kind extends (typeof kinds)[number]>(
  lists: Readonly<Record<Kind, LiveList>>,
  told: readonly Kind[],
): OfferedNames {
  return Object.fromEntries(told.map((kind) => [kind, [...lists[kind].keys()]]))
}
