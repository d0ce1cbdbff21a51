/**
 * One file of decision cases: YAML read as strictly as the configuration, all problems at once with
 * their lines. Says nothing of whether the facts go together or the policy agrees.
 */
import type { CasesDocument, DecisionCase, PartialFacts } from '../contracts.js'
import type { Json, JsonObject } from '../domain.js'
import type { CaseFile, WrittenCase } from '../policy/decision-case.js'
import type { ListedItem } from '../policy/judge-facts.js'
import { caseFileProblems } from './case-schema.js'
import { mergedMaps } from './merge.js'
import { type ConfigProblem, childPointer, parentPointer, quoted } from './problem.js'
import { parseYaml } from './yaml.js'

export type ReadCaseFile =
  | { readonly ok: true; readonly file: CaseFile }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

type Lines = ReadonlyMap<string, number>

/** `file`: as people find it. */
export function parseCaseFile(file: string, text: string): ReadCaseFile {
  const { value, lines, problems } = parseYaml(text, { nulls: true })
  const refused = (found: readonly ConfigProblem[]): ReadCaseFile => {
    const placed = found.map((problem) => ({
      source: file,
      ...problem,
      line: problem.line ?? lineOf(lines, problem.pointer),
    }))
    return { ok: false, problems: placed }
  }
  if (problems.length > 0) return refused(problems.map(forCases))
  const invalid = caseFileProblems(value)
  if (invalid.length > 0) return refused(invalid)
  const { defaults = {}, data = null, cases } = value as unknown as CasesDocument
  const unclear = [...doubledNames(cases, lines), ...cases.flatMap(unclearExpectation)]
  if (unclear.length > 0) return refused(unclear)
  const written = cases.map((one, index) => writtenCase(one, index, defaults, lines))
  return { ok: true, file: { file, text, data: data as JsonObject | null, cases: written } }
}

/** The reader speaks of configurations. */
function forCases(problem: ConfigProblem): ConfigProblem {
  return problem.problem === 'is empty' ? { ...problem, fix: 'write at least `cases:`' } : problem
}

function doubledNames(cases: readonly DecisionCase[], lines: Lines): ConfigProblem[] {
  const first = new Map<string, number>()
  return cases.flatMap(({ name }, index) => {
    const pointer = `/cases/${index}/name`
    const earlier = first.get(name)
    if (earlier === undefined) first.set(name, lineOf(lines, pointer))
    if (earlier === undefined) return []
    const problem = `the name ${quoted(name)} is there twice, first in line ${earlier}`
    return [{ pointer, problem, fix: 'give one of them another name' }]
  })
}

function unclearExpectation({ items, expect }: DecisionCase, index: number): ConfigProblem[] {
  const pointer = `/cases/${index}/expect`
  const problems: ConfigProblem[] = []
  const say = (at: string, problem: string, fix: string) =>
    problems.push({ pointer: at, problem, fix })
  if (expect.reason !== undefined && expect.reasons !== undefined) {
    say(pointer, 'has both `reason` and `reasons`', 'keep one of them')
  }
  const members = Object.entries(expect)
  if (members.every(([member, value]) => isMetByDenial(member, value as Json))) {
    const named = members.map(([member]) => `\`${member}\``).join(', ')
    say(pointer, `a denial has such ${named} too, whatever it is for`, 'say also `allow`')
  }
  if (expect.visible !== undefined && items === undefined) {
    say(`${pointer}/visible`, 'there are no `items` to be seen', 'add them to the case')
  }
  if (items === undefined) return problems
  const ids = items.map((item) => (typeof item === 'string' ? item : item.id))
  if (expect.visible === undefined) {
    say(`/cases/${index}/items`, 'nothing is expected of them', 'add `visible` to `expect`')
  }
  for (const [place, id] of (expect.visible ?? []).entries()) {
    if (ids.includes(id)) continue
    say(`${pointer}/visible/${place}`, `${quoted(id)} is none of the \`items\``, 'add it there')
  }
  for (const [place, id] of ids.entries()) {
    if (ids.indexOf(id) === place) continue
    say(`/cases/${index}/items/${place}`, `${quoted(id)} is there twice`, 'keep one of them')
  }
  return problems
}

/** By any denial, because it is a denial: nothing is charged, asked for or seen. */
function isMetByDenial(member: string, value: Json): boolean {
  if (member === 'tier' || member === 'limits') return value === null
  return (member === 'challenge' || member === 'visible') && isEmptyList(value)
}

function isEmptyList(value: Json): boolean {
  return Array.isArray(value) && value.length === 0
}

function writtenCase(
  { name, facts = {}, items, expect }: DecisionCase,
  index: number,
  defaults: PartialFacts,
  lines: Lines,
): WrittenCase {
  const pointer = `/cases/${index}`
  const own = `${pointer}/facts`
  return {
    name,
    row: lineOf(lines, pointer),
    facts: mergedMaps(defaults as JsonObject, facts as JsonObject) as PartialFacts,
    items: items === undefined ? null : items.map(listedItem),
    expect,
    lineOf(path) {
      const below = path.reduce(childPointer, '')
      const isDefault = !lines.has(`${own}${below}`) && lines.has(`/defaults${below}`)
      return lineOf(lines, isDefault ? `/defaults${below}` : `${own}${below}`)
    },
  }
}

function listedItem(item: NonNullable<DecisionCase['items']>[number]): ListedItem {
  return typeof item === 'string' ? { id: item } : (item as ListedItem)
}

/** Of the value, or of the nearest one that it is in. */
function lineOf(lines: Lines, pointer: string): number {
  for (let at: string | undefined = pointer; at !== undefined; at = parentPointer(at)) {
    const line = lines.get(at)
    if (line !== undefined) return line
  }
  return 1
}
