/**
 * `${env:NAME}` and `${file:./path}` in the texts of a document. Pure: what the references stand
 * for is looked up by the two functions passed in. A replaced text is not searched again, so no
 * variable and no file can bring in a further reference. Keys are never replaced; anything else
 * that looks like a reference is an error rather than a literal, because a misspelt one would
 * otherwise become a secret that everybody can guess. What could not be replaced stays as it was.
 */

import { type ConfigProblem, childPointer } from './problem.js'
import type { YamlMap, YamlValue } from './yaml.js'

export type Lookup =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string; readonly fix: string }

export interface ReferenceSources {
  readonly env: (name: string) => Lookup
  readonly file: (path: string) => Lookup
}

export interface ResolvedReferences {
  readonly value: YamlValue
  /** Pointers of texts that are one reference and nothing else. */
  readonly whole: ReadonlySet<string>
  readonly problems: readonly ConfigProblem[]
}

const candidate = /\$\{([^}]*)\}?/g
const reference = /^\$\{(env|file):([^}]+)\}$/

export function resolveReferences(root: YamlValue, sources: ReferenceSources): ResolvedReferences {
  const whole = new Set<string>()
  const problems: ConfigProblem[] = []

  function resolveText(text: string, pointer: string): string {
    return text.replace(candidate, (match) => {
      const [, kind, name = ''] = reference.exec(match) ?? []
      if (kind === undefined) {
        // Not with what follows: it may be a secret that has these characters by chance.
        const problem = 'what begins with `${` is not a reference'
        problems.push({ pointer, problem, fix: 'write ${env:NAME} or ${file:./path}' })
        return match
      }
      const found = kind === 'env' ? sources.env(name) : sources.file(name)
      if (!found.ok) {
        problems.push({ pointer, problem: found.problem, fix: found.fix })
        return match
      }
      if (match === text) whole.add(pointer)
      return found.text
    })
  }

  function resolve(value: YamlValue, pointer: string): YamlValue {
    if (typeof value === 'string') return value.includes('${') ? resolveText(value, pointer) : value
    if (Array.isArray(value)) {
      return value.map((item, index) => resolve(item, childPointer(pointer, index)))
    }
    if (typeof value !== 'object' || value === null) return value
    const map: YamlMap = Object.create(null)
    for (const [key, member] of Object.entries(value)) {
      map[key] = resolve(member, childPointer(pointer, key))
    }
    return map
  }

  return { value: resolve(root, ''), whole, problems }
}

/** Whether a text holds characters of its own beside references. */
export function isLiteral(text: string): boolean {
  return text.replace(candidate, '') !== ''
}
