/**
 * The step that asks who is calling. Whatever goes wrong in there, nobody is let in by it: a fault
 * says that the caller could not be verified at the moment.
 */
import type { Identification, Server } from '../domain.js'
import { asGuardError } from '../errors.js'
import type { Inbound } from './inbound.js'
import type { Steps } from './steps.js'

/** Throws GuardError GUARD_IDENTITY_UNAVAILABLE. */
export async function identify(
  { rawHeaders, ip, connection }: Inbound,
  server: Server,
  steps: Pick<Steps, 'identify' | 'clock'>,
): Promise<Identification> {
  const presented = { headers: rawHeaders, address: ip, connection, server: server.name }
  try {
    const identified = await steps.identify(presented, steps.clock.nowMs())
    if (typeof identified.ok !== 'boolean') throw new TypeError('it is not told who is calling')
    return identified
  } catch (thrown) {
    throw asGuardError(thrown, 'GUARD_IDENTITY_UNAVAILABLE', 'nobody was identified')
  }
}
