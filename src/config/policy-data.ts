/**
 * Data of the shipped policy against `schemas/policy-data/`. A rule reads what it can and refuses or
 * passes over the rest without a word, so a misspelt entry shows only as a denial; here it gets its
 * pointer, reason and fix. Data of rules that are not in the policy are nobody's business here:
 * whoever has another rule gives them another meaning.
 */
import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { Json, JsonObject } from '../domain.js'
import { packageFile } from '../lib/package-root.js'
import { type ConfigProblem, childPointer } from './problem.js'
import { describeError } from './schema.js'

/** Names in data, each with the package below `mcpguard.rules` that reads it. */
export const policyDataReaders = {
  destructive: 'destructive_tools',
  grants: 'grants',
  hints: 'destructive_tools',
  paths: 'uris',
  pins: 'pins',
  quarantine: 'quarantine',
  tenants: 'grants',
  tiers: 'limits',
  windows: 'windows',
} as const

type DataName = keyof typeof policyDataReaders

/** More would not be read. */
const maxProblems = 50

/** `rules`: the packages of the policy below `mcpguard.rules`. */
export function policyDataProblems(data: JsonObject, rules: ReadonlySet<string>): ConfigProblem[] {
  const names = Object.keys(policyDataReaders) as DataName[]
  const problems = names
    .filter((name) => rules.has(policyDataReaders[name]) && Object.hasOwn(data, name))
    .flatMap((name) => problemsOf(name, data[name] ?? null))
  const more = problems.length - maxProblems
  if (more <= 0) return problems
  const rest = { pointer: '', problem: `${more} more like these`, fix: 'fix the first ones first' }
  return [...problems.slice(0, maxProblems), rest]
}

function problemsOf(name: DataName, value: Json): ConfigProblem[] {
  const validate = validatorOf(name)
  if (validate(value)) return []
  return (validate.errors ?? [])
    .filter((error) => !isAlternative(error))
    .flatMap(describeError)
    .map((found) => ({ ...found, pointer: `${childPointer('', name)}${found.pointer}` }))
}

/** The error of `anyOf` itself tells it better than those of each of its branches. */
function isAlternative({ schemaPath }: ErrorObject): boolean {
  return /\/anyOf\/\d/.test(schemaPath)
}

const validators = new Map<DataName, ValidateFunction>()

function validatorOf(name: DataName): ValidateFunction {
  const made = validators.get(name)
  if (made !== undefined) return made
  const file = packageFile('schemas', 'policy-data', `${name}.schema.json`)
  const ajv = new Ajv({
    // The schemas are ours and a test checks them; here that would only take time.
    meta: false,
    validateSchema: false,
    allErrors: true,
    verbose: true,
    ownProperties: true,
  })
  const validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')))
  validators.set(name, validate)
  return validate
}
