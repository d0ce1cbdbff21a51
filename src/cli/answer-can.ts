/** What `can` does: who it is, what the servers offer, what the policy says to it. */
import { loadKeyFile } from '../config/key-file.js'
import { formatConfigProblem } from '../config/problem.js'
import type { CompiledBundle, Identity, ListKind, Observer } from '../domain.js'
import { GuardError } from '../errors.js'
import type { AskAs } from '../policy/workbench.js'
import { openAskAs } from '../policy/workbench.js'
import { defaultCacheDir } from '../rego/cache.js'
import { compileSource, formatProblem } from '../rego/compile-policy.js'
import { readReasonTitles } from '../rego/reasons.js'
import { type PolicySource, readSources } from '../rego/sources.js'
import { parseCallArguments } from './call-arguments.js'
import { answerItem, type ItemAnswer, type ItemQuestion } from './can-item.js'
import { type Caller, type ServerView, viewServer } from './can-items.js'
import { reportItems, reportServers } from './can-report.js'
import {
  type CanArguments,
  type Place,
  readSetting,
  readTime,
  type Setting,
} from './can-setting.js'
import { findWho } from './can-who.js'
import { allKinds, type LiveLists } from './live-lists.js'
import { readUpstream } from './live-server.js'
import { exitCodes, printFailure, printNote, UsageError } from './terminal.js'

const noTitles: ReadonlyMap<string, string> = new Map()

interface Policy {
  readonly askAs: AskAs
  readonly source: PolicySource
}

/** Returns the exit code. */
export async function can(words: CanArguments): Promise<number> {
  const given = words.subject === undefined ? words : shifted(words)
  const question = readQuestion(given)
  const nowMs = readTime(given.time)
  const setting = readSetting(given)
  if (setting === null || !hasReadableKeys(setting)) return exitCodes.failed
  const who = findWho(given.who, given, setting.identity, nowMs)
  for (const note of who.notes) printNote(note)
  if (who.identity === null) {
    printFailure(`${who.id} is not let in, and so may do nothing`)
    return exitCodes.failed
  }
  const policy = await openPolicy(setting)
  if (policy === null) return exitCodes.failed
  const caller = callerOf(who.identity, nowMs, given.ip ?? '')
  const report = { who: who.id, json: given.json === true, defaultLimits: setting.defaultLimits }
  const [asked, titles] = await Promise.all([
    askServers(setting.servers),
    question === null ? noTitles : readReasonTitles(policy.source),
  ])
  const answered = asked.every(({ lists }) => lists !== null)
  if (question !== null) {
    const answers = await answerEach(policy, caller, asked, question)
    reportItems(answers, titles, report)
    const isYes = answers.every(({ decision }) => decision.allow)
    return isYes && answered ? exitCodes.ok : exitCodes.failed
  }
  const views: ServerView[] = []
  for (const { place, lists } of asked) {
    if (lists !== null) views.push(await viewServer(policy.askAs, caller, place.server, lists))
  }
  reportServers(views, report)
  return answered ? exitCodes.ok : exitCodes.failed
}

/** With --subject the file says who, and the first word is the item. */
function shifted(words: CanArguments): CanArguments {
  const { who, item, argument = [] } = words
  return {
    ...words,
    who: undefined,
    item: who,
    argument: item === undefined ? [] : [item, ...argument],
  }
}

/** null: everything is asked about. */
function readQuestion(given: CanArguments): ItemQuestion | null {
  const { item: name, argument = [], arguments: whole } = given
  const kind: ListKind = given.prompts ? 'prompts' : given.resources ? 'resources' : 'tools'
  if (name === undefined) {
    if (argument.length > 0 || whole !== undefined || kind !== 'tools') {
      throw new UsageError('say of which item: a tool, --prompts NAME or --resources URI')
    }
    return null
  }
  const bare = argument.length === 0 && whole === undefined
  if (kind === 'resources' && !bare) throw new UsageError('a resource takes no arguments')
  return { kind, name, given: parseCallArguments(argument, whole) }
}

function hasReadableKeys({ identity }: Setting): boolean {
  if (identity === null || identity.apiKeyFile === null) return true
  const loaded = loadKeyFile(identity.apiKeyFile, identity.apiKeys)
  if (loaded.ok) return true
  for (const problem of loaded.problems) printFailure(formatConfigProblem(problem))
  return false
}

/** null: it cannot be used, and that has been said. */
async function openPolicy({ policy }: Setting): Promise<Policy | null> {
  const found = await readSources(policy.path)
  const cacheDir = defaultCacheDir(process.env['XDG_CACHE_HOME'])
  const compiled = found.ok
    ? await compileSource(found.source, { cacheDir, verify: policy.verify })
    : found
  if (!found.ok || !compiled.ok) {
    const problems = compiled.ok ? [] : compiled.problems
    for (const problem of problems) printFailure(formatProblem(problem))
    return null
  }
  const askAs = await activate(compiled.bundle, policy)
  return askAs === null ? null : { askAs, source: found.source }
}

async function activate(bundle: CompiledBundle, policy: Setting['policy']): Promise<AskAs | null> {
  const { budget, timeZones } = policy
  const observer: Observer = {
    policy(event) {
      if (event.type === 'fault') printNote(`the policy failed: ${event.reason}`)
    },
  }
  try {
    return await openAskAs(bundle, { budget, timeZones }, observer)
  } catch (thrown) {
    if (!(thrown instanceof GuardError)) throw thrown
    printFailure(thrown.message)
    return null
  }
}

function callerOf(identity: Identity, nowMs: number, ip: string): Caller {
  return {
    identity,
    circumstances: {
      nowMs,
      ip,
      transport: 'http',
      era: 'legacy',
      protocolVersion: '2025-11-25',
      client: null,
      session: null,
      requestId: 'mcp-guard-can',
    },
  }
}

interface Asked {
  readonly place: Place
  /** null: it did not answer. */
  readonly lists: LiveLists | null
}

/** At once: one that does not answer holds up no other. */
function askServers(places: readonly Place[]): Promise<Asked[]> {
  return Promise.all(
    places.map(async (place): Promise<Asked> => {
      const { server, upstream, lists } = place
      if (upstream === null) return { place, lists }
      const live = await readUpstream(upstream, allKinds)
      if (live.ok) return { place, lists: live.lists }
      printFailure(`${server.name}: ${live.problem}`)
      return { place, lists: null }
    }),
  )
}

/** Of the servers that offer the item; where none does, of all. */
async function answerEach(
  { askAs, source }: Policy,
  caller: Caller,
  asked: readonly Asked[],
  question: ItemQuestion,
): Promise<ItemAnswer[]> {
  const { kind, name } = question
  const offering = asked.filter(({ lists }) => lists?.[kind].has(name))
  const answers: ItemAnswer[] = []
  for (const { place, lists } of offering.length > 0 ? offering : asked) {
    answers.push(await answerItem(askAs, caller, place.server, lists, question, source))
  }
  return answers
}
