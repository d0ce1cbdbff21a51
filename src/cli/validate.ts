/**
 * `validate`: everything that `run` checks before it listens, all problems of configuration and
 * policy at once. Contacts and starts no upstream and opens no port.
 */

import type { CommandModule } from 'yargs'
import { certificateWarnings } from '../config/certificate-warnings.js'
import type { Config } from '../config/config.js'
import type { LoadedConfig } from '../config/load.js'
import { isUrl } from '../config/policy-place.js'
import { formatConfigProblem } from '../config/problem.js'
import { commandWarnings, configWarnings } from '../config/warnings.js'
import { describeThrown, GuardError } from '../errors.js'
import { defaultCacheDir } from '../rego/cache.js'
import { checkPolicy } from '../rego/check.js'
import { type CompiledPolicy, compilePolicy, formatProblem } from '../rego/compile-policy.js'
import { type CompilerSession, openCompilerSession } from '../rego/compiler-session.js'
import type { PolicyProblem } from '../rego/problem.js'
import { readSources } from '../rego/sources.js'
import { type ConfigArguments, readLoadOptions, withConfigOptions } from './options.js'
import { checkPolicyData } from './policy-data.js'
import { exitCodes, paint, printJson, printLine, printNote } from './terminal.js'
import { describeWays } from './ways.js'

export const validateCommand: CommandModule<
  object,
  ConfigArguments & { json?: boolean | undefined }
> = {
  command: 'validate',
  describe: 'Check configuration and policy without starting anything',
  builder: (program) =>
    withConfigOptions(program)
      .usage(
        '$0 validate [options]\n\nMakes the checks of configuration and policy that run makes, and more strictly, and shows all problems at once.',
      )
      .option('json', { type: 'boolean', describe: 'Print JSON' })
      .example('$0 validate --config guard.yaml', 'before a rollout'),
  handler: async ({ json, ...given }) => {
    const { loadConfig } = await import('../config/load.js')
    const report = await check(loadConfig(readLoadOptions(given)))
    if (json) printJson(jsonReport(report))
    else printReport(report)
    if (!report.loaded.ok || !report.policy.ok) process.exitCode = exitCodes.failed
  },
}

type PolicyCheck =
  | {
      readonly ok: true
      /** null: it is at a URL, and no server is asked. */
      readonly revision: string | null
      readonly warnings: readonly PolicyProblem[]
    }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

interface Report {
  readonly loaded: LoadedConfig
  readonly policy: PolicyCheck
  readonly policyPath: string | null
}

async function check(loaded: LoadedConfig): Promise<Report> {
  const policyPath = loaded.ok ? loaded.config.policy.path : loaded.policyPath
  if (policyPath === null) return { loaded, policy: { ok: false, problems: [] }, policyPath }
  const cacheDir = defaultCacheDir(process.env['XDG_CACHE_HOME'])
  if (isUrl(policyPath)) return checkWithoutPolicy(loaded, policyPath, cacheDir)
  const compiled = await compile(loaded, policyPath, cacheDir)
  if (!compiled.ok) {
    return { loaded, policy: { ok: false, problems: compiled.problems }, policyPath }
  }
  const [refusal, wrongData] = await Promise.all([
    loaded.ok ? tryActivation(loaded.config, cacheDir) : null,
    checkPolicyData(policyPath, compiled.bundle),
  ])
  const isOfConfig = refusal instanceof GuardError && refusal.code === 'GUARD_CONFIG_INVALID'
  const wrong = [...compiled.surelyWrong, ...wrongData]
  const problems = refusal === null || isOfConfig ? wrong : [notActivated(refusal), ...wrong]
  const { bundle, warnings } = compiled
  return {
    loaded: isOfConfig ? unusable(refusal, policyPath) : loaded,
    policy:
      problems.length > 0
        ? { ok: false, problems }
        : { ok: true, revision: bundle.revision, warnings },
    policyPath,
  }
}

async function checkWithoutPolicy(
  loaded: LoadedConfig,
  policyPath: string,
  cacheDir: string,
): Promise<Report> {
  const refusal = loaded.ok ? await tryActivation(loaded.config, cacheDir) : null
  const isOfConfig = refusal instanceof GuardError && refusal.code === 'GUARD_CONFIG_INVALID'
  return {
    loaded: isOfConfig ? unusable(refusal, policyPath) : loaded,
    policy:
      refusal === null || isOfConfig
        ? { ok: true, revision: null, warnings: [] }
        : { ok: false, problems: [notActivated(refusal)] },
    policyPath,
  }
}

type Compiled = CompiledPolicy & { readonly surelyWrong: readonly PolicyProblem[] }

/** Strictly, and then as the gateway does, which finds it in the cache. */
async function compile(
  loaded: LoadedConfig,
  policyPath: string,
  cacheDir: string,
): Promise<Compiled> {
  const session = openCompilerSession()
  const verify = loaded.ok ? loaded.config.policy.verify : null
  try {
    const options = { cacheDir, verify, session }
    const strictly = await compilePolicy(policyPath, { ...options, strict: true })
    if (!strictly.ok) return { ...strictly, surelyWrong: [] }
    await compilePolicy(policyPath, options)
    return { ...strictly, surelyWrong: await surelyWrong(policyPath, session) }
  } finally {
    session.close()
  }
}

/** The errors of `check` that are not the compiler's: tests, and all warnings, are for check to tell. */
async function surelyWrong(policyPath: string, session: CompilerSession): Promise<PolicyProblem[]> {
  const read = await readSources(policyPath)
  if (!read.ok) return []
  const set = { source: read.source, shown: (file: string) => file }
  const found = await checkPolicy(set, { session })
  return found.filter(({ level, code }) => level === 'error' && !code.includes('_'))
}

/**
 * What configuration and policy say can be right and still be nothing that a gateway can be made of.
 * Leaves the audit file alone.
 */
async function tryActivation(config: Config, cacheDir: string): Promise<unknown> {
  const { createGuard } = await import('../guard.js')
  try {
    const guard = await createGuard(
      { ...config, audit: { file: '-' } },
      { observer: {}, cacheDir, trial: true },
    )
    await guard.close().catch(() => undefined)
    return null
  } catch (thrown) {
    return thrown
  }
}

/** Found where something that the configuration names was opened, such as a set of keys. */
function unusable({ message }: GuardError, policyPath: string): LoadedConfig {
  const problem = { pointer: '', problem: message, fix: 'correct it, or name another' }
  return { ok: false, problems: [problem], policyPath }
}

function notActivated(refusal: unknown): PolicyProblem {
  const message = describeThrown(refusal)
  const nowhere = { file: null, row: null, col: null }
  return { code: 'not_activated', message, ...nowhere, details: null, hint: null }
}

function jsonReport({ loaded, policy, policyPath }: Report): object {
  return {
    ok: loaded.ok && policy.ok,
    config: loaded.ok
      ? { ok: true, warnings: warningsOf(loaded.config) }
      : { ok: false, problems: loaded.problems },
    policy: { path: policyPath, ...policy },
  }
}

function printReport({ loaded, policy, policyPath }: Report): void {
  const good = paint(process.stdout, 32, 'ok')
  if (loaded.ok) {
    for (const warning of warningsOf(loaded.config)) printNote(`warning: ${warning}`)
    printLine(`configuration ${good}: ${describeConfig(loaded.config, loaded.fileKeys)}`)
  } else {
    for (const problem of loaded.problems) printNote(formatConfigProblem(problem))
  }
  if (policy.ok) {
    for (const warning of policy.warnings) printNote(`warning: policy: ${formatProblem(warning)}`)
    if (policy.revision !== null) {
      printLine(`policy ${good}: ${policyPath}, revision ${policy.revision}`)
    } else {
      const fix = 'check it where it is built'
      printNote(`the policy was not checked: ${policyPath} is asked by run alone; ${fix}`)
    }
  } else if (policyPath === null) printNote('the policy was not checked: its place is not known')
  else for (const problem of policy.problems) printNote(`policy: ${formatProblem(problem)}`)
}

function describeConfig({ upstreams, identity }: Config, fileKeys: number): string {
  const names = upstreams.map(({ name }) => name).join(', ')
  return `upstreams ${names}; ${describeWays(identity, fileKeys)}`
}

function warningsOf(config: Config): string[] {
  return [
    ...configWarnings(config),
    ...certificateWarnings(config, Date.now()),
    ...commandWarnings(config),
  ]
}
