/**
 * The functions of Rego that the gateway brings itself, by name. They compute what OPA's own do;
 * none reads a clock, a file, the network or anything else that is not an argument.
 */
import type { HostBuiltin } from './rego-value.js'

export const hostBuiltins: ReadonlyMap<string, HostBuiltin> = new Map([])
