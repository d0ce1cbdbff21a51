/** What is allowed but probably not meant, one line each, for the log at start. */

import { isLoopback, isWildcard } from './address.js'
import { missingCommands } from './commands.js'
import type { Config } from './config.js'
import { formatConfigProblem } from './problem.js'

export function configWarnings(config: Config): string[] {
  const warnings: string[] = []
  if (!isAnybodyLetIn(config.identity)) {
    warnings.push(
      'nobody is let in by identity: every call will be answered 401; make an API key with mcp-guard keygen, or set jwt, oauth, clientCertificates or anonymous',
    )
  }
  const { host, publicUrl, allowedHosts } = config.listen
  if (isWildcard(host) && publicUrl === null && allowedHosts.length === 0) {
    warnings.push(
      'only localhost and the listening address are accepted in the Host header: to be reached from elsewhere, set listen.publicUrl or listen.allowedHosts',
    )
  }
  for (const upstream of config.upstreams) {
    const isSent = upstream.transport !== 'stdio' && upstream.credential !== null
    if (!isSent || !isPlain(upstream.url)) continue
    warnings.push(
      `the credential for the server ${upstream.name} goes over the network in plain http: whoever is on the way can use it`,
    )
  }
  return warnings
}

/** A file of keys may be empty yet, and filled while the gateway runs. */
function isAnybodyLetIn(identity: Config['identity']): boolean {
  const { apiKeys, apiKeyFile, jwt, oauth, clientCertificates, anonymous } = identity
  if (apiKeys.length > 0 || apiKeyFile !== null || anonymous) return true
  if (jwt.length > 0 || oauth !== null) return true
  if (clientCertificates === null) return false
  return clientCertificates.entries.length > 0 || clientCertificates.unlisted !== 'refuse'
}

/** Servers that cannot be started as things are, and are not needed. Looks at files. */
export function commandWarnings({ upstreams }: Config): string[] {
  return missingCommands(upstreams).map(
    (problem) => `a server cannot be started: ${formatConfigProblem(problem)}`,
  )
}

function isPlain(text: string): boolean {
  const { protocol, hostname } = new URL(text)
  return protocol === 'http:' && !isLoopback(hostname)
}
