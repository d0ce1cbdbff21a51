/** What `grants` does: finds the server, asks it, and prints or writes the draft. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { UpstreamConfig } from '../config/config.js'
import { loadConfig } from '../config/load.js'
import { commandUpstream } from '../config/overrides.js'
import { formatConfigProblem } from '../config/problem.js'
import { describeThrown } from '../errors.js'
import { parseUrl, readKey, serverIn } from './endpoint.js'
import { type GrantsFile, grantsFile } from './grants-file.js'
import { allKinds } from './live-lists.js'
import { type Live, readEndpoint, readUpstream } from './live-server.js'
import { readLoadOptions } from './options.js'
import { exitCodes, printFailure, printNote, UsageError } from './terminal.js'
import { fitsKey } from './yaml-key.js'

type Kind = (typeof allKinds)[number]

export interface GrantsArguments {
  readonly from?: string | undefined
  readonly config?: string | undefined
  readonly server?: string | undefined
  readonly role: string
  readonly 'key-file'?: string | undefined
  readonly modern?: boolean | undefined
  readonly out?: string | undefined
  readonly overwrite?: boolean | undefined
  /** What follows `--`. */
  readonly '--'?: readonly string[] | undefined
}

interface Asked {
  /** As the grants name it. */
  readonly server: string
  /** As people find it. */
  readonly place: string
  readonly ask: () => Promise<Live<Kind>>
}

/** Returns the exit code. */
export async function writeGrants(given: GrantsArguments): Promise<number> {
  const { role } = given
  const asked = findServer(given)
  if (asked === null) return exitCodes.failed
  const { server, place } = asked
  if (role === '' || !fitsKey(role)) throw new UsageError('--role is no name for grants')
  if (server === '*' || !fitsKey(server)) throw new UsageError('--server is no name for grants')
  const live = await asked.ask()
  if (!live.ok) {
    printFailure(`${place}: ${live.problem}`)
    if (live.unauthenticated) {
      const noKey = given['key-file'] === undefined
      printNote(noKey ? 'send a key: --key-file FILE' : 'the key is not accepted')
    }
    return exitCodes.failed
  }
  const file = grantsFile({ role, server, lists: live.lists })
  if (given.out === undefined) process.stdout.write(file.text)
  else if (!write(given.out, file.text, given.overwrite === true)) return exitCodes.failed
  report(file, given, server)
  return exitCodes.ok
}

function report({ granted, withheld }: GrantsFile, { role, out }: GrantsArguments, server: string) {
  const { tools, prompts, resources, resourceTemplates } = granted
  const what = `${tools} tools, ${prompts} prompts, ${resources} resources, ${resourceTemplates} templates`
  const where = out === undefined ? '' : ` in ${out}`
  printNote(
    `${server}: ${what} granted to ${role}${where}; ${withheld} left out, each with its reason`,
  )
  if (role === '*') printNote('the role * is everybody who is identified')
}

/** null: the configuration has problems, and that has been said. */
function findServer(given: GrantsArguments): Asked | null {
  const command = given['--'] ?? []
  const ways = [given.from !== undefined, given.config !== undefined, command.length > 0]
  if (ways.filter((way) => way).length !== 1) {
    throw new UsageError('say which server, in one way: --from URL, --config FILE or -- COMMAND')
  }
  if (given.from !== undefined) return atUrl(given.from, given)
  for (const name of ['key-file', 'modern'] as const) {
    if (given[name] !== undefined) throw new UsageError(`--${name} means nothing without --from`)
  }
  const isCommand = command.length > 0
  const reached = { server: isCommand ? commandUpstream : given.server }
  const loaded = loadConfig({ ...readLoadOptions(given), reached })
  if (!loaded.ok) {
    for (const problem of loaded.problems) printFailure(formatConfigProblem(problem))
    return null
  }
  const upstream = isCommand
    ? loaded.config.upstreams.find(({ name }) => name === commandUpstream)
    : chosen(loaded.config.upstreams, given.server)
  if (upstream === undefined) throw new UsageError('there is no such server')
  const server = isCommand ? (given.server ?? commandUpstream) : upstream.name
  return { server, place: server, ask: () => readUpstream(upstream, allKinds) }
}

function atUrl(text: string, given: GrantsArguments): Asked {
  const url = parseUrl(text, '--from')
  const keyFile = given['key-file']
  const key = keyFile === undefined ? null : readKey(keyFile)
  const endpoint = { url, key, modern: given.modern === true }
  const server = given.server ?? serverIn(url)
  return { server, place: text, ask: () => readEndpoint(endpoint, allKinds) }
}

function chosen(upstreams: readonly UpstreamConfig[], name: string | undefined): UpstreamConfig {
  const [only] = upstreams
  const found = name === undefined ? only : upstreams.find((one) => one.name === name)
  if (found !== undefined && (name !== undefined || upstreams.length === 1)) return found
  const names = upstreams.map((one) => one.name)
  throw new UsageError(
    name === undefined
      ? `say which server: --server ${names.join(' or ')}`
      : `there is no upstream ${name}: --server takes one of ${names.join(', ')}`,
  )
}

function write(file: string, text: string, overwrite: boolean): boolean {
  if (!overwrite && existsSync(file)) {
    printFailure(`${file} is there already: name another file, or replace it with --overwrite`)
    return false
  }
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { flag: overwrite ? 'w' : 'wx' })
    return true
  } catch (thrown) {
    printFailure(`${file} cannot be written: ${describeThrown(thrown)}`)
    return false
  }
}
