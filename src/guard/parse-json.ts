/** One reading of JSON: for what callers send, for what is in their tokens, for what issuers say. */
import type { ParseJson } from '../identity/jwt/token.js'
import { parseStrict } from '../mcp/json.js'

export const parseJson: ParseJson = (bytes, limits) => {
  const parsed = parseStrict(bytes, limits)
  return parsed.ok ? parsed.value : undefined
}
