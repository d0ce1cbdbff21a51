/**
 * The MCP endpoint that a command speaks to: its URL and key as they are given, and what went wrong
 * on the way there in the words of whoever has to repair it.
 */
import { readFileText } from '../config/read-file.js'
import { describeThrown } from '../errors.js'
import { UsageError } from './terminal.js'

export function parseUrl(text: string, option = '--url'): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text
  throw new UsageError(`${option} takes an http or https URL`)
}

/** The server's name in the configuration, where the gateway's own path has it. */
export function serverIn(url: string): string {
  const [, name] = /\/mcp\/([A-Za-z0-9._-]{1,64})$/.exec(new URL(url).pathname) ?? []
  if (name !== undefined) return name
  throw new UsageError('say which server of the configuration this is: --server NAME')
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
