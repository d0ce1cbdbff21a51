/**
 * Where the policy comes from and where its revisions are kept. A URL is told from a path by its
 * scheme alone. The folder of a policy is named by that place, so that gateways with one policy find
 * each other's revisions and others do not.
 */
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { CompleteConfigFile } from './complete.js'
import type { PolicyConfig } from './config.js'
import { durationMs } from './times.js'

export interface Folders {
  /** What the policy's path is relative to; every other one is to `audit`. */
  readonly policy: string
  readonly audit: string
  /** Where programs keep what is to survive them. */
  readonly state: string
}

type Place = Pick<PolicyConfig, 'path' | 'verify' | 'poll' | 'state'>

export function normalisePolicyPlace(
  { path: text, verify, poll, state }: CompleteConfigFile['policy'],
  folders: Folders,
): Place {
  const path = absolutePolicyPath(folders.policy, text)
  const { token, tokenFile, privateAddresses } = poll
  return {
    path,
    verify: verify === null ? null : { ...verify },
    poll: {
      intervalMs: durationMs(poll.interval),
      longPollMs: durationMs(poll.longPoll),
      token,
      tokenFile: tokenFile === null ? null : resolve(folders.audit, tokenFile),
      privateAddresses,
    },
    state: stateFolder(state === null ? folders.state : resolve(folders.audit, state), path),
  }
}

/** The part of `parent` that belongs to the policy of that place. */
export function stateFolder(parent: string, path: string): string {
  return join(parent, createHash('sha256').update(path).digest('hex').slice(0, 32))
}

export function absolutePolicyPath(folder: string, text: string): string {
  return isUrl(text) ? new URL(text).href : resolve(folder, text)
}

/** `$XDG_STATE_HOME/mcp-guard`, or `~/.local/state/mcp-guard`; the variable is the caller's to read. */
export function defaultStateFolder(xdgStateHome: string | undefined): string {
  const set = xdgStateHome !== undefined && isAbsolute(xdgStateHome)
  return join(set ? xdgStateHome : join(homedir(), '.local', 'state'), 'mcp-guard')
}

export function isUrl(text: string): boolean {
  return /^[a-z][0-9a-z+.-]+:\/\//i.test(text)
}
