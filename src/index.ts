/** The public API, by name. Nothing else is public. */
export type { Config } from './config/config.js'
export { type LoadOptions, loadConfig } from './config/load.js'
export { type ConfigProblem, formatConfigProblem } from './config/problem.js'
export type { AuditEvent, Observer, PolicyEvent } from './domain.js'
export { type ErrorCode, errorTable, GuardError } from './errors.js'
export { createGuard, type Guard } from './guard.js'
