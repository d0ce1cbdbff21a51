/**
 * What went wrong with a service, in words for the operator, with what to do. Never anything that
 * was sent, and of what was answered only texts from a closed list: services repeat credentials.
 */
import { describeThrown } from '../errors.js'
import { AddressRefused } from './guarded-lookup.js'
import { Unusable } from './transfer.js'

/** RFC 6749 5.2 and RFC 8707 2. */
const oauthErrors = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
])

const networkProblems: ReadonlyMap<string, readonly [problem: string, fix: string]> = new Map([
  ['ENOTFOUND', ['has a name that is not known', 'see whether the address is right, and DNS']],
  ['EAI_AGAIN', ['has a name that cannot be resolved now', 'see whether DNS works']],
  ['ECONNREFUSED', ['refuses connections', 'see whether it is up']],
  ['ECONNRESET', ['broke off', 'see its log']],
  ['UND_ERR_SOCKET', ['broke off', 'see its log']],
  ['UND_ERR_CONNECT_TIMEOUT', ['cannot be connected to in time', 'see whether it is reachable']],
])

/** Of an answer with another status than 200. */
export function describeAnswer(status: number, body: Uint8Array): Unusable {
  if (status >= 300 && status < 400) {
    const fix = 'redirects are not followed; configure the address it leads to'
    return new Unusable(`redirects (${status})`, fix)
  }
  const error = oauthError(body)
  const problem = error === null ? `answers ${status}` : `answers ${status} (${error})`
  const fix = status >= 500 ? 'see its log' : 'see whether address and credentials are right'
  return new Unusable(problem, fix)
}

function oauthError(body: Uint8Array): string | null {
  try {
    const { error } = JSON.parse(Buffer.from(body).toString()) as { error?: unknown }
    return typeof error === 'string' && oauthErrors.has(error) ? error : null
  } catch {
    return null
  }
}

/** `problem; fix` */
export function describeFailure(thrown: unknown): string {
  if (thrown instanceof Unusable) return `${thrown.message}; ${thrown.fix}`
  if (thrown instanceof AddressRefused) {
    const fix =
      thrown.kind === 'unfit' || thrown.kind === 'public'
        ? 'see what its name leads to'
        : 'set privateAddresses: true if that is where it is meant to be'
    return `is not asked: ${thrown.message}; ${fix}`
  }
  const code = codeOf(thrown)
  const known = networkProblems.get(code)
  if (known !== undefined) return known.join('; ')
  if (/CERT|SSL|TLS|ISSUER|SIGNATURE/.test(code)) {
    const fix = 'if its authority is your own, name it in NODE_EXTRA_CA_CERTS'
    return `has a certificate that is not accepted (${code}); ${fix}`
  }
  return `cannot be asked (${describeThrown(thrown)}); see whether it is up and reachable`
}

function codeOf(thrown: unknown): string {
  const { code } = (thrown ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : ''
}
