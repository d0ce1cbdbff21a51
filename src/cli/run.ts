/**
 * `run`: the gateway until it is told to stop. SIGHUP reloads the policy, SIGTERM and SIGINT let
 * calls in flight finish, a second one ends at once. A person reads text, a pipe gets JSON lines.
 */

import { setFlagsFromString } from 'node:v8'
import type { CommandModule } from 'yargs'
import { certificateWarnings } from '../config/certificate-warnings.js'
import type { Config } from '../config/config.js'
import { isUrl } from '../config/policy-place.js'
import { formatConfigProblem } from '../config/problem.js'
import { commandWarnings, configWarnings } from '../config/warnings.js'
import type { Observer } from '../domain.js'
import { describeThrown, GuardError } from '../errors.js'
import type { Guard } from '../guard.js'
import { defaultCacheDir } from '../rego/cache.js'
import { compilePolicy } from '../rego/compile-policy.js'
import { readLoadOptions, textOption, withConfigOptions } from './options.js'
import { policyDataWarnings } from './policy-data.js'
import {
  announceStdio,
  checkStdioOptions,
  type RunArguments,
  readStdioClient,
  withStdioOptions,
} from './run-stdio.js'
import { exitCodes, printFailure, printNote } from './terminal.js'
import { readVersion } from './version.js'
import { describeWays, shortPath } from './ways.js'

export const runCommand: CommandModule<object, RunArguments> = {
  command: 'run',
  describe: 'Start the gateway',
  builder: (program) =>
    withStdioOptions(withConfigOptions(program))
      .option('audit', textOption('audit', 'Where the audit is written, a file (default stdout)'))
      .usage(
        '$0 run [options]\n$0 run [options] -- COMMAND [ARGUMENT]...\n\nStarts the gateway: every MCP ' +
          'message is judged by your policy before it reaches a server, every answer is filtered by ' +
          'the same rules. Options win over the file. A command after -- is started as the MCP ' +
          'server `server` and spoken to over stdio, at /mcp/server.\n\nWith --stdio the gateway is ' +
          'itself the server command of a desktop client: it speaks MCP on standard input and ' +
          'output to that one client and opens no port, for clients or operators. The log is on ' +
          'standard error; the audit needs a file.',
      )
      .example('$0 run --config guard.yaml', 'everything from a file')
      .example(
        '$0 run --config guard.yaml --stdio --as alice --server files',
        'serve the caller alice, over stdio, the server files',
      )
      .example('$0 run --policy ./policies -- npx some-server /data', 'guard a local server')
      .example(
        '$0 run --policy ./policies --upstream files=http://127.0.0.1:3001/mcp',
        'no file: guard one server at http://127.0.0.1:8080/mcp/files',
      )
      .epilogue('kill -HUP reloads the policy; Ctrl-C stops once calls in flight are done.'),
  handler: async (given) => {
    // Nothing that is left open after the end may keep the process alive.
    process.exit(await run(given))
  },
}

async function run(given: RunArguments): Promise<number> {
  checkStdioOptions(given)
  // V8 puts what often lived long during the start among the old objects at once. From there the
  // first dead exchange keeps the next one alive, and so on (measured: a fifth of all time).
  setFlagsFromString('--no-allocation-site-pretenuring')
  const { loadConfig } = await import('../config/load.js')
  const reached = given.stdio === true ? { reached: { server: given.server } } : {}
  const loaded = loadConfig({ ...readLoadOptions(given), ...reached })
  if (!loaded.ok) {
    for (const problem of loaded.problems) printNote(formatConfigProblem(problem))
    return exitCodes.failed
  }
  const { config, fileKeys } = loaded
  const client = given.stdio === true ? readStdioClient(given, config) : null
  const cacheDir = defaultCacheDir(process.env['XDG_CACHE_HOME'])
  // Where the policy has to be compiled, the child does that while the rest is being loaded.
  // createGuard asks again and reports whatever went wrong.
  const { path: policyPath } = config.policy
  const unfitData = isUrl(policyPath)
    ? Promise.resolve([])
    : compilePolicy(policyPath, { cacheDir, verify: config.policy.verify })
        .then((compiled) => (compiled.ok ? policyDataWarnings(policyPath, compiled.bundle) : []))
        .catch(() => [])
  const [{ createGuard }, { createLogObserver }] = await Promise.all([
    import('../guard.js'),
    import('../telemetry/log.js'),
  ])
  const json = !process.stderr.isTTY
  const log = createLogObserver({ write: writeLog, json, level: 'info' })
  const { observer, revision } = rememberRevision(log)
  // A client over stdio reaches one server, and that one is there.
  const absent = client === null ? commandWarnings(config) : []
  const tls = certificateWarnings(config, Date.now())
  for (const warning of [...configWarnings(config), ...tls, ...absent]) log.log?.('warn', warning)
  let guard: Guard | null = null
  try {
    guard = await createGuard(config, { observer, cacheDir })
    for (const warning of await unfitData) log.log?.('warn', warning)
    const stopped = stopOnSignal(guard, log)
    if (client !== null) {
      const started = () => announceStdio({ config, client, revision: revision(), log })
      await Promise.race([stopped, guard.serve(client, started)])
      await guard.close()
      return exitCodes.ok
    }
    const addresses = await guard.listen()
    announce({ config, fileKeys, ...addresses, revision: revision() }, json ? log : null)
    await stopped
    return exitCodes.ok
  } catch (thrown) {
    printFailure(explainFailure(thrown, config))
    await guard?.close().catch(() => undefined)
    return exitCodes.failed
  }
}

/** Which revision was activated last; the summary at start shows it. */
function rememberRevision(log: Observer): {
  observer: Observer
  revision: () => string | null
} {
  let revision: string | null = null
  const observer: Observer = {
    ...log,
    policy(event) {
      if (event.type === 'activated') revision = event.revision
      log.policy?.(event)
    },
  }
  return { observer, revision: () => revision }
}

/** Resolves when the guard is closed. Is in place before the guard listens. */
function stopOnSignal(guard: Guard, log: Observer): Promise<void> {
  process.on('SIGHUP', () => void reload(guard, log))
  return new Promise((resolve, reject) => {
    let stopping = false
    const stop = (signal: NodeJS.Signals) => {
      // Whoever asks twice does not want to wait for calls in flight.
      if (stopping) process.exit(exitCodes.failed)
      stopping = true
      log.log?.('info', `${signal}: stopping`)
      guard.close().then(resolve, reject)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

async function reload(guard: Guard, log: Observer): Promise<void> {
  const { ok, message } = await guard.reload()
  // A refused policy has logged itself.
  if (ok) log.log?.('info', `SIGHUP: ${message}`)
}

function writeLog(line: string): void {
  process.stderr.write(line)
}

interface Started {
  readonly config: Config
  readonly fileKeys: number
  readonly url: string
  readonly adminUrl: string | null
  /** null: the server of the policy has given none. */
  readonly revision: string | null
}

/** A table for a person, one log line for a machine. */
function announce(
  { config, fileKeys, url, adminUrl, revision }: Started,
  log: Observer | null,
): void {
  const upstreams = config.upstreams.map((upstream) => {
    const { name, path } = upstream
    // Arguments may hold what the log must not.
    const at = upstream.transport === 'stdio' ? upstream.command : upstream.url
    return { name, endpoint: `${url}${path}`, upstream: at }
  })
  const identity = describeWays(config.identity, fileKeys)
  const audit = config.audit.file
  if (log !== null) {
    log.log?.('info', 'listening', { url, adminUrl, upstreams, revision, identity, audit })
    return
  }
  const rows = [
    ...upstreams.map(({ name, endpoint, upstream }) => [name, `${endpoint} -> ${upstream}`]),
    ['policy', `${shortPath(config.policy.path)}, ${describeRevision(revision)}`],
    ['identity', identity],
    ['audit', audit === '-' ? 'standard output' : shortPath(audit)],
    ['operators', adminUrl ?? 'no listener'],
  ]
  const width = Math.max(...rows.map(([label = '']) => label.length))
  printNote(' is ready', `mcp-guard ${readVersion()}`)
  for (const [label = '', text = ''] of rows) printNote(`  ${label.padEnd(width)}  ${text}`)
}

function describeRevision(revision: string | null): string {
  if (revision === null) return 'none yet: every message is denied until its server gives one'
  return `revision ${revision.slice(0, 19)}`
}

function explainFailure(thrown: unknown, config: Config): string {
  const message = describeThrown(thrown)
  if (thrown instanceof GuardError && thrown.code === 'GUARD_POLICY_INVALID') {
    return `the policy ${shortPath(config.policy.path)} cannot be used\n${thrown.message}`
  }
  if (thrown instanceof GuardError) return thrown.message
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  if (code === 'EADDRINUSE') {
    return `${message}\nanother program listens there: stop it, or choose with --listen HOST:PORT (clients) or admin.port (operators)`
  }
  if (code === 'EACCES')
    return `${message}\nchoose a port above 1023, or another place for the file`
  return message
}
