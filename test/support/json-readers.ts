/**
 * A slow JSON reader of its own, character by character, for tests to compare with: it keeps every
 * member in order, duplicates included, and the text of numbers. On top of it, the ways in which
 * real parsers pick a member (first, last, without case) and a strict reading for the strict parse.
 */
import type { Json } from '../../src/domain.js'

export type Node =
  | { type: 'object'; members: [string, Node][] }
  | { type: 'array'; elements: Node[] }
  | { type: 'number'; text: string }
  | { type: 'plain'; value: string | boolean | null }

/** Which of several members of one name a parser takes. `folded`: last one, names without case. */
export type Pick = 'first' | 'last' | 'folded'

/** The document as written; throws an Error when it is not JSON. */
export function readNode(text: string): Node {
  let at = 0

  function fail(): never {
    throw new Error(`not JSON at ${at}`)
  }
  function space(): void {
    while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at += 1
  }
  function take(expected: string): void {
    if (!text.startsWith(expected, at)) fail()
    at += expected.length
  }
  function value(): Node {
    space()
    const node = bare()
    space()
    return node
  }
  function bare(): Node {
    switch (text.charAt(at)) {
      case '{':
        return object()
      case '[':
        return array()
      case '"':
        return { type: 'plain', value: string() }
      case 't':
        take('true')
        return { type: 'plain', value: true }
      case 'f':
        take('false')
        return { type: 'plain', value: false }
      case 'n':
        take('null')
        return { type: 'plain', value: null }
      default:
        return number()
    }
  }
  function object(): Node {
    const members: [string, Node][] = []
    take('{')
    space()
    if (text.charAt(at) !== '}') {
      for (;;) {
        space()
        const name = string()
        space()
        take(':')
        members.push([name, value()])
        if (text.charAt(at) !== ',') break
        take(',')
      }
    }
    take('}')
    return { type: 'object', members }
  }
  function array(): Node {
    const elements: Node[] = []
    take('[')
    space()
    if (text.charAt(at) !== ']') {
      for (;;) {
        elements.push(value())
        if (text.charAt(at) !== ',') break
        take(',')
      }
    }
    take(']')
    return { type: 'array', elements }
  }
  function number(): Node {
    const token = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/.exec(text.slice(at, at + 2000))
    if (token === null) fail()
    at += token[0].length
    return { type: 'number', text: token[0] }
  }
  function string(): string {
    take('"')
    let result = ''
    for (;;) {
      const character = text.charAt(at)
      if (character === '' || character < ' ') fail()
      at += 1
      if (character === '"') return result
      result += character === '\\' ? escaped() : character
    }
  }
  function escaped(): string {
    const kind = text.charAt(at)
    at += 1
    if (kind === 'u') {
      const hex = text.slice(at, at + 4)
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) fail()
      at += 4
      return String.fromCharCode(Number.parseInt(hex, 16))
    }
    const position = '"\\/bfnrt'.indexOf(kind)
    if (kind === '' || position < 0) fail()
    return '"\\/\b\f\n\r\t'.charAt(position)
  }

  const node = value()
  if (at !== text.length) fail()
  return node
}

export function member(node: Node | undefined, name: string, pick: Pick): Node | undefined {
  if (node?.type !== 'object') return undefined
  const found = node.members.filter(([own]) =>
    pick === 'folded' ? alike(own, name) : own === name,
  )
  return (pick === 'first' ? found[0] : found.at(-1))?.[1]
}

/** The value as the parser that picks so would hold it; names inside are taken exactly. */
export function jsonOf(node: Node, pick: Pick): Json {
  if (node.type === 'plain') return node.value
  if (node.type === 'number') return Number(node.text)
  if (node.type === 'array') return node.elements.map((element) => jsonOf(element, pick))
  const members = pick === 'first' ? [...node.members].reverse() : node.members
  // fromEntries defines members, so that `__proto__` becomes one.
  return Object.fromEntries(members.map(([name, own]) => [name, jsonOf(own, pick)]))
}

/** What the strict parse should say of bytes that are UTF-8: the problems it may name, or none. */
export function problemsOf(text: string, maxDepth: number, maxMembers: number): string[] {
  let root: Node
  try {
    root = readNode(text)
  } catch {
    return ['syntax']
  }
  const problems = new Set<string>()
  let members = -1
  for (const { node, depth } of descend(root, 1)) {
    members += 1
    const container = node.type === 'array' || node.type === 'object'
    if (container && depth > maxDepth) problems.add('depth')
    for (const problem of problemsAt(node)) problems.add(problem)
  }
  if (members > maxMembers) problems.add('members')
  return [...problems]
}

function* problemsAt(node: Node): Generator<string> {
  if (node.type === 'number' && !survives(node.text)) yield 'number'
  if (node.type === 'plain' && isHalved(String(node.value))) yield 'surrogate'
  if (node.type !== 'object') return
  const names = node.members.map(([name]) => name)
  if (new Set(names).size < names.length) yield 'duplicate'
  if (names.some(isHalved)) yield 'surrogate'
}

function* descend(node: Node, depth: number): Generator<{ node: Node; depth: number }> {
  yield { node, depth }
  if (node.type === 'array') {
    for (const element of node.elements) yield* descend(element, depth + 1)
  }
  if (node.type === 'object') {
    for (const [, own] of node.members) yield* descend(own, depth + 1)
  }
}

function isHalved(text: string): boolean {
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)
}

/** Both texts as integers over one power of ten. */
function survives(text: string): boolean {
  const double = Number(text)
  if (!Number.isFinite(double)) return false
  const [digits, power] = fraction(text)
  const [shortDigits, shortPower] = fraction(String(double))
  if (digits === 0n || shortDigits === 0n) return digits === shortDigits
  const low = Math.min(power, shortPower)
  return digits * 10n ** BigInt(power - low) === shortDigits * 10n ** BigInt(shortPower - low)
}

function fraction(text: string): [bigint, number] {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text)
  const [, sign = '', whole = '', decimals = '', exponent = '0'] = parts ?? []
  return [BigInt(`${sign}${whole}${decimals}`), Number(exponent) - decimals.length]
}

/** Names as Go, Java, .NET or a C library compare them: either case mapping, cut at NUL. */
function alike(left: string, right: string): boolean {
  const [a = ''] = left.split('\0')
  if (a === right) return true
  if (a.toLowerCase() === right.toLowerCase() || a.toUpperCase() === right.toUpperCase())
    return true
  const wide = a.normalize('NFKC')
  return wide.toLowerCase() === right.toLowerCase() || wide.toUpperCase() === right.toUpperCase()
}
