/**
 * Well-formed requests for the property of the request path: every kind of message of both eras,
 * as a tree (`Node`) that can be bent before it is written, with the headers that go with it.
 */
import { member, type Node } from './json-readers.js'
import type { Random } from './random.js'

export type ObjectNode = Extract<Node, { type: 'object' }>

export interface Draft {
  root: ObjectNode
  /** The header lines, in order; null values are left out. */
  headers: [string, string][]
}

export const modernVersion = '2026-07-28'
const metaPrefix = 'io.modelcontextprotocol/'
const words = [
  'read',
  'ｅ',
  'é',
  '😀',
  'a b',
  'Name',
  '__proto__',
  'constructor',
  '\u2028',
  '\0',
  '',
]
const names = ['read_file', 'écho', '__proto__', 'a b', ' x ', '=?base64?ZWNobw==?=', '名前', 'x"y']
const uris = ['file:///workspace/a', 'test://x', 'file:///é', 'urn:x:%2e%2e']
const numbers = ['0', '-0', '1', '1.0', '0.1', '1e2', '-7', '9007199254740992', '1e22', '5e-324']
const methodsWithoutItem = [
  'tools/list',
  'resources/templates/list',
  'server/discover',
  'tasks/list',
]
const strangeMethods = ['acme/do', 'Tools/Call', 'tools//call', 'tools/call/', '__proto__', 'rpc.x']

export function text(value: string): Node {
  return { type: 'plain', value }
}

export function number(written: string): Node {
  return { type: 'number', text: written }
}

export function object(members: Record<string, Node> = {}): ObjectNode {
  return { type: 'object', members: Object.entries(members) }
}

/** One well-formed message with true headers. */
export function draftMessage(random: Random): Draft {
  const root = object({ jsonrpc: text('2.0') })
  if (random.chance(0.1)) return { root: draftResponse(root, random), headers: [] }
  const modern = random.chance(0.5)
  const notification = random.chance(0.1)
  const [method, params] = notification ? draftNotification(random) : draftRequest(modern, random)
  if (!notification) root.members.push(['id', draftId(random)])
  root.members.push(['method', text(method)])
  if (random.chance(0.2))
    params.members.push([random.pick(['x-vendor', 'Cursor2', '']), value(random, 2)])
  if (modern) params.members.push(['_meta', envelope(random)])
  if (params.members.length > 0 || random.chance(0.5)) root.members.push(['params', params])
  if (random.chance(0.3)) root.members.reverse()
  return { root, headers: modern ? mirrorOf(root, notification) : legacyHeaders(random) }
}

/** The headers that mirror a modern message as it is written now. */
export function mirrorOf(root: ObjectNode, notification: boolean): [string, string][] {
  const headers: [string, string][] = [['MCP-Protocol-Version', modernVersion]]
  if (notification) return headers
  const method = textIn(root, 'method')
  headers.push(['Mcp-Method', method ?? ''])
  const params = member(root, 'params', 'last')
  const mirrored = method === 'resources/read' ? 'uri' : method === 'tasks/get' ? 'taskId' : 'name'
  const known = ['tools/call', 'prompts/get', 'resources/read', 'tasks/get'].includes(method ?? '')
  const name = known ? textIn(params, mirrored) : undefined
  if (name !== undefined) headers.push(['Mcp-Name', encodeHeader(name)])
  return headers
}

export function textIn(node: Node | undefined, name: string): string | undefined {
  const found = member(node, name, 'last')
  return found?.type === 'plain' && typeof found.value === 'string' ? found.value : undefined
}

export function encodeHeader(name: string): string {
  const plain = /^[!-~]([ -~]*[!-~])?$/.test(name) && !name.startsWith('=?base64?')
  return plain ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`
}

/** Any JSON value; also names that look like those of the protocol, which are free down here. */
export function value(random: Random, depth: number): Node {
  const kind = random.below(depth > 0 ? 6 : 4)
  if (kind === 0) return text(random.pick(words))
  if (kind === 1) return number(random.pick(numbers))
  if (kind === 2) return { type: 'plain', value: random.pick([true, false, null]) }
  if (kind === 3) return text(random.pick(names))
  const size = random.below(4)
  if (kind === 4) {
    return { type: 'array', elements: Array.from({ length: size }, () => value(random, depth - 1)) }
  }
  const own = new Map<string, Node>()
  for (let index = 0; index < size; index += 1)
    own.set(random.pick(words), value(random, depth - 1))
  return { type: 'object', members: [...own] }
}

/** The text of a tree, with random white space and escapes; `root` may hold lone surrogates. */
export function write(node: Node, random: Random): string {
  const space = () => (random.chance(0.05) ? random.pick([' ', '\n', '\t', '\r\n']) : '')
  if (node.type === 'number') return node.text
  if (node.type === 'plain') {
    return typeof node.value === 'string' ? writeString(node.value, random) : String(node.value)
  }
  const parts =
    node.type === 'array'
      ? node.elements.map((element) => space() + write(element, random) + space())
      : node.members.map(([name, own]) =>
          [space(), writeString(name, random), space(), ':', space(), write(own, random)].join(''),
        )
  const inner = parts.join(',') + space()
  return node.type === 'array' ? `[${inner}]` : `{${inner}}`
}

function writeString(string: string, random: Random): string {
  // JSON.stringify escapes what has to be, lone surrogates included.
  if (random.chance(0.8)) return JSON.stringify(string)
  const upper = random.chance(0.5)
  const escaped = Array.from({ length: string.length }, (_, index) => {
    const hex = string.charCodeAt(index).toString(16).padStart(4, '0')
    const letter = JSON.stringify(string.charAt(index)).slice(1, -1)
    const whole = !/[\ud800-\udfff]/.test(string.charAt(index))
    return whole && random.chance(0.5) ? letter : `\\u${upper ? hex.toUpperCase() : hex}`
  })
  return `"${escaped.join('')}"`
}

function draftRequest(modern: boolean, random: Random): [string, ObjectNode] {
  const args = object()
  const filled = value(random, 3)
  const argumentsNode = filled.type === 'object' ? filled : args
  switch (random.below(modern ? 9 : 10)) {
    case 0:
    case 1:
      return ['tools/call', object({ name: text(random.pick(names)), arguments: argumentsNode })]
    case 2:
      return ['prompts/get', object({ arguments: argumentsNode, name: text(random.pick(names)) })]
    case 3:
      return ['resources/read', object({ uri: text(random.pick(uris)) })]
    case 4:
      return ['completion/complete', object({ ref: draftReference(random), argument: args })]
    case 5:
      return ['subscriptions/listen', object({ notifications: draftFilter(random) })]
    case 6:
      return ['tasks/get', object({ taskId: text(random.pick(names)) })]
    case 7:
      return [random.pick(methodsWithoutItem), object()]
    case 8:
      return [random.pick(strangeMethods), object({ name: text('x'), arguments: argumentsNode })]
    default:
      return ['initialize', object({ protocolVersion: text('2025-11-25'), capabilities: args })]
  }
}

function draftNotification(random: Random): [string, ObjectNode] {
  return random.chance(0.5)
    ? ['notifications/cancelled', object({ requestId: draftId(random) })]
    : ['tools/call', object({ name: text(random.pick(names)), arguments: object() })]
}

function draftResponse(root: ObjectNode, random: Random): ObjectNode {
  root.members.push(['id', draftId(random)])
  const error = object({ code: number('-1'), message: text(random.pick(words)) })
  const result = object({ action: text('accept'), content: value(random, 2) })
  root.members.push(random.chance(0.5) ? ['error', error] : ['result', result])
  return root
}

function draftReference(random: Random): ObjectNode {
  return random.chance(0.5)
    ? object({ type: text('ref/prompt'), name: text(random.pick(names)) })
    : object({ type: text('ref/resource'), uri: text('file:///{path}') })
}

function draftFilter(random: Random): ObjectNode {
  const elements = Array.from({ length: random.below(3) }, () => text(random.pick(uris)))
  return object({
    toolsListChanged: value(random, 0),
    resourceSubscriptions: { type: 'array', elements },
  })
}

function draftId(random: Random): Node {
  const ids = ['0', '1', '-0', '1.0', '9007199254740991', '1e3']
  return random.chance(0.5) ? number(random.pick(ids)) : text(random.pick(words))
}

function envelope(random: Random): ObjectNode {
  const meta = object({
    [`${metaPrefix}protocolVersion`]: text(modernVersion),
    [`${metaPrefix}clientCapabilities`]: object(),
  })
  if (random.chance(0.3)) meta.members.push(['progressToken', draftId(random)])
  if (random.chance(0.3)) meta.members.push(['acme.example/x', value(random, 1)])
  return meta
}

function legacyHeaders(random: Random): [string, string][] {
  return random.chance(0.5) ? [['MCP-Protocol-Version', '2025-11-25']] : []
}
