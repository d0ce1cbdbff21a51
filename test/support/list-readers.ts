/** Ways in which clients read names out of an answer: by event, by line, by any parser's choice. */
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
  return found
}

function collect(document: string, names: Set<string>): void {
  if (!document.includes('{')) return
  let node: Node
  try {
    node = readNode(document.replace(/^\ufeff/, ''))
  } catch {
    return
  }
  const messages = node.type === 'array' ? node.elements : [node]
  for (const message of messages) {
    for (const pick of picks) collectLists(member(message, 'result', pick), pick, names)
  }
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
