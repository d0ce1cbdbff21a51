/** What is allowed but probably not meant, one line each, for the log at start. */

import type { Config } from './config.js'

export function configWarnings(config: Config): string[] {
  const warnings: string[] = []
  const { apiKeys, anonymous } = config.identity
  if (apiKeys.length === 0 && !anonymous) {
    warnings.push(
      'no API key is configured: every call will be answered 401; make one with mcp-guard keygen',
    )
  }
  return warnings
}
