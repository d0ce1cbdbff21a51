/**
 * Verified claims to the subject that policy sees, by the operator's JSON Pointers. A claim that is
 * not there gives nothing; one that is there in another form than it must have refuses the token,
 * since roles that could not be read are not the same as no roles.
 */
import type { Json, JsonObject, Subject } from '../../domain.js'
import { GuardError } from '../../errors.js'
import { parsePointer, valueAt } from './json-pointer.js'
import type { ClaimPointers, IssuerRules } from './rules.js'

/** Null: the claims do not say who it is in a way that can be relied on. */
export type SubjectOf = (claims: JsonObject, expiresAtMs: number) => Subject | null

const maxNames = 1_000
const maxActors = 8
/** Nothing invisible: two names that look alike are to be one. */
const namePattern = /^[^\p{C}]{1,256}$/u
/** RFC 6749 3.3. */
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/
/**
 * What the token is and whom it is for: judged before, or part of the subject; it changes with each
 * token, which no decision should.
 */
const plumbing = [
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'cnf',
  'nonce',
  'at_hash',
  'c_hash',
]

type Read<Value> = (claims: JsonObject) => Value | undefined

/** Throws GuardError GUARD_CONFIG_INVALID for a pointer that is none. */
export function createSubjectOf({
  issuer,
  method,
  claims: pointers,
}: Pick<IssuerRules, 'issuer' | 'method' | 'claims'>): SubjectOf {
  const reader = <Value>(
    name: keyof ClaimPointers,
    absent: Value,
    read: (value: Json) => Value | undefined,
  ): Read<Value> => {
    const pointer = pointers[name]
    if (pointer === null) return () => absent
    const tokens = parsePointer(pointer)
    if (tokens === null) {
      throw new GuardError('GUARD_CONFIG_INVALID', `\`${pointer}\` is not a JSON Pointer`)
    }
    return (claims) => {
      const value = valueAt(claims, tokens)
      return value === undefined ? absent : read(value)
    }
  }
  const idOf = reader<string | null>('id', null, readName)
  const rolesOf = reader('roles', [], readNames)
  const groupsOf = reader('groups', [], readNames)
  const scopesOf = reader('scopes', [], readScopes)
  const tenantOf = reader<string | null>('tenant', null, readName)
  const clientIdOf = reader<string | null>('clientId', null, readName)
  const actorsOf = reader('actors', [], (value) => readActors(value, issuer))

  return function subjectOf(claims, expiresAtMs) {
    const id = idOf(claims)
    const roles = rolesOf(claims)
    const groups = groupsOf(claims)
    const scopes = scopesOf(claims)
    const tenant = tenantOf(claims)
    const clientId = clientIdOf(claims)
    const actors = actorsOf(claims)
    if (id === undefined || id === null || tenant === undefined || clientId === undefined) {
      return null
    }
    if (!roles || !groups || !scopes || !actors) return null
    return {
      id,
      // RFC 9068 2.2: a token that a program got for itself has the program as its subject.
      kind: id === clientId ? 'service' : 'user',
      issuer,
      method,
      client_id: clientId,
      actors,
      roles,
      groups,
      scopes,
      tenant,
      expires_at: new Date(expiresAtMs).toISOString(),
      claims: furtherClaims(claims),
    }
  }
}

function readName(value: Json): string | undefined {
  return typeof value === 'string' && namePattern.test(value) ? value : undefined
}

/** A list, or one name alone, which issuers write where there is only one. Never split. */
function readNames(value: Json): string[] | undefined {
  const names = Array.isArray(value) ? value : [value]
  if (names.length > maxNames) return undefined
  return names.every((name) => readName(name) !== undefined) ? (names as string[]) : undefined
}

/** One text with spaces between (RFC 8693 4.2), or a list. */
function readScopes(value: Json): string[] | undefined {
  const scopes = typeof value === 'string' ? (value === '' ? [] : value.split(' ')) : value
  if (!Array.isArray(scopes) || scopes.length > maxNames) return undefined
  const isScopes = scopes.every((scope) => typeof scope === 'string' && scopePattern.test(scope))
  return isScopes ? (scopes as string[]) : undefined
}

/**
 * Who acts for the subject (RFC 8693 4.1), the one that acts now first. All of them are of the
 * token's issuer: of another, equal names could be different parties.
 */
function readActors(value: Json, issuer: string): string[] | undefined {
  const actors: string[] = []
  for (let act: Json | undefined = value; act !== undefined; act = act['act']) {
    if (typeof act !== 'object' || act === null || Array.isArray(act)) return undefined
    const actor = readName(act['sub'] ?? null)
    if (actor === undefined || actors.length === maxActors) return undefined
    if (act['iss'] !== undefined && act['iss'] !== issuer) return undefined
    actors.push(actor)
  }
  return actors
}

function furtherClaims(claims: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !plumbing.includes(name)))
}
