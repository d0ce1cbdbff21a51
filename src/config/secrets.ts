/**
 * Which values of a document are secrets, and whether a file that holds one is closed to others.
 * A digest of a generated key is no secret; everything brought in by `${file:…}` counts as one.
 */

import { type ConfigProblem, quoted } from './problem.js'
import { isLiteral } from './references.js'
import { listAt, textAt } from './view.js'
import type { YamlValue } from './yaml.js'

/** Pointers of secrets that are written out in the document itself. */
function literalSecrets(document: YamlValue): string[] {
  const token = textAt(document, 'admin', 'token')
  const keys = listAt(document, 'sessions', 'keys')
  const pointers = token !== undefined && isLiteral(token) ? ['/admin/token'] : []
  for (const [index, key] of keys.entries()) {
    if (typeof key === 'string' && isLiteral(key)) pointers.push(`/sessions/keys/${index}`)
  }
  return pointers
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
