/**
 * `rollback`: the revision before, or one of those kept on disk, is made active in the running
 * gateways, and stays until the source offers something new or the operator lets go of it.
 */
import type { CommandModule } from 'yargs'
import { formatConfigProblem } from '../config/problem.js'
import { describeThrown } from '../errors.js'
import type { Ordered, RollbackStatus } from '../guard/policy/order-rollback.js'
import { textOption } from './options.js'
import { exitCodes, printFailure, printJson, printLine, printNote, UsageError } from './terminal.js'
import { shortPath } from './ways.js'

interface RollbackArguments {
  readonly config?: string | undefined
  readonly policy?: string | undefined
  readonly to?: string | undefined
  readonly list?: boolean | undefined
  readonly release?: boolean | undefined
  readonly format?: 'pretty' | 'json' | undefined
}

export const rollbackCommand: CommandModule<object, RollbackArguments> = {
  command: 'rollback',
  describe: 'Go back to an earlier policy',
  builder: (program) =>
    program
      .usage(
        '$0 rollback [options]\n\nMakes the policy that was active before the present one active again, in the ' +
          'gateways that run with this configuration and in those started later. It holds until ' +
          'another policy is saved or published than those that were rolled back from, or until --release.',
      )
      .option('config', { alias: 'c', ...textOption('config', 'The configuration, a YAML file') })
      .option('policy', {
        ...textOption(
          'policy',
          'The policy that the gateway was started with (default ./policies)',
        ),
      })
      .option('to', textOption('to', 'Go to this revision; its first digits are enough'))
      .option('list', { type: 'boolean', describe: 'Show the revisions there are, and do nothing' })
      .option('release', { type: 'boolean', describe: 'End the rollback' })
      .option('format', {
        choices: ['pretty', 'json'] as const,
        describe: 'How --list is printed (default pretty)',
      })
      .conflicts('to', ['list', 'release'])
      .conflicts('list', 'release')
      .example('$0 rollback --config guard.yaml', 'to the policy before the present one')
      .example('$0 rollback --config guard.yaml --list', 'what there is to go back to')
      .example('$0 rollback --config guard.yaml --release', 'back to what the source has')
      .epilogue(
        'Run it as the user that the gateway runs as, on the same machine.\nMore: docs/operations.md#rollback',
      ),
  handler: async (given) => {
    if (given.format !== undefined && given.list !== true) {
      throw new UsageError('--format means nothing without --list')
    }
    process.exitCode = await run(given)
  },
}

async function run({ config, policy, to, list, release, format }: RollbackArguments) {
  const { loadPolicyPlace } = await import('../config/load.js')
  const place = loadPolicyPlace({
    ...(config === undefined ? {} : { file: config }),
    ...(policy === undefined ? {} : { overrides: { policy } }),
  })
  if (!place.ok) {
    for (const problem of place.problems) printNote(formatConfigProblem(problem))
    return exitCodes.failed
  }
  const orders = await import('../guard/policy/order-rollback.js')
  const { path, state } = place
  try {
    if (list) return printStatus(await orders.readRollbackStatus(state), path, format)
    if (release) return told(await orders.orderRelease(state))
    const done = await orders.orderRollback(state, to)
    if (!done.ok) return failed(done.problem)
    if (done.ordered.confirmed) printLine(`rolled back to ${done.to}`)
    return told(done.ordered)
  } catch (thrown) {
    return failed(`${describeThrown(thrown)}\nrun it as the user that the gateway runs as`)
  }
}

function failed(problem: string): number {
  printFailure(problem)
  return exitCodes.failed
}

/** What is active now, by what the gateways say. */
function told(ordered: Ordered | null): number {
  if (ordered === null) {
    printNote('no rollback is in force')
    return exitCodes.ok
  }
  for (const { pid, revision, problem } of ordered.gateways) {
    printLine(`gateway ${pid}: ${revision ?? 'no policy'} is active`)
    if (problem !== null) printNote(`gateway ${pid}: ${problem}`)
  }
  for (const { pid } of ordered.gateways.filter(({ state }) => state === 'working')) {
    printNote(`gateway ${pid}: not done yet`)
  }
  if (ordered.silent > 0) printNote(`gateways that have not answered: ${ordered.silent}`)
  if (ordered.gateways.length === 0 && ordered.silent === 0) {
    printNote('no gateway runs with this policy: it counts from the next start on')
  }
  if (!ordered.confirmed) return failed('it is ordered and not confirmed: see --list')
  return ordered.gateways.some(({ state }) => state === 'failed') ? exitCodes.failed : exitCodes.ok
}

function printStatus(status: RollbackStatus, path: string, format = 'pretty'): number {
  const { kept, hold, active, gateways, problem } = status
  const rows = kept.map(({ revision, activatedAtMs }) => ({
    revision,
    activated: new Date(activatedAtMs).toISOString(),
    active: active.length > 0 ? active.includes(revision) : revision === hold?.to,
  }))
  if (format === 'json') {
    printJson({ policy: path, revisions: rows, rollback: hold, problem, gateways })
    return exitCodes.ok
  }
  if (rows.length === 0) printNote(`no revision of ${shortPath(path)} is kept on disk`)
  for (const row of rows) {
    printLine(`${row.revision}  ${row.activated}${row.active ? '  active' : ''}`)
  }
  if (problem !== null) printNote(problem)
  if (hold !== null) {
    printNote(`rolled back since ${hold.since}, from ${hold.from.join(', ')}`)
  }
  return exitCodes.ok
}
