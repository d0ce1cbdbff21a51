/** What the listener for clients takes from its configuration: TLS, and whose word on addresses. */
import type { Config, ListenConfig, TlsConfig } from '../config/config.js'
import { readTlsFiles } from '../config/tls-files.js'
import { GuardError } from '../errors.js'
import { createCertificateVerifier } from '../identity/certificate/verifier.js'
import type { CertificateVerifier } from '../identity/verifiers.js'
import { createAddressSet, type Network, parseNetwork } from '../lib/cidr.js'
import { type ClientAddresses, createClientAddresses } from '../proxy/client-address.js'
import type { TlsMaterial, TlsOptions } from '../proxy/front/tls.js'

/** Throws GuardError GUARD_CONFIG_INVALID where the files cannot be used. */
export function readTls(tls: TlsConfig): TlsMaterial {
  const read = readTlsFiles(tls)
  if (read.ok) return read.files
  const lines = read.problems.map(({ pointer, problem, fix }) => `${pointer}: ${problem}; ${fix}`)
  throw new GuardError('GUARD_CONFIG_INVALID', lines.join('\n'))
}

export type Listener = Omit<ListenConfig, 'tls'> & {
  readonly tls: TlsOptions | null
  readonly clientAddresses: ClientAddresses | null
}

export function listenerOf(listen: ListenConfig): Listener {
  const { tls, trustedProxies } = listen
  const required = tls?.clientCertificateRequired === true
  return {
    ...listen,
    tls: tls === null ? null : { ...readTls(tls), clientCertificateRequired: required },
    clientAddresses: createClientAddresses(networks(trustedProxies)),
  }
}

/** null: no certificate can come. */
export function certificateVerifier({ listen, identity }: Config): CertificateVerifier | null {
  const { clientCertificates: clients } = identity
  if (clients === null && (listen.tls?.clientCaFile ?? null) === null) return null
  const isTrustedProxy = createAddressSet(networks(listen.trustedProxies))
  return createCertificateVerifier({ clients, format: clients?.format ?? null, isTrustedProxy })
}

function networks(texts: readonly string[]): Network[] {
  return texts.map((text) => {
    const network = parseNetwork(text)
    // A proxy less would be one that is not believed, and nobody would know why.
    if (network === null) throw new GuardError('GUARD_CONFIG_INVALID', `no network: ${text}`)
    return network
  })
}
