/**
 * The gateway's own credential for a server in the configuration: one kind of it, and a token
 * endpoint that a secret may be sent to.
 */

import { readServiceUrl } from '../lib/service-url.js'
import type { CompleteConfigFile } from './complete.js'
import type { UpstreamCredentialConfig } from './config.js'
import { type ConfigProblem, childPointer } from './problem.js'
import { textAt, valueAt } from './view.js'
import type { YamlValue } from './yaml.js'

export function checkCredential(
  credential: YamlValue | undefined,
  pointer: string,
): ConfigProblem[] {
  if (credential === undefined || credential === null) return []
  const kinds = ['header', 'clientCredentials'] as const
  const given = kinds.filter((kind) => (valueAt(credential, kind) ?? null) !== null)
  if (given.length !== 1) {
    const problem = given.length === 0 ? 'is empty' : 'has both "header" and "clientCredentials"'
    return [{ pointer, problem, fix: 'keep one of header and clientCredentials' }]
  }
  const tokenUrl = textAt(credential, 'clientCredentials', 'tokenUrl')
  const url = tokenUrl === undefined ? null : readServiceUrl(tokenUrl)
  if (url === null || url.ok) return []
  const place = childPointer(childPointer(pointer, 'clientCredentials'), 'tokenUrl')
  return [{ pointer: place, problem: url.problem, fix: url.fix }]
}

/** `url`: where the server is. */
export function normaliseCredential(
  credential: CompleteConfigFile['upstreams'][string]['credential'],
  url: string,
): UpstreamCredentialConfig | null {
  const { header, clientCredentials } = credential ?? {}
  if (header) return { kind: 'header', name: header.name, value: header.value }
  if (!clientCredentials) return null
  const { resource, scopes, ...client } = clientCredentials
  const whole = resource ?? url.replace(/\?.*$/, '')
  return {
    kind: 'client-credentials',
    ...client,
    scopes: [...scopes],
    resource: whole === '' ? null : whole,
  }
}
