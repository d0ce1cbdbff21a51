/** Finds and changes members of a body's tree, and spells names as lax parsers would take them. */
import { type ObjectNode, object, textIn } from './bodies.js'
import { member, type Node } from './json-readers.js'
import type { Random } from './random.js'

const ignorable = ['\u00ad', '\u200b', '\u200d', '\ufeff', '\u2060', '\ufe0f']
const lookalikes = findLookalikes()

/** The object at the end of the way, or null. */
export function find(root: ObjectNode, ...way: string[]): ObjectNode | null {
  let node: Node | undefined = root
  for (const name of way) node = member(node, name, 'last')
  return node?.type === 'object' ? node : null
}

export function has(node: ObjectNode, name: string): boolean {
  return member(node, name, 'last') !== undefined
}

export function isRequest(root: ObjectNode): boolean {
  return textIn(root, 'method') !== undefined && has(root, 'id')
}

export function objectsIn(node: Node): ObjectNode[] {
  if (node.type === 'array') return node.elements.flatMap(objectsIn)
  if (node.type !== 'object') return []
  return [node, ...node.members.flatMap(([, own]) => objectsIn(own))]
}

/** Adds a member at any place, without a look at what is there. */
export function insert(node: ObjectNode, added: [string, Node], random: Random): void {
  node.members.splice(random.below(node.members.length + 1), 0, added)
}

export function put(node: ObjectNode, name: string, own: Node): void {
  const found = node.members.find(([existing]) => existing === name)
  if (found) found[1] = own
  else node.members.push([name, own])
}

export function remove(node: ObjectNode, name: string): boolean {
  const at = node.members.findIndex(([existing]) => existing === name)
  if (at >= 0) node.members.splice(at, 1)
  return at >= 0
}

/** Puts a value where the protocol leaves room for any. */
export function hide(root: ObjectNode, hidden: Node, random: Random): boolean {
  const room = find(root, 'params', 'arguments') ?? find(root, 'params') ?? find(root, 'result')
  if (room === null) return false
  insert(room, ['x-hidden', random.chance(0.5) ? hidden : object({ inner: hidden })], random)
  return true
}

/** Adds a member whose name is one of `names` in another spelling. */
export function respell(node: ObjectNode | null, names: string[], random: Random): boolean {
  if (node === null) return false
  const name = random.pick(names)
  const spelt = spell(name, random)
  if (spelt === name || has(node, spelt)) return false
  insert(node, [spelt, object()], random)
  return true
}

function spell(name: string, random: Random): string {
  const at = random.below(name.length)
  const replace = (letter: string) => name.slice(0, at) + letter + name.slice(at + 1)
  switch (random.below(5)) {
    case 0:
      return name.toUpperCase()
    case 1:
      return replace(name.charAt(at).toUpperCase())
    case 2:
      return replace(
        random.pick(lookalikes.get(name.charAt(at).toLowerCase()) ?? [name.charAt(at)]),
      )
    case 3:
      return name + random.pick(['\0', '\0x'])
    default:
      return name.slice(0, at) + random.pick(ignorable) + name.slice(at)
  }
}

/** Every character that one of the case mappings or NFKC turns into an ASCII one. */
function findLookalikes(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (let code = 0x80; code < 0x1d800; code += 1) {
    if (code >= 0xd800 && code < 0xe000) continue
    const character = String.fromCodePoint(code)
    const wide = character.normalize('NFKC')
    const letter = [wide.toLowerCase(), wide.toUpperCase().toLowerCase()].find((form) =>
      /^[!-~]$/.test(form),
    )
    if (letter === undefined) continue
    found.set(letter, [...(found.get(letter) ?? []), character])
  }
  return found
}
