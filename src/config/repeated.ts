/** Entries of a list that say again what an earlier one said. Pure. */
import type { ConfigProblem } from './problem.js'
import { textAt } from './view.js'
import type { YamlValue } from './yaml.js'

/** Only digests and host names are the same in another case of letters. */
const anyCase = new Set(['sha256', 'thumbprint', 'dns'])

/** Members of a list that repeat the text of an earlier one. */
export function repeated(
  items: readonly YamlValue[],
  pointer: string,
  member: string,
  fix: string,
): ConfigProblem[] {
  const first = new Map<string, number>()
  return items.flatMap((item, index) => {
    const text = textAt(item, member)
    if (text === undefined) return []
    const key = anyCase.has(member) ? text.toLowerCase() : text
    const earlier = first.get(key)
    if (earlier === undefined) {
      first.set(key, index)
      return []
    }
    const problem = `repeats ${pointer}/${earlier}/${member}`
    return [{ pointer: `${pointer}/${index}/${member}`, problem, fix }]
  })
}
