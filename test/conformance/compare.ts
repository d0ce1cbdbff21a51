/** How two runs of the suite differ, check by check. */
import type { Check, Findings } from './suite.js'

/** What of `other` came out differently than in `one`: `<scenario>: <check> <its verdicts>`. */
export function differences(one: Findings, other: Findings): string[] {
  const [left, right] = [verdictsOf(one.checks), verdictsOf(other.checks)]
  const names = [...new Set([...left.keys(), ...right.keys()])].sort()
  return names
    .filter((name) => left.get(name) !== right.get(name))
    .map((name) => `${name} ${right.get(name) ?? 'MISSING'}`)
}

/** A name may stand for several checks of a scenario. */
function verdictsOf(checks: readonly Check[]): Map<string, string> {
  const verdicts = new Map<string, string>()
  for (const { scenario, id, status } of checks) {
    const name = `${scenario}: ${id}`
    const known = verdicts.get(name)
    verdicts.set(name, known === undefined ? status : [known, status].sort().join(' '))
  }
  return verdicts
}

export function scenariosOf({ checks }: Findings): string[] {
  return [...new Set(checks.map(({ scenario }) => scenario))].sort()
}

export function countOf({ checks }: Findings, wanted: string): number {
  return checks.filter(({ status }) => status === wanted).length
}

/** One line for each check that went wrong, with the suite's own reason. */
export function complaints({ checks }: Findings): string[] {
  return checks
    .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
    .map((check) => `${check.scenario}: ${check.id} ${check.status} ${check.errorMessage ?? ''}`)
}
