/**
 * Files of issuers' public keys, as far as they can be judged by their form: there, readable, and a
 * JWK set. Whether its keys are good for anything is found out by whoever verifies with them.
 */
import type { Config } from './config.js'
import { type ConfigProblem, quoted } from './problem.js'
import { readFileText } from './read-file.js'

const maxBytes = 1024 * 1024

export function keySetProblems({ identity: { jwt, oauth } }: Config): ConfigProblem[] {
  const servers = oauth?.authorizationServers ?? []
  return [
    ...jwt.flatMap(({ keys }, index) => problemsOf(keys, `/identity/jwt/${index}`)),
    ...servers.flatMap(({ keys }, index) =>
      problemsOf(keys, `/identity/oauth/authorizationServers/${index}`),
    ),
  ]
}

type Keys = Config['identity']['jwt'][number]['keys']

function problemsOf(keys: Keys | null, issuerAt: string): ConfigProblem[] {
  if (keys === null || keys.from !== 'file') return []
  const pointer = `${issuerAt}/jwks`
  const content = readFileText(keys.path, maxBytes)
  if (!content.ok) {
    const problem = `the file ${quoted(keys.path)} ${content.problem}`
    return [{ pointer, problem, fix: 'name a file with a JWK set, or an https URL' }]
  }
  if (isKeySet(content.text)) return []
  const problem = `the file ${quoted(keys.path)} is not a JWK set`
  const fix = 'write {"keys": […]} with public keys as JWK; a PEM file has to be converted'
  return [{ pointer, problem, fix }]
}

function isKeySet(text: string): boolean {
  try {
    const document: unknown = JSON.parse(text)
    return (
      typeof document === 'object' &&
      document !== null &&
      'keys' in document &&
      Array.isArray(document.keys)
    )
  } catch {
    return false
  }
}
