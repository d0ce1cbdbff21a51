/**
 * Which values of a document are secrets, and whether a file that holds one is closed to others.
 * A digest of a generated key is no secret, a variable of a server is one by its name; everything
 * brought in by `${file:…}` counts as one.
 */

import { type ConfigProblem, childPointer, quoted } from './problem.js'
import { isLiteral } from './references.js'
import { entriesAt, listAt, textAt } from './view.js'
import type { YamlValue } from './yaml.js'

/** Variables whose names say that what they hold is one. */
const secretName = /token|secret|passw|key|credential/i
/** What stands before a credential and is none: `Bearer ${env:TOKEN}` is a reference. */
const scheme = /^[a-z]+ (?=\$\{)/i

/** Pointers of secrets that are written out in the document itself. */
function literalSecrets(document: YamlValue): string[] {
  const token = textAt(document, 'admin', 'token')
  const keys = listAt(document, 'sessions', 'keys')
  const pointers = token !== undefined && isLiteral(token) ? ['/admin/token'] : []
  const pollToken = textAt(document, 'policy', 'poll', 'token')
  if (pollToken !== undefined && isLiteral(pollToken)) pointers.push('/policy/poll/token')
  for (const [index, key] of keys.entries()) {
    if (typeof key === 'string' && isLiteral(key)) pointers.push(`/sessions/keys/${index}`)
  }
  pointers.push(...issuerSecrets(document, 'jwt'))
  pointers.push(...issuerSecrets(document, 'oauth', 'authorizationServers'))
  for (const [server, upstream] of entriesAt(document, 'upstreams')) {
    for (const [name, text] of entriesAt(upstream, 'env')) {
      if (!secretName.test(name) || typeof text !== 'string' || !isLiteral(text)) continue
      pointers.push(childPointer(childPointer(childPointer('/upstreams', server), 'env'), name))
    }
    pointers.push(...credentialSecrets(upstream, childPointer('/upstreams', server)))
  }
  return pointers
}

function credentialSecrets(upstream: YamlValue, pointer: string): string[] {
  const places = [
    ['header', 'value'],
    ['clientCredentials', 'clientSecret'],
  ]
  return places.flatMap((place) => {
    const secret = textAt(upstream, 'credential', ...place)
    if (secret === undefined || !isLiteral(secret.replace(scheme, ''))) return []
    return [[pointer, 'credential', ...place].join('/')]
  })
}

/** Of the issuers of tokens at that place of `identity`. */
function issuerSecrets(document: YamlValue, ...place: readonly string[]): string[] {
  return listAt(document, 'identity', ...place).flatMap((issuer, index) =>
    [['secret'], ['introspection', 'clientSecret']].flatMap((name) => {
      const secret = textAt(issuer, ...name)
      if (secret === undefined || !isLiteral(secret)) return []
      return [['/identity', ...place, index, ...name].join('/')]
    }),
  )
}

/** The one thing taken from files that everybody may know. */
export function isPublicKey(text: string): boolean {
  return /^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(text)
}

export function exposedProblem(path: string, mode: string): { problem: string; fix: string } {
  return {
    problem: `the file ${quoted(path)} holds a secret and is open to others (mode ${mode})`,
    fix: `run: chmod 600 ${path}`,
  }
}

export function checkLiteralSecrets(
  document: YamlValue,
  path: string,
  exposedMode: string | null,
): ConfigProblem[] {
  const pointer = literalSecrets(document)[0]
  if (exposedMode === null || pointer === undefined) return []
  const { problem, fix } = exposedProblem(path, exposedMode)
  return [{ pointer, problem, fix: `${fix}, or take the secret from \${env:NAME}` }]
}
