/**
 * Decision cases, and facts that somebody wrote by themselves, against `schemas/cases.schema.json`.
 * How parts of them go together is said elsewhere: by the reader of the file and, of the facts, by
 * whoever makes them whole.
 */
import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { Json, JsonObject } from '../domain.js'
import { packageFile } from '../lib/package-root.js'
import type { ConfigProblem } from './problem.js'
import { describeError } from './schema.js'

/** More would not be read. */
const maxProblems = 50

export function caseFileProblems(document: Json): ConfigProblem[] {
  wholeFile ??= createAjv().compile(readSchema())
  return problemsOf(wholeFile, document)
}

/** Of any part of the policy's input. */
export function factsProblems(facts: Json): ConfigProblem[] {
  partOfFacts ??= createAjv().compile({ ...readSchema(), ...onlyFacts })
  return problemsOf(partOfFacts, facts)
}

let wholeFile: ValidateFunction | undefined
let partOfFacts: ValidateFunction | undefined

const onlyFacts = {
  properties: undefined,
  required: undefined,
  additionalProperties: undefined,
  $ref: '#/definitions/partialFacts',
}

function problemsOf(validate: ValidateFunction, document: Json): ConfigProblem[] {
  if (validate(document)) return []
  const errors = (validate.errors ?? []).filter((error) => !isAlternative(error))
  // What has the wrong type has no size.
  const mistyped = new Set(errors.filter(isTypeError).map((error) => error.instancePath))
  return errors
    .filter((error) => isTypeError(error) || !mistyped.has(error.instancePath))
    .flatMap(describeError)
    .slice(0, maxProblems)
}

/** The error of `anyOf` itself tells it better than those of each of its branches. */
function isAlternative({ schemaPath }: ErrorObject): boolean {
  return /\/anyOf\/\d/.test(schemaPath)
}

function isTypeError({ keyword }: ErrorObject): boolean {
  return keyword === 'type'
}

function readSchema(): JsonObject {
  return JSON.parse(readFileSync(packageFile('schemas', 'cases.schema.json'), 'utf8'))
}

function createAjv(): Ajv {
  return new Ajv({
    // The schema is ours and a test checks it.
    meta: false,
    validateSchema: false,
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    ownProperties: true,
  })
}
