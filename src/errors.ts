/**
 * Errors mean "could not decide or deliver"; a denial is a value, never an error.
 * Each code has one HTTP status, one party at fault and one constant public text. What the caller
 * sees is chosen by the code alone; `message` and `cause` are for the operator's log.
 */

/** Who has to act: decides the log level. What a client did wrong is a refusal, not an error. */
export type Fault = 'operator' | 'upstream'

interface ErrorRow {
  readonly status: number
  readonly fault: Fault
  readonly publicMessage: string
}

/** The one table of error codes. Frozen by a pin: peers and dashboards match on these. */
export const errorTable = {
  GUARD_CONFIG_INVALID: { status: 500, fault: 'operator', publicMessage: 'internal error' },
  GUARD_POLICY_INVALID: { status: 503, fault: 'operator', publicMessage: 'no policy is active' },
  GUARD_POLICY_UNAVAILABLE: {
    status: 503,
    fault: 'operator',
    publicMessage: 'no policy is active',
  },
  GUARD_AUDIT_UNAVAILABLE: {
    status: 503,
    fault: 'operator',
    publicMessage: 'the request could not be recorded',
  },
  GUARD_IDENTITY_UNAVAILABLE: {
    status: 503,
    fault: 'operator',
    publicMessage: 'who is calling cannot be verified at the moment',
  },
  GUARD_STOPPING: { status: 503, fault: 'operator', publicMessage: 'the gateway is stopping' },
  GUARD_UPSTREAM_UNREACHABLE: {
    status: 502,
    fault: 'upstream',
    publicMessage: 'the server behind the gateway cannot be reached',
  },
  GUARD_UPSTREAM_INVALID: {
    status: 502,
    fault: 'upstream',
    publicMessage: 'the server behind the gateway gave an answer that cannot be passed on',
  },
  GUARD_UPSTREAM_BUSY: {
    status: 503,
    fault: 'upstream',
    publicMessage: 'the server behind the gateway is busy',
  },
  GUARD_UPSTREAM_TIMEOUT: {
    status: 504,
    fault: 'upstream',
    publicMessage: 'the server behind the gateway did not answer in time',
  },
  GUARD_INTERNAL: { status: 500, fault: 'operator', publicMessage: 'internal error' },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorTable

/** A failure with a stable code. `message`: lower case, no full stop, never a credential. */
export class GuardError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'GuardError'
    this.code = code
  }

  get status(): number {
    return errorTable[this.code].status
  }

  get fault(): Fault {
    return errorTable[this.code].fault
  }

  get publicMessage(): string {
    return errorTable[this.code].publicMessage
  }
}

/**
 * Wraps whatever was thrown (libraries throw strings and plain objects too) as a GuardError.
 * A GuardError passes through untouched.
 */
export function asGuardError(thrown: unknown, code: ErrorCode, message: string): GuardError {
  if (thrown instanceof GuardError) return thrown
  return new GuardError(code, `${message}: ${describeThrown(thrown)}`, { cause: thrown })
}

/** One line for the log from anything that can be thrown; cut at 500 characters. */
export function describeThrown(thrown: unknown): string {
  const text =
    thrown instanceof Error
      ? thrown.message
      : typeof thrown === 'string'
        ? thrown
        : (safeJson(thrown) ?? String(thrown))
  return text.length > 500 ? `${text.slice(0, 500)}…` : text
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
