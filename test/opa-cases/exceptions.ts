/**
 * The cases that do not pass, by reason. The list is exact: a case that passes although it is
 * listed is as wrong as one that fails and is not, so it can only shrink.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type Exceptions = Readonly<Record<string, readonly string[]>>

const file = fileURLToPath(new URL('../../../test/opa-cases/exceptions.json', import.meta.url))

export function readExceptions(): Exceptions {
  return JSON.parse(readFileSync(file, 'utf8')) as Exceptions
}

/** `failures` has every case that ran: its reason, or null where it passed. */
export function disagreements(
  failures: ReadonlyMap<string, string | null>,
  exceptions: Exceptions,
): string[] {
  const listed = new Set(Object.values(exceptions).flat())
  return [...failures].flatMap(([name, failure]) => {
    if (failure === null) return listed.has(name) ? [`passes, but is listed: ${name}`] : []
    return listed.has(name) ? [] : [`fails, and is not listed: ${name}: ${failure}`]
  })
}

/** Names that are there twice, or that no case has. */
export function strayNames(names: Iterable<string>, exceptions: Exceptions): string[] {
  const cases = new Set(names)
  const seen = new Set<string>()
  return Object.values(exceptions)
    .flat()
    .filter((name) => {
      const stray = seen.has(name) || !cases.has(name)
      seen.add(name)
      return stray
    })
}

/** Takes the names of those that pass off the list. */
export function shrinkExceptions(failures: ReadonlyMap<string, string | null>): void {
  const left = Object.entries(readExceptions()).map(([reason, names]) => {
    return [reason, names.filter((name) => failures.get(name) !== null)] as const
  })
  const kept = Object.fromEntries(left.filter(([, names]) => names.length > 0))
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`)
}
