/**
 * What a listening address or the host of a URL means, from its text alone: nothing is resolved, so
 * a name other than `localhost` counts as reachable from the network.
 */

import { isIPv4 } from 'node:net'

/** Takes IPv6 with or without brackets. */
export function isLoopback(host: string): boolean {
  const bare = bareHost(host)
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'))
}

/** Whether listening there means listening on every address of the machine. */
export function isWildcard(host: string): boolean {
  return bareHost(host) === '0.0.0.0' || bareHost(host) === '::'
}

/** Whether a listener on `listening` hears what is sent to `host`, as far as the texts tell. */
export function isHeardBy(listening: string, host: string): boolean {
  if (bareHost(listening) === bareHost(host)) return true
  return isLoopback(host) && (isLoopback(listening) || isWildcard(listening))
}

function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
}
