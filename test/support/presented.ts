import type { Presented, RawHeaders } from '../../src/domain.js'

/** These headers over a connection that proves nothing. */
export function presented(headers: RawHeaders, more: Partial<Presented> = {}): Presented {
  const address = '127.0.0.1'
  return { headers, address, connection: { address, certificate: null }, server: 'x', ...more }
}
