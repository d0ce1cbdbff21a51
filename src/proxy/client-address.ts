/**
 * Whose address counts where the gateway stands behind proxies. `X-Forwarded-For` is believed only on
 * a connection that comes from a trusted proxy, and read from its end: each proxy puts there whom it
 * was reached by, so the first address that is no trusted proxy's is the client, and what stands
 * before it is the client's own word. RFC 7239 `Forwarded` and single-address headers are not read.
 */
import type { RawHeaders } from '../domain.js'
import { addressText, createAddressSet, type Network, parseAddress } from '../lib/cidr.js'
import { headerValues } from '../lib/headers.js'

export interface ClientAddresses {
  isTrusted(address: string): boolean
  /** For a connection that comes from a trusted proxy at `own`. null: what stands there is none. */
  read(rawHeaders: RawHeaders, own: string): string | null
}

/** null: nobody's word is taken. */
export function createClientAddresses(trusted: readonly Network[]): ClientAddresses | null {
  if (trusted.length === 0) return null
  const isTrusted = createAddressSet(trusted)
  return {
    isTrusted,
    read(rawHeaders, own) {
      const values = headerValues(rawHeaders, 'x-forwarded-for')
      if (values.length === 0) return own
      const hops = values.join(',').split(',')
      let client = own
      for (let index = hops.length - 1; index >= 0; index -= 1) {
        const bytes = parseAddress((hops[index] ?? '').replace(/^[ \t]+|[ \t]+$/g, ''))
        if (bytes === null) return null
        client = addressText(bytes)
        if (!isTrusted(client)) break
      }
      return client
    },
  }
}
