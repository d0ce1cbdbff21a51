/**
 * What the schema cannot say: how keys relate to each other. Pure; reads a document with its
 * defaults filled in, also one that failed the schema. Every switch that opens the gateway further
 * than this machine has to be said where it is dangerous, here and nowhere else.
 */

import { isHeardBy, isLoopback } from './address.js'
import { checkCertificates } from './check-certificates.js'
import { checkKeys } from './check-keys.js'
import { checkOauth } from './check-oauth.js'
import { checkPolicy } from './check-policy.js'
import { checkTokenIssuers } from './check-token-issuers.js'
import { checkUpstreams, parseHttpUrl } from './check-upstreams.js'
import { type ConfigProblem, quoted } from './problem.js'
import { repeated } from './repeated.js'
import { isTrueAt, listAt, numberAt, textAt } from './view.js'
import type { YamlMap } from './yaml.js'

export function checkDocument(document: YamlMap): ConfigProblem[] {
  return [
    ...checkListeners(document),
    ...checkPublicUrl(document),
    ...checkAnonymous(document),
    ...checkPolicy(document),
    ...checkTimeZones(document),
    ...checkUpstreams(document),
    ...checkKeys(listAt(document, 'identity', 'apiKeys'), '/identity/apiKeys'),
    ...checkTokenIssuers(document),
    ...checkOauth(document),
    ...checkCertificates(document),
    ...checkLimits(document),
  ]
}

function checkListeners(document: YamlMap): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const adminHost = textAt(document, 'admin', 'host') ?? ''
  const adminPort = numberAt(document, 'admin', 'port')
  const host = textAt(document, 'listen', 'host') ?? ''
  if (!isLoopback(adminHost) && textAt(document, 'admin', 'token') === undefined) {
    problems.push({
      pointer: '/admin/host',
      problem: `${quoted(adminHost)} is not a loopback address and there is no admin token`,
      fix: 'set admin.token, or listen on 127.0.0.1',
    })
  }
  const samePort = adminPort !== 0 && adminPort === numberAt(document, 'listen', 'port')
  if (samePort && (isHeardBy(host, adminHost) || isHeardBy(adminHost, host))) {
    problems.push({
      pointer: '/admin/port',
      problem: `port ${adminPort} is taken by the listener for clients`,
      fix: 'give the admin listener another port',
    })
  }
  return problems
}

function checkTimeZones(document: YamlMap): ConfigProblem[] {
  return listAt(document, 'policy', 'timeZones').flatMap((zone, index) => {
    if (typeof zone !== 'string' || isTimeZone(zone)) return []
    return [
      {
        pointer: `/policy/timeZones/${index}`,
        problem: `${quoted(zone)} is not a time zone that this machine knows`,
        fix: 'write an IANA name such as Europe/Berlin',
      },
    ]
  })
}

/** Offsets such as `+02:00` are taken by newer engines only, and know no summer time. */
function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

function checkPublicUrl(document: YamlMap): ConfigProblem[] {
  const text = textAt(document, 'listen', 'publicUrl')
  if (text === undefined) return []
  const url = parseHttpUrl(text)
  const pointer = '/listen/publicUrl'
  if (url === null) {
    const fix = 'write it like https://mcp.example.com'
    return [{ pointer, problem: 'is not an http or https URL', fix }]
  }
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (plain) return []
  const fix = 'keep scheme, host, port and path only'
  return [{ pointer, problem: 'holds credentials, a query or a fragment', fix }]
}

function checkAnonymous(document: YamlMap): ConfigProblem[] {
  if (!isTrueAt(document, 'identity', 'anonymous')) return []
  if (isTrueAt(document, 'identity', 'anonymousBeyondLoopback')) return []
  const host = textAt(document, 'listen', 'host') ?? ''
  const publicHost = parseHttpUrl(textAt(document, 'listen', 'publicUrl') ?? '')?.hostname
  const beyond = [host, publicHost].find((name) => name !== undefined && !isLoopback(name))
  if (beyond === undefined) return []
  return [
    {
      pointer: '/identity/anonymous',
      problem: `lets in everybody who reaches ${quoted(beyond)}, which is not this machine alone`,
      fix: 'remove it, or say it twice with identity.anonymousBeyondLoopback: true',
    },
  ]
}

function checkLimits(document: YamlMap): ConfigProblem[] {
  const limits = listAt(document, 'limits', 'default')
  const tooDear = limits.flatMap((limit, index) => {
    const burst = numberAt(limit, 'burst') ?? numberAt(limit, 'tokens')
    const cost = numberAt(limit, 'cost')
    if (burst === undefined || cost === undefined || cost <= burst) return []
    const problem = `${cost} is more than the bucket ever holds (${burst})`
    const fix = 'raise burst or lower cost, else every call is refused'
    return [{ pointer: `/limits/default/${index}/cost`, problem, fix }]
  })
  return [
    ...repeated(limits, '/limits/default', 'name', 'give each bucket its own name'),
    ...tooDear,
  ]
}
