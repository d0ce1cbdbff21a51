/** A real HAProxy with mutual TLS in front of the gateway, configured as docs/proxies.md shows. */
import { test } from 'uvu'
import { derOf } from '../../support/certificates.js'
import { testClientCertificates } from './client-certificates.js'

await testClientCertificates({
  kind: 'haproxy',
  spoofed: (certificate) => [
    'X-SSL-Client-Used',
    '1',
    'X-SSL-Client-Verify',
    '0',
    'X-SSL-Client-Cert',
    derOf(certificate).toString('base64'),
  ],
  refusesEnded: false,
  lax: [['verify optional', 'verify optional crt-ignore-err all ca-ignore-err all']],
})

test.run()
