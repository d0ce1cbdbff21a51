/**
 * The files of the listener's TLS: read whole, the private key closed to others, all of it something
 * that TLS can be spoken with. Called when the configuration is loaded and again whenever the files
 * may have been replaced.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { TlsConfig } from './config.js'
import { type ConfigProblem, quoted } from './problem.js'
import { readFileText } from './read-file.js'
import { exposedProblem } from './secrets.js'

export interface TlsFiles {
  readonly cert: string
  readonly key: string
  readonly clientCa: string | null
}

export type ReadTlsFiles =
  | { readonly ok: true; readonly files: TlsFiles }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

const maxBytes = 1024 * 1024

export function readTlsFiles(tls: TlsConfig): ReadTlsFiles {
  const problems: ConfigProblem[] = []
  const cert = readPemFile(tls.certFile, '/listen/tls/cert', problems)
  const key = readPemFile(tls.keyFile, '/listen/tls/key', problems, { isSecret: true })
  const { clientCaFile } = tls
  const clientCa =
    clientCaFile === null ? null : readPemFile(clientCaFile, '/listen/tls/clientCa', problems)
  if (cert === undefined || key === undefined || clientCa === undefined) {
    return { ok: false, problems }
  }
  const files = { cert, key, clientCa }
  problems.push(...unusable(files))
  return problems.length === 0 ? { ok: true, files } : { ok: false, problems }
}

function readPemFile(
  path: string,
  pointer: string,
  problems: ConfigProblem[],
  { isSecret = false } = {},
): string | undefined {
  const content = readFileText(path, maxBytes)
  if (!content.ok) {
    const problem = `the file ${quoted(path)} ${content.problem}`
    problems.push({ pointer, problem, fix: 'name a readable PEM file' })
    return undefined
  }
  if (isSecret && content.exposedMode !== null) {
    problems.push({ pointer, ...exposedProblem(path, content.exposedMode) })
    return undefined
  }
  return content.text
}

/** Texts of what went wrong in there are not passed on: they may quote the key. */
function unusable({ cert, key, clientCa }: TlsFiles): ConfigProblem[] {
  const certificate = attempt(() => new X509Certificate(cert))
  if (certificate === undefined) return [notPem('/listen/tls/cert', 'certificate')]
  const privateKey = attempt(() => createPrivateKey(key))
  if (privateKey === undefined) return [notPem('/listen/tls/key', 'private key without a password')]
  if (attempt(() => certificate.checkPrivateKey(privateKey)) !== true) {
    const problem = 'is not the key of the certificate in listen.tls.cert'
    return [{ pointer: '/listen/tls/key', problem, fix: 'name the two files of one pair' }]
  }
  if (clientCa !== null && attempt(() => new X509Certificate(clientCa)) === undefined) {
    return [notPem('/listen/tls/clientCa', 'certificate')]
  }
  const ca = clientCa === null ? {} : { ca: clientCa }
  if (attempt(() => createSecureContext({ cert, key, ...ca })) !== undefined) return []
  const fix = 'check the certificate, its chain and the key'
  return [{ pointer: '/listen/tls/cert', problem: 'cannot be used for TLS', fix }]
}

function notPem(pointer: string, what: string): ConfigProblem {
  return { pointer, problem: `holds no ${what} in PEM`, fix: `name a PEM file with a ${what}` }
}

function attempt<Value>(make: () => Value): Value | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
