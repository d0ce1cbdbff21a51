/**
 * `init`: a policy repository that works as it is written. It asks where to start from when a
 * person sits at the terminal and the command line does not say. Keys are not made here: two
 * repositories from the same start are the same, byte for byte.
 */
import { statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import type { CommandModule } from 'yargs'
import { textOption } from './options.js'
import {
  inTheWay,
  isStartingPoint,
  type StartingPoint,
  scaffoldOf,
  startingPoints,
  writeScaffold,
} from './scaffold.js'
import { printLine, UsageError } from './terminal.js'
import { readVersion } from './version.js'

interface InitArguments {
  readonly dir: string
  readonly from?: string | undefined
}

const names = Object.keys(startingPoints).filter(isStartingPoint)

export const initCommand: CommandModule<object, InitArguments> = {
  command: 'init [dir]',
  describe: 'Begin a policy repository: policies, tests, cases, configuration, CI',
  builder: (program) =>
    program
      .usage(
        '$0 init [DIR] [--from START]\n\nWrites a policy repository that works as it is: policies with their tests, ' +
          'decision cases, a configuration with an example server, a CI workflow and editor settings. Nothing is ' +
          `overwritten.\n\nSTART is one of:\n${listed()}`,
      )
      .positional('dir', {
        type: 'string',
        default: '.',
        describe: 'The folder of the repository; made if absent',
      })
      .option('from', textOption('from', 'Where to start from; on a terminal it is asked for'))
      .example('$0 init guard --from roles', 'in a new folder, grants by role')
      .example('$0 init', 'in this folder, asks where to start from')
      .epilogue('More: docs/policy.md#init'),
  handler: async ({ dir, from }) => {
    create(dir, from === undefined ? await askForStart() : readStart(from))
  },
}

function listed(): string {
  return names.map((name) => `  ${name.padEnd(10)} ${startingPoints[name].about}`).join('\n')
}

function readStart(text: string): StartingPoint {
  if (isStartingPoint(text)) return text
  throw new UsageError(
    `there is no start ${JSON.stringify(text)}; --from takes one of\n${listed()}`,
  )
}

function askForStart(): Promise<StartingPoint> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`say where to start from with --from, one of\n${listed()}`)
  }
  return ask(process.stdin, process.stderr)
}

/** By name or by number, until it is one of them; the end of the input ends it. */
export async function ask(input: Readable, output: Writable): Promise<StartingPoint> {
  const offers = names.map(
    (name, index) => `  ${index + 1}  ${name.padEnd(10)} ${startingPoints[name].about}`,
  )
  output.write(`Where shall the policy start from?\n${offers.join('\n')}\n`)
  const lines = createInterface({ input, output, prompt: 'Number or name: ' })
  try {
    lines.prompt()
    for await (const line of lines) {
      const answer = line.trim()
      const start = names[Number(answer) - 1] ?? answer
      if (isStartingPoint(start)) return start
      output.write(`there is no start ${JSON.stringify(answer)}\n`)
      lines.prompt()
    }
  } finally {
    lines.close()
  }
  throw new UsageError('nothing was chosen')
}

function create(dir: string, start: StartingPoint): void {
  const folder = resolve(dir)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new UsageError(`${dir} is a file; name a folder`)
  }
  const scaffold = scaffoldOf(start, readVersion())
  const there = inTheWay(folder, scaffold)
  if (there.length > 0) {
    const places = there.map((path) => join(dir, path)).join(', ')
    throw new Error(
      `nothing was written, since nothing is overwritten and these are there already: ${places}\n` +
        'name another folder (mcp-guard init DIR), or move them away',
    )
  }
  writeScaffold(folder, scaffold)
  printLine(nextSteps(dir, start, scaffold.size))
}

function nextSteps(dir: string, start: StartingPoint, count: number): string {
  const folder = relative('.', resolve(dir))
  const enter = folder === '' ? '' : `  cd ${folder}\n`
  return `${count} files are in ${folder === '' ? 'this folder' : folder}; README.md says what each is for. Next:

${enter}  mcp-guard test-policy
  mcp-guard keygen --id alice --role ${startingPoints[start].role} --append keys.yaml --out alice.key
  mcp-guard run --config mcp-guard.yaml

and in another terminal, in the same folder:

  mcp-guard call list --url http://127.0.0.1:8080/mcp/everything --key-file alice.key`
}
