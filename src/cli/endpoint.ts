/**
 * The MCP endpoint that a command speaks to: its URL and key as they are given, and what went wrong
 * on the way there in the words of whoever has to repair it.
 */
import { readFileText } from '../config/read-file.js'
import { describeThrown } from '../errors.js'
import { UsageError } from './terminal.js'

export function parseUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text
  throw new UsageError('--url takes an http or https URL')
}

export function readKey(path: string): string {
  const content = readFileText(path, 4096)
  if (!content.ok) throw new UsageError(`the key file ${path} ${content.problem}`)
  const key = content.text.trim()
  if (/^[\x21-\x7e]+$/.test(key)) return key
  throw new UsageError(`the key file ${path} does not hold one key`)
}

/** fetch hides what went wrong in its cause. */
export function describeNetworkFailure(
  thrown: unknown,
  { who, timeoutMs }: { who: string; timeoutMs: number },
): string {
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ECONNREFUSED') return `nothing listens there; is ${who} running?`
  if (thrown instanceof Error && thrown.name === 'TimeoutError') {
    return `no answer within ${timeoutMs / 1000} s`
  }
  return describeThrown(cause)
}
