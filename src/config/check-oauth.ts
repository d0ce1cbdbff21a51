/**
 * What the schema cannot say of the gateway as a resource server of OAuth: it has a URL that tokens
 * can be made out to, every authorization server one that clients can go to, tokens travel over TLS,
 * and an opaque token, which does not say whose it is, can be asked about at one place only. Pure.
 */

import { readServiceUrl } from '../lib/service-url.js'
import { checkTokenIssuer } from './check-token-issuers.js'
import type { ConfigProblem } from './problem.js'
import { isMap, listAt, textAt, valueAt } from './view.js'
import type { YamlMap, YamlValue } from './yaml.js'

const serversAt = '/identity/oauth/authorizationServers'

export function checkOauth(document: YamlMap): ConfigProblem[] {
  const jwt = listAt(document, 'identity', 'jwt')
  const misplaced = jwt.flatMap((issuer, index) =>
    isIntrospecting(issuer) ? [notOfJwt(`/identity/jwt/${index}/introspection`)] : [],
  )
  if (!isMap(valueAt(document, 'identity', 'oauth'))) return misplaced
  const servers = listAt(document, 'identity', 'oauth', 'authorizationServers')
  return [
    ...misplaced,
    ...checkPublicUrl(textAt(document, 'listen', 'publicUrl')),
    ...repeatedServers(servers, jwt),
    ...servers.flatMap((server, index) => checkServer(server, `${serversAt}/${index}`)),
    ...secondIntrospections(servers),
  ]
}

function notOfJwt(pointer: string): ConfigProblem {
  const fix = 'move this entry to identity.oauth.authorizationServers'
  return { pointer, problem: 'is for authorization servers only', fix }
}

function checkPublicUrl(publicUrl: string | undefined): ConfigProblem[] {
  if (publicUrl === undefined) {
    const problem = 'needs listen.publicUrl, which tokens are made out to'
    const fix = 'set listen.publicUrl to the URL under which clients reach the gateway'
    return [{ pointer: '/identity/oauth', problem, fix }]
  }
  const url = readServiceUrl(publicUrl)
  // What is no URL at all is told where every publicUrl is checked.
  if (url.ok || !/^http:/i.test(publicUrl)) return []
  const problem = 'is http and not on this machine, so that tokens could be read on their way'
  return [{ pointer: '/listen/publicUrl', problem, fix: 'use https with identity.oauth' }]
}

function repeatedServers(
  servers: readonly YamlValue[],
  jwt: readonly YamlValue[],
): ConfigProblem[] {
  const names = servers.map((server) => textAt(server, 'issuer'))
  return names.flatMap((name, index) => {
    if (name === undefined) return []
    const inJwt = jwt.findIndex((issuer) => textAt(issuer, 'issuer') === name)
    const earlier = names.indexOf(name)
    if (inJwt < 0 && earlier === index) return []
    const other = inJwt < 0 ? `${serversAt}/${earlier}` : `/identity/jwt/${inJwt}`
    const fix = 'keep one of the two entries'
    return [{ pointer: `${serversAt}/${index}/issuer`, problem: `repeats ${other}/issuer`, fix }]
  })
}

function checkServer(server: YamlValue, pointer: string): ConfigProblem[] {
  const introspects = isIntrospecting(server)
  const keyless = introspects || valueAt(server, 'discovery') !== false
  return [
    ...checkIssuer(server, `${pointer}/issuer`),
    ...checkTokenIssuer(server, pointer, { keyless }),
    ...checkAddress(textAt(server, 'introspection', 'url'), `${pointer}/introspection/url`),
    ...(introspects && !hasKeys(server) ? meaningless(server, pointer) : []),
  ]
}

/** Clients are sent there, whatever the gateway itself does with it. */
function checkIssuer(server: YamlValue, pointer: string): ConfigProblem[] {
  // Where something is discovered, that is looked at with the keys.
  if (valueAt(server, 'discovery') === true) return []
  return checkAddress(textAt(server, 'issuer'), pointer)
}

function checkAddress(text: string | undefined, pointer: string): ConfigProblem[] {
  const url = readServiceUrl(text ?? '')
  if (text === undefined || url.ok) return []
  return [{ pointer, problem: url.problem, fix: url.fix }]
}

/** What is judged of a JWT's header alone. */
function meaningless(server: YamlValue, pointer: string): ConfigProblem[] {
  const given = {
    algorithms: listAt(server, 'algorithms').length > 0,
    type: textAt(server, 'type') !== undefined,
  }
  return (['algorithms', 'type'] as const)
    .filter((name) => given[name])
    .map((name) => ({
      pointer: `${pointer}/${name}`,
      problem: 'means nothing where all tokens are introspected',
      fix: 'remove it, or set discovery: true to verify tokens that are JWTs by keys',
    }))
}

function secondIntrospections(servers: readonly YamlValue[]): ConfigProblem[] {
  const first = servers.findIndex(isIntrospecting)
  return servers.flatMap((server, index) => {
    if (index === first || !isIntrospecting(server)) return []
    const problem = `is a second place to ask, beside ${serversAt}/${first}`
    const fix = 'keep one: an opaque token does not say whose it is, and others must not see it'
    return [{ pointer: `${serversAt}/${index}/introspection`, problem, fix }]
  })
}

function isIntrospecting(server: YamlValue): boolean {
  return isMap(valueAt(server, 'introspection'))
}

function hasKeys(server: YamlValue): boolean {
  return (
    textAt(server, 'secret') !== undefined ||
    textAt(server, 'jwks') !== undefined ||
    valueAt(server, 'discovery') === true
  )
}
