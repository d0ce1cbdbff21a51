/** What `explain` takes from the configuration, when it is given one: the policy, keys and servers. */
import { resolve } from 'node:path'
import type { Config, PolicyConfig } from '../../config/config.js'
import { loadConfig } from '../../config/load.js'
import { formatConfigProblem } from '../../config/problem.js'
import type { PartialFacts } from '../../contracts.js'
import type { JsonObject } from '../../domain.js'
import { findWho } from '../can-who.js'
import { readLoadOptions } from '../options.js'
import { describesSubject } from '../subject.js'
import { printFailure, printNote, UsageError } from '../terminal.js'
import type { ExplainArguments } from './options.js'

export interface ExplainSetting {
  readonly policy: Pick<PolicyConfig, 'path' | 'budget' | 'verify'>
  /** What the configuration says of the caller, the server and the clocks; what was said counts more. */
  factsFor(said: JsonObject, given: ExplainArguments): JsonObject
}

const defaultBudget = 1_000_000
/** Who vouches for the owner of a key. */
const keyIssuer = 'mcp-guard'

/** null: the configuration has problems, and that has been said. Throws UsageError. */
export function readSetting(given: ExplainArguments): ExplainSetting | null {
  const { config: file, policy } = given
  if (file === undefined) {
    const path = resolve(policy ?? 'policies')
    return { policy: { path, budget: defaultBudget, verify: null }, factsFor: () => ({}) }
  }
  const loaded = loadConfig(readLoadOptions({ config: file, policy }))
  if (!loaded.ok) {
    for (const problem of loaded.problems) printFailure(formatConfigProblem(problem))
    return null
  }
  const { config } = loaded
  if (/^https?:/.test(config.policy.path)) {
    throw new UsageError('the policy is fetched from a URL: name a copy of it with --policy')
  }
  return {
    policy: config.policy,
    factsFor: (said, options) => ({
      subject: subjectFacts(config, said, options),
      resource: resourceFacts(config, said),
      context: { zones: Object.fromEntries(config.policy.timeZones.map((name) => [name, {}])) },
    }),
  }
}

/** The owner of a key has what the configuration says of it now. */
function subjectFacts(config: Config, said: JsonObject, given: ExplainArguments): JsonObject {
  const { subject } = said as PartialFacts
  const { id, issuer = keyIssuer } = subject ?? {}
  if (id === undefined || issuer !== keyIssuer || describesSubject(given)) return {}
  const isAsked = given.as !== undefined
  // In a file or an event the caller may be anybody; who is named with --as is meant to be known.
  const isKey = config.identity.apiKeys.some((key) => key.id === id)
  if (!isKey && !isAsked && config.identity.apiKeyFile === null) return {}
  try {
    const { identity, notes } = findWho(id, {}, config.identity, Date.now(), '--facts')
    for (const note of notes) printNote(note)
    return identity === null ? {} : { ...identity.subject }
  } catch (thrown) {
    if (isAsked || !(thrown instanceof UsageError)) throw thrown
    return {}
  }
}

/** The only server there is need not be named. */
function resourceFacts({ upstreams }: Config, said: JsonObject): JsonObject {
  const { resource } = said as PartialFacts
  const [only] = upstreams
  const name = resource?.server ?? (upstreams.length === 1 ? only?.name : undefined)
  if (name === undefined) return {}
  const upstream = upstreams.find((one) => one.name === name)
  if (upstream === undefined) {
    printNote(`the configuration has no server ${name}: it has no labels here`)
    return {}
  }
  return { server: name, labels: { ...upstream.labels } }
}
