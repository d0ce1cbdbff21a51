/** What `can` asks about: the policy and the servers, of a configuration or of options alone. */
import { resolve } from 'node:path'
import type { Config, IdentityConfig, LimitConfig, UpstreamConfig } from '../config/config.js'
import { parseInstant } from '../config/instant.js'
import { loadConfig } from '../config/load.js'
import { formatConfigProblem } from '../config/problem.js'
import { readFileText } from '../config/read-file.js'
import type { Server } from '../domain.js'
import { type LiveLists, listsIn } from './live-lists.js'
import { readLoadOptions } from './options.js'
import { printFailure, UsageError } from './terminal.js'

export interface CanArguments {
  readonly who?: string | undefined
  readonly item?: string | undefined
  readonly argument?: readonly string[] | undefined
  readonly config?: string | undefined
  readonly policy?: string | undefined
  readonly upstream?: readonly string[] | undefined
  readonly server?: string | undefined
  readonly subject?: string | undefined
  readonly role?: readonly string[] | undefined
  readonly group?: readonly string[] | undefined
  readonly scope?: readonly string[] | undefined
  readonly tenant?: string | undefined
  readonly issuer?: string | undefined
  readonly items?: string | undefined
  readonly prompts?: boolean | undefined
  readonly resources?: boolean | undefined
  readonly arguments?: string | undefined
  readonly time?: string | undefined
  readonly ip?: string | undefined
  readonly json?: boolean | undefined
}

export interface Setting {
  readonly policy: Pick<Config['policy'], 'path' | 'budget' | 'timeZones' | 'verify'>
  /** null: nobody is configured. */
  readonly identity: IdentityConfig | null
  readonly defaultLimits: readonly LimitConfig[]
  readonly servers: readonly Place[]
}

export interface Place {
  readonly server: Server
  /** null: its lists are given. */
  readonly upstream: UpstreamConfig | null
  readonly lists: LiveLists | null
}

const maxItemsBytes = 64 * 1024 * 1024
const defaultBudget = 1_000_000

/** null: the configuration has problems, and that has been said. Throws UsageError. */
export function readSetting(given: CanArguments): Setting | null {
  const { config: file, upstream, items } = given
  const lists = items === undefined ? null : readItems(items)
  if (file === undefined && upstream === undefined) {
    if (lists === null || given.server === undefined) {
      throw new UsageError(
        'name the servers: --config FILE, --upstream NAME=URL, or --items FILE with --server NAME',
      )
    }
    const path = resolve(given.policy ?? 'policies')
    const server = { name: given.server, labels: {} }
    return {
      policy: { path, budget: defaultBudget, timeZones: [], verify: null },
      identity: null,
      defaultLimits: [],
      servers: [{ server, upstream: null, lists }],
    }
  }
  const { config, policy } = given
  const loaded = loadConfig(readLoadOptions({ config, policy, upstream }))
  if (!loaded.ok) {
    for (const problem of loaded.problems) printFailure(formatConfigProblem(problem))
    return null
  }
  const { policy: policyConfig, identity, limits, upstreams } = loaded.config
  if (/^https?:/.test(policyConfig.path)) {
    throw new UsageError('the policy is fetched from a URL: name a copy of it with --policy')
  }
  const asked = chosen(upstreams, given.server)
  if (lists !== null && asked.length !== 1) {
    throw new UsageError('--items is what one server offers: say which with --server NAME')
  }
  return {
    policy: policyConfig,
    identity,
    defaultLimits: limits.default,
    servers: asked.map((one) => ({
      server: { name: one.name, labels: one.labels },
      upstream: lists === null ? one : null,
      lists,
    })),
  }
}

function chosen(upstreams: readonly UpstreamConfig[], name: string | undefined) {
  if (name === undefined) return upstreams
  const found = upstreams.filter((one) => one.name === name)
  if (found.length > 0) return found
  const names = upstreams.map((one) => one.name).join(', ')
  throw new UsageError(`there is no upstream ${name}: --server takes one of ${names}`)
}

function readItems(file: string): LiveLists {
  const read = readFileText(file, maxItemsBytes)
  if (!read.ok) throw new UsageError(`the file ${file} ${read.problem}`)
  const lists = listsIn(Buffer.from(read.text))
  if (lists !== null) return lists
  throw new UsageError(
    `the file ${file} holds no list that every reader reads alike, such as {"tools": [{"name": "echo"}]}`,
  )
}

/** Throws UsageError. */
export function readTime(text: string | undefined): number {
  const nowMs = text === undefined ? Date.now() : parseInstant(text)
  if (nowMs !== null) return nowMs
  throw new UsageError('--time takes a moment with its zone, such as 2026-11-22T20:00:00Z')
}
