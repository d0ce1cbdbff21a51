import type { Presented, RawHeaders } from '../../src/domain.js'

/** These headers over a connection that proves nothing. */
export function presented(headers: RawHeaders, more: Partial<Presented> = {}): Presented {
  return { headers, connection: { address: '127.0.0.1', certificate: null }, server: 'x', ...more }
}
