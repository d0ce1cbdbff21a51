/** A certificate of the gateway's own that no client will accept now, for the log at start. */
import { X509Certificate } from 'node:crypto'
import type { Config } from './config.js'
import { readTlsFiles } from './tls-files.js'

/** Looks at files; those that cannot be used are told elsewhere. */
export function certificateWarnings({ listen: { tls } }: Config, nowMs: number): string[] {
  const read = tls === null ? null : readTlsFiles(tls)
  if (read === null || !read.ok) return []
  const { validFrom, validTo } = new X509Certificate(read.files.cert)
  const state =
    nowMs >= Date.parse(validTo)
      ? `ended on ${dayOf(validTo)}`
      : nowMs < Date.parse(validFrom)
        ? `is not valid before ${dayOf(validFrom)}`
        : null
  if (state === null) return []
  return [
    `the certificate of listen.tls.cert ${state}: clients will not connect; renew it, and kill -HUP reads it again`,
  ]
}

function dayOf(text: string): string {
  return new Date(text).toISOString().slice(0, 10)
}
