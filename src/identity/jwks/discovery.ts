/**
 * From an issuer's name to the address of its keys: OpenID Connect Discovery 1.0 §4, and where that
 * is not there RFC 8414 §3. The document must name exactly this issuer (mix-up). An address in it
 * may be on another host, but not on this machine because a service of the network says so.
 */
import type { Json, JsonObject } from '../../domain.js'
import { asGuardError, GuardError } from '../../errors.js'
import type { Fetcher, FetchRules } from '../../fetcher/fetcher.js'
import { readServiceUrl } from '../../lib/service-url.js'

/** Address of the JWK set. Rejects with GuardError GUARD_IDENTITY_UNAVAILABLE. */
export async function discoverKeys(
  issuer: string,
  fetcher: Pick<Fetcher, 'getJson'>,
  rules: FetchRules,
): Promise<string> {
  const own = readServiceUrl(issuer)
  if (!own.ok) throw unusable(issuer, `${own.problem}; ${own.fix}`)
  const metadata = await fetchMetadata(own.url, fetcher, rules)
  if (metadata['issuer'] !== issuer) {
    throw unusable(issuer, 'says that it is another issuer; write `issuer` exactly as it does')
  }
  const uri = metadata['jwks_uri']
  if (typeof uri !== 'string') throw unusable(issuer, 'names no jwks_uri; configure `jwks` instead')
  const address = readServiceUrl(uri)
  if (!address.ok) throw unusable(issuer, `names a jwks_uri that ${address.problem}`)
  if (address.loopback && !own.loopback && !rules.privateAddresses) {
    throw unusable(issuer, 'names a jwks_uri on this machine; configure `jwks` instead')
  }
  return uri
}

async function fetchMetadata(
  { origin, pathname }: URL,
  fetcher: Pick<Fetcher, 'getJson'>,
  rules: FetchRules,
): Promise<JsonObject> {
  const path = pathname.replace(/\/$/, '')
  const places = [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
  const problems: string[] = []
  for (const place of places) {
    try {
      const metadata = await fetcher.getJson(place, rules)
      if (isObject(metadata)) return metadata
      problems.push('answers with JSON that is no metadata')
    } catch (thrown) {
      problems.push(asGuardError(thrown, 'GUARD_IDENTITY_UNAVAILABLE', origin).message)
    }
  }
  const [first = '', second = ''] = problems
  throw unusable(origin, `has no metadata: ${first}${second === first ? '' : `; ${second}`}`)
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unusable(issuer: string, problem: string): GuardError {
  return new GuardError('GUARD_IDENTITY_UNAVAILABLE', `${issuer} ${problem}`)
}
