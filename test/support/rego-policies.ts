/**
 * Random policies over the facts: packages of rules of every form, each with one entry point `out`
 * that shows the value of every rule, or leaves it out where the rule is undefined. A rule refers
 * only to those before it, so nothing is recursive.
 */
import type { Random } from './random.js'
import { imports, type Kind } from './rego-templates.js'
import { type RegoFunction, type Scope, statement, term } from './rego-terms.js'

interface Rule {
  readonly name: string
  readonly kind: Kind
}

export interface RegoPackage {
  readonly name: string
  readonly text: string
}

/** Members of `out` that are sets end so: their elements come in any order. */
export const setMember = ':set'

const values: readonly Kind[] = ['any', 'bool', 'num', 'str', 'list', 'obj']
const targets = [
  'input.resource.arguments',
  'input.resource.id',
  'input.subject',
  'input.subject.roles',
  'input.context.hour',
  'data.table',
  'data.values',
  'data.flags.on',
]

export function randomPackage(
  random: Random,
  name: string,
  builtins: ReadonlySet<string>,
): RegoPackage {
  const counter = { next: 0 }
  const rules: Rule[] = []
  const functions: RegoFunction[] = []
  const nested: Rule[] = []
  const texts: string[] = []
  const count = 3 + random.below(6)
  for (let index = 0; index < count; index += 1) {
    const names = rules.map((rule) => ({ text: rule.name, kind: rule.kind }))
    const scope: Scope = { random, names, functions, builtins, counter }
    if (random.chance(0.2)) texts.push(addFunction(scope, `f${index}`, functions))
    else if (random.chance(0.08)) texts.push(addNested(scope, `n${index}`, nested))
    else texts.push(addRule(scope, `r${index}`, rules))
  }
  const head = `package gen.${name}\n\n${imports.join('\n')}`
  const text = [head, ...texts, outRules(random, rules, nested)].join('\n\n')
  return { name, text: `${text}\n` }
}

function addRule(scope: Scope, name: string, rules: Rule[]): string {
  const { random } = scope
  const form = random.pick(ruleForms)
  const kind = form.kind ?? random.pick(values)
  const text = form.write(scope, name, kind)
  rules.push({ name, kind })
  return text
}

interface RuleForm {
  /** null: any kind of value. */
  readonly kind: Kind | null
  write(scope: Scope, name: string, kind: Kind): string
}

const ruleForms: readonly RuleForm[] = [
  {
    kind: 'flag',
    write(scope, name) {
      const clause = () => `${name} if ${body(scope).text}`
      return many(scope, clause)
    },
  },
  {
    kind: null,
    write(scope, name, kind) {
      const { text, scope: inner } = body(scope)
      return `${name} := ${term(inner, kind, 2)} if ${text}`
    },
  },
  {
    kind: null,
    write(scope, name, kind) {
      const { text, scope: inner } = body(scope)
      const first = `${name} := ${term(inner, kind, 2)} if ${text}`
      const rest = Array.from({ length: 1 + scope.random.below(2) }, () => {
        const next = body(scope)
        return `else := ${term(next.scope, kind, 1)} if ${next.text}`
      })
      return [first, ...rest].join(' ')
    },
  },
  {
    kind: 'any',
    write(scope, name) {
      const { text, scope: inner } = body(scope)
      return [
        `default ${name} := ${term(scope, 'lit', 0)}`,
        `${name} := ${term(inner, 'any', 2)} if ${text}`,
      ].join('\n\n')
    },
  },
  {
    kind: 'set',
    write(scope, name) {
      return many(scope, () => {
        const { text, scope: inner } = body(scope)
        return `${name} contains ${term(inner, 'any', 1)} if ${text}`
      })
    },
  },
  {
    kind: 'obj',
    write(scope, name) {
      return many(scope, () => {
        const { text, scope: inner } = body(scope)
        return `${name}[${term(inner, 'key', 1)}] := ${term(inner, 'any', 1)} if ${text}`
      })
    },
  },
  {
    // Several values: where two bodies hold and differ, it is a conflict.
    kind: 'any',
    write(scope, name) {
      return many(scope, () => {
        const { text, scope: inner } = body(scope)
        const value = scope.random.chance(0.6) ? 'lit' : 'any'
        return `${name} := ${term(inner, value, 1)} if ${text}`
      })
    },
  },
  {
    kind: 'any',
    write(scope, name) {
      const rules = scope.names.filter(({ kind }) => kind !== 'set')
      if (rules.length === 0) return `${name} := ${term(scope, 'any', 2)}`
      const { text, scope: inner } = body(scope)
      const mocks = [...new Set([scope.random.pick(targets), scope.random.pick(targets)])]
        .filter((target, _, all) => !all.some((other) => target.startsWith(`${other}.`)))
        .map((target) => `with ${target} as ${term(inner, 'any', 1)}`)
      const end = `x := ${scope.random.pick(rules).text} ${mocks.join(' ')}`
      return `${name} := x if ${text.slice(0, -2)}\n\t${end}\n}`
    },
  },
]

/**
 * Rules whose heads are longer references. What they hold is shown and not referred to, as there are
 * sets in it, whose order the engines choose.
 */
function addNested(scope: Scope, name: string, nested: Rule[]): string {
  const form = scope.random.pick(nestedForms)
  nested.push({ name, kind: 'obj' })
  return many(scope, () => {
    const { text, scope: inner } = body(scope)
    return form(inner, name, text)
  })
}

const nestedForms: readonly ((scope: Scope, name: string, body: string) => string)[] = [
  (scope, name, text) =>
    `${name}[${term(scope, 'key', 1)}].b[${term(scope, 'key', 1)}] := ${term(scope, 'any', 1)} if ${text}`,
  (scope, name, text) => {
    const key = scope.random.pick(['a', 'b'])
    return `${name}["${key}${setMember}"] contains ${term(scope, 'any', 1)} if ${text}`
  },
  (scope, name, text) => {
    const member = scope.random.pick(['a', 'b', 'c'])
    return `${name}.${member} := ${term(scope, 'any', 1)} if ${text}`
  },
]

function addFunction(scope: Scope, name: string, functions: RegoFunction[]): string {
  const { random } = scope
  const parameters: Kind[] = random.chance(0.5) ? ['any'] : ['any', 'str']
  const result = random.pick(values)
  const names = parameters.map((kind, index) => ({ text: `p${index}`, kind }))
  const heads = names.map(({ text }) => text)
  const within = (known: readonly (typeof names)[number][]) => {
    return body({ ...scope, names: [...scope.names, ...known] })
  }
  const clause = (head: readonly string[]) => {
    const made = within(names.filter(({ text }) => head.includes(text)))
    return `${name}(${head.join(', ')}) := ${term(made.scope, result, 1)} if ${made.text}`
  }
  const blanks = heads.map(() => '_').join(', ')
  const texts = [clause(heads)]
  if (random.chance(0.3)) {
    const rest = within(names)
    texts[0] += ` else := ${term(rest.scope, result, 1)} if ${rest.text}`
  } else if (random.chance(0.4)) {
    const [, ...others] = heads
    texts.push(clause(random.chance(0.5) ? heads : [term(scope, 'lit', 0), ...others]))
  }
  if (random.chance(0.15)) texts.unshift(`default ${name}(${blanks}) := ${term(scope, 'lit', 0)}`)
  functions.push({ name, parameters, result })
  return texts.join('\n\n')
}

function body(scope: Scope, depth = 2): { text: string; scope: Scope } {
  const lines: string[] = []
  let current = scope
  const count = 1 + scope.random.below(3)
  for (let index = 0; index < count; index += 1) {
    const made = statement(current, depth)
    lines.push(`\t${made.text}`)
    current = made.scope
  }
  return { text: `{\n${lines.join('\n')}\n}`, scope: current }
}

function many(scope: Scope, clause: () => string): string {
  return Array.from({ length: 1 + scope.random.below(3) }, clause).join('\n\n')
}

/** A quarter of the packages shows one rule as it is, undefined or not. */
function outRules(random: Random, rules: readonly Rule[], nested: readonly Rule[]): string {
  const plain = rules.filter(({ kind }) => kind !== 'set')
  if (plain.length > 0 && random.chance(0.25)) return `out := ${random.pick(plain).name}`
  const shown = [...rules, ...nested].map(({ name, kind }) => {
    const member = kind === 'set' ? `${name}${setMember}` : name
    return `out[k] := v if {\n\tk := "${member}"\n\tv := ${name}\n}`
  })
  return [...shown, 'out[k] := v if {\n\tk := "always"\n\tv := 1\n}'].join('\n\n')
}
