/** Client certificates and the listener's TLS as the rooms get them. Decides nothing. */
import { resolve } from 'node:path'
import type { CompleteConfigFile } from './complete.js'
import type { CertificateEntryConfig, ClientCertificatesConfig, TlsConfig } from './config.js'

type ClientCertificates = NonNullable<CompleteConfigFile['identity']['clientCertificates']>
type Tls = NonNullable<CompleteConfigFile['listen']['tls']>

export const certificateNames = ['uri', 'dns', 'email', 'subject', 'thumbprint'] as const

/** `folder`: what the files are relative to. */
export function normaliseTls(tls: Tls | null, folder: string): TlsConfig | null {
  if (tls === null) return null
  return {
    certFile: resolve(folder, tls.cert),
    keyFile: resolve(folder, tls.key),
    clientCaFile: tls.clientCa === null ? null : resolve(folder, tls.clientCa),
    clientCertificateRequired: tls.clientCertificate === 'required',
  }
}

export function normaliseClientCertificates(
  clients: ClientCertificates | null,
): ClientCertificatesConfig | null {
  if (clients === null) return null
  const { format, entries, unlisted } = clients
  return { format, entries: entries.map(normaliseEntry), unlisted }
}

function normaliseEntry(entry: ClientCertificates['entries'][number]): CertificateEntryConfig {
  const { id, kind, roles, groups, scopes, tenant } = entry
  const name = certificateNames.find((one) => entry[one] !== null)
  const text = name === undefined ? null : entry[name]
  if (name === undefined || text === null) {
    throw new TypeError('an entry that names no certificate reached the configuration')
  }
  const match = { name, text }
  return { match, id, kind, roles: [...roles], groups: [...groups], scopes: [...scopes], tenant }
}
