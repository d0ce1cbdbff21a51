/**
 * `validate`: everything that `run` checks before it listens, all problems of configuration and
 * policy at once. Contacts and starts no upstream and opens no port.
 */

import type { CommandModule } from 'yargs'
import type { Config } from '../config/config.js'
import type { LoadedConfig } from '../config/load.js'
import { formatConfigProblem } from '../config/problem.js'
import { commandWarnings, configWarnings } from '../config/warnings.js'
import { describeThrown } from '../errors.js'
import { defaultCacheDir } from '../rego/cache.js'
import { compilePolicy, formatProblem } from '../rego/compile-policy.js'
import type { PolicyProblem } from '../rego/problem.js'
import { type ConfigArguments, readLoadOptions, withConfigOptions } from './options.js'
import { checkPolicyData } from './policy-data.js'
import { exitCodes, paint, printJson, printLine, printNote } from './terminal.js'

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
    const loaded = loadConfig(readLoadOptions(given))
    const policyPath = loaded.ok ? loaded.config.policy.path : loaded.policyPath
    const policy = await checkPolicy(policyPath, loaded)
    const report = { loaded, policy, policyPath }
    if (json) printJson(jsonReport(report))
    else printReport(report)
    if (!loaded.ok || !policy.ok) process.exitCode = exitCodes.failed
  },
}

type PolicyCheck =
  | {
      readonly ok: true
      readonly revision: string
      readonly warnings: readonly PolicyProblem[]
    }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

interface Report {
  readonly loaded: LoadedConfig
  readonly policy: PolicyCheck
  readonly policyPath: string | null
}

async function checkPolicy(path: string | null, loaded: LoadedConfig): Promise<PolicyCheck> {
  if (path === null) return { ok: false, problems: [] }
  const cacheDir = defaultCacheDir(process.env['XDG_CACHE_HOME'])
  const compiled = await compilePolicy(path, { strict: true, cacheDir })
  if (!compiled.ok) return { ok: false, problems: compiled.problems }
  const refused = loaded.ok ? await tryActivation(loaded.config, cacheDir) : null
  const unfit = await checkPolicyData(path, compiled.bundle)
  const problems = refused === null ? unfit : [refused, ...unfit]
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, revision: compiled.bundle.revision, warnings: compiled.warnings }
}

/** A policy can compile and still not be what the gateway can ask. Leaves the audit file alone. */
async function tryActivation(config: Config, cacheDir: string): Promise<PolicyProblem | null> {
  const { createGuard } = await import('../guard.js')
  try {
    const guard = await createGuard({ ...config, audit: { file: '-' } }, { observer: {}, cacheDir })
    await guard.close().catch(() => undefined)
    return null
  } catch (thrown) {
    const message = describeThrown(thrown)
    return {
      code: 'not_activated',
      message,
      file: null,
      row: null,
      col: null,
      details: null,
      hint: null,
    }
  }
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
    printLine(`configuration ${good}: ${describeConfig(loaded.config)}`)
  } else {
    for (const problem of loaded.problems) printNote(formatConfigProblem(problem))
  }
  if (policy.ok) {
    for (const warning of policy.warnings) printNote(`warning: policy: ${formatProblem(warning)}`)
    printLine(`policy ${good}: ${policyPath}, revision ${policy.revision}`)
  } else if (policyPath === null) printNote('the policy was not checked: its place is not known')
  else for (const problem of policy.problems) printNote(`policy: ${formatProblem(problem)}`)
}

function describeConfig({ upstreams, identity }: Config): string {
  const names = upstreams.map(({ name }) => name).join(', ')
  const { apiKeys, apiKeyFile } = identity
  const further = apiKeyFile === null ? '' : ` and those of ${apiKeyFile}`
  return `upstreams ${names}; API keys ${apiKeys.length}${further}`
}

function warningsOf(config: Config): string[] {
  return [...configWarnings(config), ...commandWarnings(config)]
}
