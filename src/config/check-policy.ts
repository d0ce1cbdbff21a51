/**
 * What the schema cannot say of the policy's place: a URL that may be asked, one token, and a public
 * key that is one and fits its algorithm, so that the mistake is found before the first bundle. Pure.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { readServiceUrl } from '../lib/service-url.js'
import { isUrl } from './policy-place.js'
import type { ConfigProblem } from './problem.js'
import { isPublicKey } from './secrets.js'
import { textAt } from './view.js'
import type { YamlMap } from './yaml.js'

export function checkPolicy(document: YamlMap): ConfigProblem[] {
  return [...checkPath(document), ...checkVerifyKey(document), ...checkTokens(document)]
}

function checkPath(document: YamlMap): ConfigProblem[] {
  const text = textAt(document, 'policy', 'path') ?? ''
  if (!isUrl(text)) return []
  const read = readServiceUrl(text)
  return read.ok ? [] : [{ pointer: '/policy/path', problem: read.problem, fix: read.fix }]
}

function checkTokens(document: YamlMap): ConfigProblem[] {
  if (textAt(document, 'policy', 'poll', 'token') === undefined) return []
  if (textAt(document, 'policy', 'poll', 'tokenFile') === undefined) return []
  const problem = 'is a second token, beside /policy/poll/token'
  return [{ pointer: '/policy/poll/tokenFile', problem, fix: 'keep one of the two' }]
}

/** Algorithm of JWS → the curve that it is for (RFC 7518 3.4), by the names OpenSSL has. */
const curves = new Map([
  ['ES256', 'prime256v1'],
  ['ES384', 'secp384r1'],
  ['ES512', 'secp521r1'],
])
/** RFC 7518 3.3 and 3.5. */
const leastRsaBits = 2048

function checkVerifyKey(document: YamlMap): ConfigProblem[] {
  const text = textAt(document, 'policy', 'verify', 'key')
  const algorithm = textAt(document, 'policy', 'verify', 'algorithm')
  if (text === undefined || algorithm === undefined) return []
  const pointer = '/policy/verify/key'
  if (/PRIVATE KEY-----/.test(text)) {
    const fix = 'give the public half, and keep the private key where bundles are built'
    return [{ pointer, problem: 'is a private key', fix }]
  }
  const key = publicKey(text)
  const fix = `give a public key for ${algorithm}, beginning with -----BEGIN PUBLIC KEY-----`
  if (key === null) return [{ pointer, problem: 'is no public key in PEM', fix }]
  const problem = misfit(key, algorithm)
  return problem === null ? [] : [{ pointer, problem, fix }]
}

/** A certificate is none: its dates and names would be believed by nobody. */
function publicKey(pem: string): KeyObject | null {
  if (!isPublicKey(pem)) return null
  try {
    return createPublicKey(pem)
  } catch {
    return null
  }
}

function misfit(key: KeyObject, algorithm: string): string | null {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  const curve = curves.get(algorithm)
  if (curve !== undefined) {
    if (key.asymmetricKeyType === 'ec' && namedCurve === curve) return null
    const kind = namedCurve === '' ? (key.asymmetricKeyType ?? 'unknown') : namedCurve
    return `is a key of the kind ${kind}, and ${algorithm} takes ${curve}`
  }
  if (key.asymmetricKeyType !== 'rsa') {
    return `is a key of the kind ${key.asymmetricKeyType}, and ${algorithm} takes rsa`
  }
  return modulusLength >= leastRsaBits
    ? null
    : `has ${modulusLength} bits, fewer than ${leastRsaBits}`
}
