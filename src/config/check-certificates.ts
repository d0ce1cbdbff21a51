/**
 * What the schema cannot say of client certificates and trusted proxies: that networks are networks,
 * that a certificate can arrive at all, and that no two entries name the same one.
 */
import { parseNetwork } from '../lib/cidr.js'
import { certificateNames } from './certificates.js'
import { type ConfigProblem, quoted } from './problem.js'
import { repeated } from './repeated.js'
import { listAt, textAt, valueAt } from './view.js'
import type { YamlMap, YamlValue } from './yaml.js'

export function checkCertificates(document: YamlMap): ConfigProblem[] {
  return [
    ...listAt(document, 'listen', 'trustedProxies').flatMap(checkNetwork),
    ...checkTls(document),
    ...checkSource(document),
    ...checkEntries(listAt(document, 'identity', 'clientCertificates', 'entries')),
  ]
}

function checkNetwork(network: YamlValue, index: number): ConfigProblem[] {
  if (typeof network !== 'string') return []
  const pointer = `/listen/trustedProxies/${index}`
  const parsed = parseNetwork(network)
  if (parsed === null) {
    const problem = `${quoted(network)} is not an address or network`
    const fix = 'write an address such as 10.0.0.7, or a network such as 10.0.0.0/8 or fd00::/8'
    return [{ pointer, problem, fix }]
  }
  if (parsed.prefix > 0) return []
  const fix = 'name the addresses of the proxies'
  return [{ pointer, problem: `${quoted(network)} would trust everybody`, fix }]
}

function checkTls(document: YamlMap): ConfigProblem[] {
  const isRequired = textAt(document, 'listen', 'tls', 'clientCertificate') === 'required'
  if (!isRequired || textAt(document, 'listen', 'tls', 'clientCa') !== undefined) return []
  return [
    {
      pointer: '/listen/tls/clientCertificate',
      problem: 'requires certificates that nobody can verify',
      fix: 'set listen.tls.clientCa to the file of their issuers, or remove it',
    },
  ]
}

/** Certificates come by TLS of our own or by a proxy's headers. */
function checkSource(document: YamlMap): ConfigProblem[] {
  if ((valueAt(document, 'identity', 'clientCertificates') ?? null) === null) return []
  const format = textAt(document, 'identity', 'clientCertificates', 'format')
  const hasProxies = listAt(document, 'listen', 'trustedProxies').length > 0
  if (format !== undefined && !hasProxies) {
    return [
      {
        pointer: '/identity/clientCertificates/format',
        problem: 'names headers of proxies, and there is no trusted proxy',
        fix: 'list the addresses of the proxies in listen.trustedProxies',
      },
    ]
  }
  const hasCa = textAt(document, 'listen', 'tls', 'clientCa') !== undefined
  if (format !== undefined || hasCa) return []
  return [
    {
      pointer: '/identity/clientCertificates',
      problem: 'waits for certificates that cannot arrive',
      fix: 'set listen.tls.clientCa, or format and listen.trustedProxies',
    },
  ]
}

function checkEntries(entries: readonly YamlValue[]): ConfigProblem[] {
  const pointer = '/identity/clientCertificates/entries'
  const mistaken = entries.flatMap((entry, index) => {
    const given = certificateNames.filter((name) => textAt(entry, name) !== undefined)
    if (given.length === 1) return []
    const problem = given.length === 0 ? 'names no certificate' : `has ${given.join(' and ')}`
    const fix = `give it exactly one of ${certificateNames.join(', ')}`
    return [{ pointer: `${pointer}/${index}`, problem, fix }]
  })
  const doubled = certificateNames.flatMap((name) =>
    repeated(entries, pointer, name, 'one certificate can stand for one principal only'),
  )
  return [...mistaken, ...doubled]
}
