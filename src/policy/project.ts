/**
 * Projection: which part of the facts a policy can read, by the `input` paths its compiler found,
 * and the JSON text of that part. It may send too much and never too little: a decision over the
 * projected facts is the decision over the whole. Only own members count, whatever their names;
 * a path that runs into anything but an object leads nowhere, as it does in Rego.
 */
import type { CompiledBundle } from '../domain.js'

/** `whole`: everything below; else the members that are read, none of the others. */
export type Projection = 'whole' | ReadonlyMap<string, Projection>

type Node = 'whole' | Map<string, Node>

export function compileProjection(paths: CompiledBundle['paths']): Projection {
  let root: Node = paths === null ? 'whole' : new Map()
  for (const path of paths ?? []) root = withPath(root, path)
  return root
}

/** Whether anything at the path, above it or below it is read. */
export function reads(projection: Projection, path: readonly string[]): boolean {
  let node: Projection | undefined = projection
  for (const name of path) {
    node = part(node, name)
    if (node === undefined) return false
  }
  return true
}

/** undefined: nothing of the member is read. */
export function part(projection: Projection, name: string): Projection | undefined {
  return projection === 'whole' ? 'whole' : projection.get(name)
}

/** The JSON text of what is read of a JSON value; null: nothing of it can be. */
export function projectedText(projection: Projection, value: unknown): string | null {
  if (projection === 'whole') return value === undefined ? null : JSON.stringify(value)
  if (!isObject(value)) return null
  let text = ''
  for (const [name, below] of projection) {
    const member = Object.hasOwn(value, name) ? projectedText(below, value[name]) : null
    if (member !== null) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${member}`
  }
  return `{${text}}`
}

function withPath(node: Node, path: readonly string[]): Node {
  const [name, ...rest] = path
  if (node === 'whole' || name === undefined) return 'whole'
  return node.set(name, withPath(node.get(name) ?? new Map(), rest))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
