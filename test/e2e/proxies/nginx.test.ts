/** A real nginx with mutual TLS in front of the gateway, configured as docs/proxies.md shows. */
import { test } from 'uvu'
import { testClientCertificates } from './client-certificates.js'

await testClientCertificates({
  kind: 'nginx',
  spoofed: ({ cert }) => [
    'X-SSL-Client-Verify',
    'SUCCESS',
    'X-SSL-Client-Cert',
    encodeURIComponent(cert),
  ],
  refusesEnded: true,
  lax: [['ssl_verify_client optional;', 'ssl_verify_client optional_no_ca;']],
})

test.run()
