/**
 * Terms and statements of a random policy, from the templates. Variables are new names each time;
 * what a statement declares is in reach of the statements after it.
 */
import type { Random } from './random.js'
import { details, type Kind, statements, terms } from './rego-templates.js'

interface Named {
  readonly text: string
  readonly kind: Kind
}

export interface RegoFunction {
  readonly name: string
  readonly parameters: readonly Kind[]
  readonly result: Kind
}

/** What a term may refer to. */
export interface Scope {
  readonly random: Random
  readonly names: readonly Named[]
  readonly functions: readonly RegoFunction[]
  /** Templates that call a builtin outside this set are left out. */
  readonly builtins: ReadonlySet<string>
  readonly counter: { next: number }
}

const placeholder = /\{(\$?)([a-z]+)(?::([a-z]+))?(\+?)\}/g
const calls = /(?<![a-z_.])([a-z_0-9]+(?:\.[a-z_0-9]+)*)\(/g
/** Not calls of builtins, whatever stands before their bracket. */
const notBuiltins = new Set(['set', 'some', 'in', 'not'])

export function term(scope: Scope, kind: Kind, depth: number): string {
  const { random } = scope
  const known = scope.names.filter((name) => fits(name.kind, kind))
  if (known.length > 0 && random.chance(0.35)) {
    const { text, kind: is } = random.pick(known)
    return is === 'set' && kind === 'any' ? `sort(${text})` : text
  }
  const functions = scope.functions.filter((one) => fits(one.result, kind))
  if (depth > 0 && functions.length > 0 && random.chance(0.2)) {
    const { name, parameters } = random.pick(functions)
    return `${name}(${parameters.map((of) => term(scope, of, depth - 1)).join(', ')})`
  }
  return fill(scope, random.pick(candidates(scope, terms[kind], depth)), depth).text
}

/** One statement of a body, and the scope of the next. */
export function statement(scope: Scope, depth: number): { text: string; scope: Scope } {
  const template = scope.random.pick(candidates(scope, statements, Math.max(depth, 1)))
  const { text, declared } = fill(scope, template, depth)
  if (text.startsWith('every ')) return { text, scope }
  return { text, scope: { ...scope, names: [...scope.names, ...declared] } }
}

function fits(is: Kind, wanted: Kind): boolean {
  if (is === wanted) return true
  if (wanted === 'coll') return is === 'list' || is === 'set' || is === 'obj'
  return wanted === 'any' || (wanted === 'arr' && is === 'list')
}

function candidates(scope: Scope, templates: readonly string[], depth: number): readonly string[] {
  const usable = templates.filter((text) =>
    builtinsOf(text).every((one) => scope.builtins.has(one)),
  )
  const leaves = usable.filter((text) => !holdsTerm(text))
  return depth > 0 || leaves.length === 0 ? usable : leaves
}

function holdsTerm(template: string): boolean {
  return [...template.matchAll(placeholder)].some(([, dollar]) => dollar === '')
}

function builtinsOf(template: string): string[] {
  return [...template.matchAll(calls)]
    .map((call) => call[1] ?? '')
    .filter((name) => {
      return !notBuiltins.has(name)
    })
}

function fill(scope: Scope, template: string, depth: number) {
  const declared = new Map<string, Named>()
  for (const [, dollar, name = '', kind = 'any'] of template.matchAll(placeholder)) {
    if (dollar === '') continue
    const before = declared.get(name)
    if (before !== undefined && kind === 'any') continue
    const text = before?.text ?? `v${scope.counter.next++}`
    declared.set(name, { text, kind: kind as Kind })
  }
  const inner = { ...scope, names: [...scope.names, ...declared.values()] }
  const text = template.replace(placeholder, (_, dollar: string, name: string, _kind, own) => {
    if (dollar !== '') return declared.get(name)?.text ?? ''
    const choices = details[name]
    if (choices !== undefined) return scope.random.pick(choices)
    return term(own === '+' ? inner : scope, name as Kind, depth - 1)
  })
  return { text, declared: [...declared.values()] }
}
