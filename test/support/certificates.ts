/**
 * Certificates as operators make them, by the openssl command: an authority, a server, clients good
 * and bad. P-256 keys, a day long, in a temporary folder.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  /** openssl's form: `/O=Example/CN=alice`. */
  readonly subject?: string
  /** One a line of an openssl `alt_names` section: `URI.1 = …`. */
  readonly names?: readonly string[]
  readonly usage?: 'clientAuth' | 'serverAuth'
  readonly ended?: boolean
}

export interface Authority extends Certificate {
  issue(name: string, options?: CertificateOptions): Certificate
}

export function makeAuthority(folder: string, name: string): Authority {
  mkdirSync(folder, { recursive: true })
  const at = (file: string) => join(folder, file)
  const own = filesOf(name)
  openssl(['req', '-x509', ...newKey(at(own.key)), '-out', at(own.cert), '-subj', `/CN=${name}`])

  function issue(client: string, options: CertificateOptions = {}): Certificate {
    const { subject = `/CN=${client}`, names = [], usage = 'clientAuth', ended = false } = options
    const { cert, key } = filesOf(`${name}-${client}`)
    const request = at(`${name}-${client}.csr`)
    const extensions = at(`${name}-${client}.cnf`)
    const alternative = names.length === 0 ? [] : ['subjectAltName = @alt_names']
    const lines = [`extendedKeyUsage = ${usage}`, ...alternative, '[alt_names]', ...names]
    writeFileSync(extensions, `${lines.join('\n')}\n`)
    openssl(['req', ...newKey(at(key)), '-utf8', '-out', request, '-subj', subject])
    const days = ended ? '-1' : '1'
    openssl(
      ['x509', '-req', '-in', request, '-CA', at(own.cert), '-CAkey', at(own.key)].concat([
        '-CAcreateserial',
        '-days',
        days,
        '-extfile',
        extensions,
        '-out',
        at(cert),
      ]),
    )
    return read(at(cert), at(key))
  }

  return { ...read(at(own.cert), at(own.key)), issue }
}

/** DER of what is in a PEM text. */
export function derOf({ cert }: Certificate): Buffer {
  return Buffer.from(cert.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
}

function filesOf(name: string): { cert: string; key: string } {
  return { cert: `${name}.pem`, key: `${name}.key` }
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file]
}

function read(certFile: string, keyFile: string): Certificate {
  const [cert, key] = [certFile, keyFile].map((file) => readFileSync(file, 'utf8'))
  return { certFile, keyFile, cert: cert ?? '', key: key ?? '' }
}

function openssl(args: readonly string[]): void {
  try {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : String(thrown)
    throw new Error(`these tests need the command openssl: ${problem}`)
  }
}
