/**
 * `run --stdio`: which server a client on standard streams reaches and as whom. Standard output
 * belongs to that client: nothing else may ever be written there.
 */
import type { Argv } from 'yargs'
import type { Config } from '../config/config.js'
import { loadKeyFile } from '../config/key-file.js'
import { commandUpstream } from '../config/overrides.js'
import type { Observer } from '../domain.js'
import type { StdioClient } from '../guard.js'
import { type ConfigArguments, textOption } from './options.js'
import { UsageError } from './terminal.js'

export interface RunArguments extends ConfigArguments {
  readonly stdio?: boolean | undefined
  readonly as?: string | undefined
  readonly server?: string | undefined
}

const keyVariable = 'MCP_GUARD_KEY'
/** A file of keys may hold a hundred thousand. */
const maxListed = 20

export function withStdioOptions<T>(program: Argv<T>) {
  return program
    .option('stdio', {
      type: 'boolean',
      describe: 'Serve one client on standard input and output instead of listening',
    })
    .option('as', {
      ...textOption(
        'as',
        `With --stdio: who the client is, the id of a key entry (else the key in ${keyVariable})`,
      ),
    })
    .option('server', {
      ...textOption('server', 'With --stdio: which upstream it reaches, where there are several'),
    })
}

/** Throws UsageError: an option that means nothing without --stdio. */
export function checkStdioOptions(given: RunArguments): void {
  if (given.stdio === true) return
  for (const name of ['as', 'server'] as const) {
    if (given[name] !== undefined) throw new UsageError(`--${name} means nothing without --stdio`)
  }
}

/** Throws UsageError: what is missing, and how it is given. */
export function readStdioClient(given: RunArguments, config: Config): StdioClient {
  if (given.listen !== undefined) {
    throw new UsageError('--stdio opens no port: leave --listen out')
  }
  if (config.audit.file === '-') {
    throw new UsageError(
      "with --stdio standard output is the client's: give the audit a file with --audit FILE, or audit.file in the configuration",
    )
  }
  const { stdin: input, stdout: output } = process
  return { input, output, server: serverOf(given, config), claim: claimOf(given, config) }
}

function serverOf({ server, '--': command }: RunArguments, { upstreams }: Config): string {
  const names = upstreams.map(({ name }) => name)
  if (server !== undefined) {
    if (names.includes(server)) return server
    throw new UsageError(
      `there is no upstream ${server}: --server takes one of ${names.join(', ')}`,
    )
  }
  if (command !== undefined && command.length > 0) return commandUpstream
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  throw new UsageError(`say which server the client reaches: --server ${names.join(' or ')}`)
}

function claimOf({ as }: RunArguments, { identity }: Config): StdioClient['claim'] {
  const key = process.env[keyVariable] ?? ''
  if (as !== undefined && key !== '') {
    throw new UsageError(`--as and ${keyVariable} both say who the client is: keep one of them`)
  }
  if (as !== undefined) {
    const ids = keyIds(identity)
    if (ids.has(as)) return { by: 'entry', id: as }
    throw new UsageError(
      `--as takes the id of an API key's entry: ${listed([...ids])}\nmcp-guard keygen --id NAME makes a key and its entry, for identity.apiKeys or the file of identity.apiKeyFile`,
    )
  }
  if (key !== '') return { by: 'key', text: key }
  if (identity.anonymous) return { by: 'nobody' }
  throw new UsageError(
    `say who the client is: --as ID of an entry of identity.apiKeys, or its key in ${keyVariable}, or set identity.anonymous`,
  )
}

function keyIds({ apiKeys, apiKeyFile }: Config['identity']): ReadonlySet<string> {
  const loaded = apiKeyFile === null ? null : loadKeyFile(apiKeyFile, apiKeys)
  // A file that has become wrong since the configuration was read is refused when it is opened.
  const further = loaded?.ok ? loaded.keys : []
  return new Set([...apiKeys, ...further].map(({ id }) => id))
}

function listed(ids: readonly string[]): string {
  if (ids.length === 0) return 'there is none'
  const more = ids.length > maxListed ? ` and ${ids.length - maxListed} more` : ''
  return `there are ${ids.slice(0, maxListed).join(', ')}${more}`
}

/** One log line: what a person reads at start goes where a client may keep it. */
export function announceStdio(started: {
  readonly config: Config
  readonly client: StdioClient
  readonly revision: string | null
  readonly log: Observer
}): void {
  const { config, client, revision, log } = started
  const { claim, server } = client
  const who = claim.by === 'entry' ? claim.id : claim.by === 'key' ? keyVariable : 'anonymous'
  log.log?.('info', 'serving one client over stdio', {
    server,
    as: who,
    revision,
    audit: config.audit.file,
  })
}
