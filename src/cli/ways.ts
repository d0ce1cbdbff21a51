/** Which ways there are to be identified, as a short text for whoever starts or checks a gateway. */
import { relative } from 'node:path'
import type { IdentityConfig } from '../config/config.js'
import { isUrl } from '../config/policy-place.js'

/** `fileKeys`: how many keys the file of `apiKeyFile` has now. */
export function describeWays(identity: IdentityConfig, fileKeys: number): string {
  const { apiKeys, apiKeyFile, jwt, oauth, clientCertificates, anonymous } = identity
  const ways = [
    counted('API keys', apiKeys.length + fileKeys, ofFile(apiKeyFile, fileKeys)),
    counted('JWT issuers', jwt.length),
    counted('OAuth servers', oauth?.authorizationServers.length ?? 0),
    counted('client certificates', clientCertificates?.entries.length ?? 0),
    ...(clientCertificates === null || clientCertificates.unlisted === 'refuse'
      ? []
      : [`unlisted client certificates by ${clientCertificates.unlisted}`]),
    ...(anonymous ? ['anyone without a credential'] : []),
  ].filter((way) => way !== null)
  return ways.length === 0 ? 'nobody is let in' : ways.join(', ')
}

/** Null: there are none, and no place where some could come from. */
function counted(what: string, count: number, more: string | null = null): string | null {
  if (more !== null) return `${what} ${count} (${more})`
  return count === 0 ? null : `${what} ${count}`
}

function ofFile(path: string | null, count: number): string | null {
  return path === null ? null : `${count} from ${shortPath(path)}`
}

/** As it would be typed in this folder, where that is shorter. A URL stays as it is. */
export function shortPath(path: string): string {
  if (isUrl(path)) return path
  const near = relative(process.cwd(), path)
  return near === '' || near.startsWith('..') ? path : near
}
