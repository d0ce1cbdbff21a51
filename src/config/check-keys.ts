/**
 * What the schema cannot say of API keys. Several entries may have one id, so that a key can be
 * replaced without a pause; they are one principal then, so all they say of it has to be the same.
 */
import { type ConfigProblem, quoted } from './problem.js'
import { repeated } from './repeated.js'
import { isMap, textAt } from './view.js'
import type { YamlValue } from './yaml.js'

/** `pointer`: of the list. */
export function checkKeys(keys: readonly YamlValue[], pointer: string): ConfigProblem[] {
  return [
    ...repeated(keys, pointer, 'sha256', 'one key can stand for one principal only'),
    ...checkSameFacts(keys, pointer),
    ...keys.flatMap((key, index) => checkValidity(key, `${pointer}/${index}`)),
  ]
}

/** What entries with one id share. */
export const keyFacts = ['kind', 'roles', 'groups', 'scopes', 'tenant', 'claims'] as const
export const sameFactsFix =
  'give it an id of its own, or the same facts where a key is being replaced'

function checkSameFacts(keys: readonly YamlValue[], pointer: string): ConfigProblem[] {
  const first = new Map<string, number>()
  return keys.flatMap((key, index) => {
    const id = textAt(key, 'id')
    if (id === undefined) return []
    const earlier = first.get(id)
    if (earlier === undefined) {
      first.set(id, index)
      return []
    }
    const other = keyFacts.find((name) => textOf(key, name) !== textOf(keys[earlier], name))
    if (other === undefined) return []
    const problem = `is ${quoted(id)} with other ${other} than ${pointer}/${earlier}`
    return [{ pointer: `${pointer}/${index}`, problem, fix: sameFactsFix }]
  })
}

function textOf(key: YamlValue | undefined, member: string): string {
  return isMap(key) ? (JSON.stringify(key[member]) ?? '') : ''
}

function checkValidity(key: YamlValue, pointer: string): ConfigProblem[] {
  const notBefore = Date.parse(textAt(key, 'notBefore') ?? '')
  const expires = Date.parse(textAt(key, 'expires') ?? '')
  if (!(notBefore >= expires)) return []
  const fix = 'let notBefore be earlier than expires'
  return [{ pointer: `${pointer}/notBefore`, problem: 'is not before expires', fix }]
}
