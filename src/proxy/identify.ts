/**
 * The step that asks who is calling. Whatever goes wrong in there, nobody is let in by it: a fault
 * says that the caller could not be verified at the moment.
 */
import type { Identification, Server } from '../domain.js'
import { asGuardError, GuardError } from '../errors.js'
import type { Inbound } from './inbound.js'
import type { Steps } from './steps.js'

/** Throws or rejects with GuardError GUARD_IDENTITY_UNAVAILABLE. */
export function identify(
  { rawHeaders, ip, connection }: Inbound,
  server: Server,
  steps: Pick<Steps, 'identify' | 'clock'>,
): Identification | Promise<Identification> {
  const presented = { headers: rawHeaders, address: ip, connection, server: server.name }
  try {
    const identifying = steps.identify(presented, steps.clock.nowMs())
    if (!(identifying instanceof Promise)) return checked(identifying)
    return identifying.then(checked).catch(unidentified)
  } catch (thrown) {
    return unidentified(thrown)
  }
}

/** What is no answer lets nobody in. */
function checked(identified: Identification): Identification {
  if (identified.ok === false && typeof identified.reason === 'string') return identified
  if (identified.ok === true && typeof identified.identity.binding === 'string') return identified
  throw new TypeError('it is not told who is calling')
}

/** Whatever it was, what it means for the caller is this. */
function unidentified(thrown: unknown): never {
  const code = 'GUARD_IDENTITY_UNAVAILABLE'
  const error = asGuardError(thrown, code, 'nobody was identified')
  throw error.code === code ? error : new GuardError(code, error.message, { cause: error })
}
