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
    if (servers.has(server)) throw new UsageError(`--tools tells of ${server} twice`)
    const read = isUrl(place) ? await readLive(place, key) : readAnswer(place)
    if (typeof read === 'string') return { ok: false, problem: `${place}: ${read}` }
    servers.set(server, read)
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

async function readLive(url: string, key: string | null): Promise<OfferedNames | string> {
  const live = await readEndpoint({ url, key, modern: false }, kinds)
  if (live.ok) return namesOf(live.lists, kinds)
  if (!live.unauthenticated) return live.problem
  return `${live.problem}; ${key === null ? 'send a key: --key-file FILE' : 'the key is not accepted'}`
}

function readAnswer(file: string): OfferedNames | string {
  const read = readFileText(file, maxFileBytes)
  if (!read.ok) return `it ${read.problem}`
  const lists = listsIn(Buffer.from(read.text))
  if (lists === null)
    return 'it holds no list that every reader reads alike, such as {"tools": [{"name": "echo"}]}'
  return namesOf(
    lists,
    kinds.filter((kind) => kind === 'tools' || lists[kind].size > 0),
  )
}

function namesOf<Kind extends (typeof kinds)[number]>(
  lists: Readonly<Record<Kind, LiveList>>,
  told: readonly Kind[],
): OfferedNames {
  return Object.fromEntries(told.map((kind) => [kind, [...lists[kind].keys()]]))
}
