/**
 * A value under edits, with the bookkeeping of OPA's own tree of edits (internal/edittree, 1.22):
 * what is edited lies beside the value it came from. In arrays that shows: an element that was not
 * edited yet is looked up in the *original* array by its present index. A policy must decide as its
 * tests did, so this is kept; where OPA's bookkeeping panics, `EditFault` is thrown.
 */
import type { Steps } from './bounds.js'
import { int64Of } from './int64.js'
import {
  identityOf,
  isArray,
  isNumber,
  numberText,
  RegoObject,
  RegoSet,
  type Value,
} from './rego-value.js'

/** The edit cannot be made: the result is undefined. */
export class EditRefused extends Error {}

/** OPA itself gives up here: neither a result nor undefined. */
export class EditFault extends Error {}

/** A node of its own is a few maps. */
const nodeSteps = 20

interface Member {
  readonly key: Value
  /** null: deleted. */
  readonly state: EditTree | null
}

export class EditTree {
  #value: Value | undefined
  readonly #steps: Steps
  /** Of an object or set. */
  readonly #members = new Map<string, Member>()
  /** Of an array: by present index, scalars and others apart. */
  readonly #scalars = new Map<number, EditTree>()
  readonly #composites = new Map<number, EditTree>()
  /** Of an array: for each present index whether an edit put it there. */
  #inserted: boolean[] = []
  /** Of an array: for each original index whether it is gone. */
  #eliminated: boolean[] = []
  /** Nothing can be put into what replaced a root of another kind, or a deleted one. */
  #takesMembers: boolean
  #takesElements: boolean

  constructor(value: Value, steps: Steps) {
    this.#value = value
    this.#steps = steps
    this.#takesElements = isComposite(value)
    this.#takesMembers = this.#takesElements && !isArray(value)
    this.#resetSlots()
  }

  insertAt(path: readonly Value[], value: Value): void {
    const [parent, key] = this.#parentOf(path)
    if (key !== undefined) {
      parent.#insert(key, value)
      return
    }
    this.#value = value
    this.#forget()
    if (isArray(value)) this.#resetSlots()
  }

  deleteAt(path: readonly Value[]): void {
    const [parent, key] = this.#parentOf(path)
    if (key !== undefined) return parent.#delete(key)
    if (this.#value === undefined) throw new EditRefused('deleted twice')
    this.#value = undefined
    this.#takesMembers = false
    this.#takesElements = false
    this.#forget()
  }

  renderAt(path: readonly Value[]): Value {
    const value = this.#unfold(path).render()
    if (value === undefined) throw new EditRefused('nothing is there')
    return value
  }

  render(): Value | undefined {
    const value = this.#value
    if (isArray(value)) return this.#renderArray(value)
    if (this.#members.size === 0) return value
    if (value instanceof RegoObject) return new RegoObject(this.#renderedMembers(value))
    if (value instanceof RegoSet) {
      const pairs = Array.from(value, (member) => [member, member] as const)
      return new RegoSet(this.#renderedMembers(pairs).map(([, member]) => member))
    }
    return value
  }

  #parentOf(path: readonly Value[]): [EditTree, Value | undefined] {
    return path.length === 0
      ? [this, undefined]
      : [this.#unfold(path, path.length - 1), path.at(-1)]
  }

  #forget(): void {
    this.#members.clear()
    this.#scalars.clear()
    this.#composites.clear()
  }

  #resetSlots(): void {
    const length = isArray(this.#value) ? this.#value.length : 0
    this.#steps.take(length)
    this.#inserted = new Array<boolean>(length).fill(false)
    this.#eliminated = new Array<boolean>(length).fill(false)
  }

  /** What the path leads to, taken apart as far as it has to be. */
  #unfold(path: readonly Value[], depth = path.length): EditTree {
    let at: EditTree = this
    for (const key of path.slice(0, depth)) {
      this.#steps.take(nodeSteps)
      at = at.#member(key)
    }
    return at
  }

  #member(key: Value): EditTree {
    if (this.#value instanceof RegoObject) return this.#objectMember(this.#value, key)
    if (this.#value instanceof RegoSet) return this.#setMember(key)
    if (isArray(this.#value)) return this.#element(this.#value, key)
    throw new EditRefused('no members')
  }

  #objectMember(object: RegoObject, key: Value): EditTree {
    const known = this.#members.get(identityOf(key))
    if (known !== undefined) {
      if (known.state === null) throw new EditRefused('deleted')
      return known.state
    }
    const value = object.get(key)
    if (value === undefined) throw new EditRefused('no such member')
    return this.#insert(key, value)
  }

  #setMember(key: Value): EditTree {
    if (isComposite(key)) this.#collapse()
    const known = this.#members.get(identityOf(key))
    if (known !== undefined) {
      if (known.state === null) throw new EditFault('json.patch: below a deleted member of a set')
      return known.state
    }
    if (!(this.#value instanceof RegoSet && this.#value.has(key))) {
      throw new EditRefused('no such member')
    }
    return this.#insert(key, key)
  }

  #element(array: readonly Value[], key: Value): EditTree {
    const index = indexOf(key, this.#inserted.length)
    const known = this.#scalars.get(index) ?? this.#composites.get(index)
    if (known !== undefined) return known
    const value = array[index]
    if (value === undefined) throw new EditRefused('no such element')
    this.#delete(index)
    return this.#insert(index, value)
  }

  #insert(key: Value, value: Value): EditTree {
    this.#steps.take(nodeSteps)
    const child = new EditTree(value, this.#steps)
    if (this.#value instanceof RegoSet) {
      if (identityOf(key) !== identityOf(value)) throw new EditRefused('not its own key')
      if (isComposite(key)) this.#collapse()
    } else if (isArray(this.#value)) {
      this.#insertElement(indexOf(key, this.#inserted.length), child)
      return child
    } else if (!(this.#value instanceof RegoObject)) throw new EditRefused('no members')
    if (!this.#takesMembers) throw replacedRoot()
    this.#members.set(identityOf(key), { key, state: child })
    return child
  }

  #insertElement(index: number, child: EditTree): void {
    if (index < 0 || index > this.#inserted.length) throw new EditRefused('no such index')
    const [scalars, composites] = this.#insertedFrom(index)
    if (!this.#takesElements) throw replacedRoot()
    for (const from of scalars.reverse()) this.#move(this.#scalars, from, from + 1)
    for (const from of composites.reverse()) this.#move(this.#composites, from, from + 1)
    this.#inserted.splice(index, 0, true)
    const children = child.#isComposite() ? this.#composites : this.#scalars
    children.set(index, child)
  }

  #delete(key: Value): void {
    if (isArray(this.#value)) return this.#deleteElement(indexOf(key, this.#inserted.length))
    if (!(this.#value instanceof RegoObject || this.#value instanceof RegoSet)) {
      throw new EditRefused('no members')
    }
    if (this.#value instanceof RegoSet && isComposite(key)) this.#collapse()
    const identity = identityOf(key)
    const known = this.#members.get(identity)
    if (known?.state === null) throw new EditRefused('deleted twice')
    const there =
      this.#value instanceof RegoSet ? this.#value.has(key) : this.#value.get(key) !== undefined
    if (known === undefined && !there) throw new EditRefused('no such member')
    if (!this.#takesMembers) throw replacedRoot()
    this.#members.set(identity, { key, state: null })
  }

  #deleteElement(index: number): void {
    if (index < 0 || index >= this.#inserted.length) throw new EditRefused('no such index')
    const [scalars, composites] = this.#insertedFrom(index + 1)
    this.#forgetElement(index)
    for (const from of scalars) this.#move(this.#scalars, from, from - 1)
    for (const from of composites) this.#move(this.#composites, from, from - 1)
    if (this.#inserted[index] === false) {
      const before = this.#inserted.slice(0, index).filter((inserted) => !inserted).length
      this.#eliminated[this.#originalIndex(before)] = true
    }
    this.#inserted.splice(index, 1)
  }

  /** Where edits put elements from `index` on, as scalars and as others. */
  #insertedFrom(index: number): [number[], number[]] {
    const scalars: number[] = []
    const composites: number[] = []
    this.#steps.take(this.#inserted.length)
    for (let at = index; at < this.#inserted.length; at++) {
      if (this.#inserted[at] !== true) continue
      if (this.#scalars.has(at)) scalars.push(at)
      else if (this.#composites.has(at)) composites.push(at)
      else throw lostElement()
    }
    return [scalars, composites]
  }

  /** Whatever stands at `from`, of either kind, is forgotten. */
  #move(children: Map<number, EditTree>, from: number, to: number): void {
    const child = children.get(from)
    this.#forgetElement(from)
    if (child !== undefined) children.set(to, child)
  }

  #forgetElement(index: number): void {
    this.#scalars.delete(index)
    this.#composites.delete(index)
  }

  /** Of the `nth` original element that is left. */
  #originalIndex(nth: number): number {
    let left = nth
    this.#steps.take(this.#eliminated.length)
    for (const [at, gone] of this.#eliminated.entries()) if (!gone && left-- === 0) return at
    throw lostElement()
  }

  /** A set under edits becomes the set it stands for. */
  #collapse(): void {
    this.#value = this.render()
    this.#members.clear()
  }

  #renderedMembers(original: Iterable<readonly [Value, Value]>): [Value, Value][] {
    const rendered: [Value, Value][] = []
    for (const { key, state } of this.#members.values()) {
      const value = state?.render()
      if (value !== undefined) rendered.push([key, value])
    }
    for (const [key, value] of original) {
      this.#steps.take()
      if (!this.#members.has(identityOf(key))) rendered.push([key, value])
    }
    return rendered
  }

  #renderArray(original: readonly Value[]): Value[] {
    this.#steps.take(original.length)
    const left = original.filter((_, at) => this.#eliminated[at] === false)
    let next = 0
    return this.#inserted.map((inserted, at) => {
      const child = this.#scalars.get(at) ?? this.#composites.get(at)
      const value = inserted ? child?.render() : left[next++]
      if (value === undefined) throw lostElement()
      return value
    })
  }

  #isComposite(): boolean {
    return this.#value !== undefined && isComposite(this.#value)
  }
}

function replacedRoot(): EditFault {
  return new EditFault('json.patch: an edit below a replaced root')
}

function lostElement(): EditFault {
  return new EditFault('json.patch: edits of an array that lose an element')
}

function isComposite(value: Value): boolean {
  return isArray(value) || value instanceof RegoObject || value instanceof RegoSet
}

/** `-` is behind the last. */
function indexOf(key: Value, length: number): number {
  if (key === '-') return length
  if (typeof key !== 'string' && !isNumber(key)) throw new EditRefused('no index')
  const text = typeof key === 'string' ? key : numberText(key)
  const index = int64Of(text)
  const padded = typeof key === 'string' && key !== '0' && key.startsWith('0')
  if (index === null || padded) throw new EditRefused('no index')
  return Number(index)
}
