/**
 * `json.patch`: the operations of RFC 6902 on any value, with JSON pointers or arrays as paths. An
 * operation that cannot be made, a failed `test` included, makes the whole result undefined. Bound:
 * 4,000,000 steps, in which a value that is moved, copied or compared counts with its whole size.
 */
import { charge, Steps } from './bounds.js'
import { EditRefused, EditTree } from './edit-tree.js'
import { identityOf, isArray, RegoObject, RegoSet, type Value } from './rego-value.js'

const maxSteps = 4_000_000
const stepUnits = 3
const operationUnits = 300

export function jsonPatch(document: Value, operations: Value): Value | undefined {
  if (!isArray(operations)) return undefined
  const steps = new Steps(maxSteps, stepUnits)
  const tree = new EditTree(document, steps)
  try {
    for (const operation of operations) apply(tree, operation, steps)
  } catch (thrown) {
    if (thrown instanceof EditRefused) return undefined
    throw thrown
  }
  const result = tree.render()
  if (result === undefined) throw new Error('json.patch: the root was removed')
  takeSize(result, steps)
  return result
}

function apply(tree: EditTree, operation: Value, steps: Steps): void {
  charge(operationUnits)
  if (!(operation instanceof RegoObject)) throw new EditRefused('no operation')
  const path = pathOf(operation.get('path'))
  switch (operation.get('op')) {
    case 'add':
      return tree.insertAt(path, memberValue(operation))
    case 'remove':
      return tree.deleteAt(path)
    case 'replace': {
      const value = memberValue(operation)
      tree.deleteAt(path)
      return tree.insertAt(path, value)
    }
    case 'move': {
      const from = pathOf(operation.get('from'))
      const moved = taken(tree.renderAt(from), steps)
      tree.deleteAt(from)
      return tree.insertAt(path, moved)
    }
    case 'copy':
      return tree.insertAt(path, taken(tree.renderAt(pathOf(operation.get('from'))), steps))
    case 'test': {
      const found = taken(tree.renderAt(path), steps)
      const wanted = taken(memberValue(operation), steps)
      if (identityOf(found) !== identityOf(wanted)) throw new EditRefused('another value')
      return
    }
    default:
      throw new EditRefused('no such operation')
  }
}

function memberValue(operation: RegoObject): Value {
  const value = operation.get('value')
  if (value === undefined) throw new EditRefused('no value')
  return value
}

/** Leading slashes are passed over, however many. */
function pathOf(path: Value | undefined): readonly Value[] {
  if (isArray(path)) return path
  if (typeof path !== 'string') throw new EditRefused('no path')
  if (path === '') return []
  charge(8 * path.length)
  const segments = path.replace(/^\/+/, '').split('/')
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function taken(value: Value, steps: Steps): Value {
  takeSize(value, steps)
  return value
}

function takeSize(value: Value, steps: Steps): void {
  steps.take(typeof value === 'string' ? 1 + value.length : 1)
  if (isArray(value) || value instanceof RegoSet) {
    for (const member of value) takeSize(member, steps)
  } else if (value instanceof RegoObject) {
    for (const [key, member] of value) {
      takeSize(key, steps)
      takeSize(member, steps)
    }
  }
}
