/**
 * Ways in which clients read names out of an answer: by event, by line, by any parser's choice, and
 * by making do with a text that is broken off or goes on behind its end.
 */
import { member, type Node, type Pick, readNode } from './json-readers.js'

const nameMembers = {
  tools: 'name',
  prompts: 'name',
  resources: 'uri',
  resourceTemplates: 'uriTemplate',
} as const
const picks: readonly Pick[] = ['first', 'last', 'folded']

/** Every name that some reader may take for a listed item's. */
export function namesSeen(body: Uint8Array): Set<string> {
  const names = new Set<string>()
  const text = new TextDecoder('utf-8').decode(body)
  for (const document of documents(text)) collect(document, names)
  return names
}

/** The whole body, each event's data, and each line by itself, whatever the content type says. */
function documents(text: string): Set<string> {
  const found = new Set<string>([text])
  let data: string[] = []
  for (const line of text.split(/\r\n|\r|\n/)) {
    found.add(line)
    if (line === '') {
      if (data.length > 0) found.add(data.join('\n'))
      data = []
    } else if (/^data:/i.test(line)) {
      const value = line.slice(5).replace(/^ /, '')
      data.push(value)
      found.add(value)
    }
  }
  if (data.length > 0) found.add(data.join('\n'))
  return found
}

function collect(document: string, names: Set<string>): void {
  if (!document.includes('{')) return
  const text = document.replace(/^\ufeff/, '')
  const node = nodeOf(text) ?? nodeOf(mended(text))
  if (node === null) return
  const messages = node.type === 'array' ? node.elements : [node]
  for (const message of messages) {
    for (const pick of picks) collectLists(member(message, 'result', pick), pick, names)
  }
}

function nodeOf(text: string): Node | null {
  try {
    return readNode(text)
  } catch {
    return null
  }
}

/** The text up to its last complete value, with everything closed that is open there. */
function mended(text: string): string {
  if (!/^\s*[[{]/.test(text)) return ''
  let open = ''
  let best = ''
  let end = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (quoted) {
      if (character === '\\') at++
      else quoted = character !== '"'
      continue
    }
    if (character === '"') quoted = true
    else if (character === '{') open = `}${open}`
    else if (character === '[') open = `]${open}`
    else if (character === '}' || character === ']') open = open.slice(1)
    else if (character !== ',') continue
    if (quoted) continue
    best = open
    end = character === ',' ? at : at + 1
  }
  return text.slice(0, end) + best
}

function collectLists(result: Node | undefined, pick: Pick, names: Set<string>): void {
  for (const [list, nameMember] of Object.entries(nameMembers)) {
    const node = member(result, list, pick)
    if (node?.type !== 'array') continue
    for (const item of node.elements) {
      const name = member(item, nameMember, pick)
      if (name?.type === 'plain' && typeof name.value === 'string') names.add(name.value)
    }
  }
}
