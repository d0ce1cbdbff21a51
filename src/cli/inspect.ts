/** `inspect`: what is in a bundle or a folder of sources, as a table or as JSON. */
import type { CommandModule } from 'yargs'
import { escapeUnprintable } from '../lib/printable.js'
import { formatProblem } from '../rego/compile-policy.js'
import { inspectPolicy, type PolicyContents } from '../rego/inspect.js'
import { readProblem } from '../rego/problem.js'
import { readSourceSet } from '../rego/source-set.js'
import {
  endQuietlyOnBrokenPipe,
  exitCodes,
  paint,
  printFailure,
  printJson,
  printLine,
  printNote,
} from './terminal.js'

interface InspectArguments {
  readonly path: string
  readonly json?: boolean | undefined
}

export const inspectCommand: CommandModule<object, InspectArguments> = {
  command: 'inspect [path]',
  describe: 'Show what is in a policy or a bundle',
  builder: (program) =>
    program
      .usage(
        '$0 inspect [PATH]\n\nShows what a bundle or a folder of sources holds: revision, packages, entry points, ' +
          'annotations, data, and what the signature says. Whether the signature is right is for build --verify to say.',
      )
      .positional('path', {
        type: 'string',
        default: './policies',
        describe: 'A bundle, a folder of sources or a .rego file',
      })
      .option('json', { type: 'boolean', describe: 'Print JSON, with all annotations' })
      .example('$0 inspect bundle.tar.gz', 'which revision is this?')
      .epilogue('More: docs/policy.md#build'),
  handler: async ({ path, json = false }) => {
    endQuietlyOnBrokenPipe()
    process.exitCode = await inspect(path, json)
  },
}

async function inspect(path: string, json: boolean): Promise<number> {
  const read = await readSourceSet([path])
  const inspected = read.ok ? await inspectPolicy(read.set.source) : read
  if (!inspected.ok) {
    const shown = read.ok ? read.set.shown : (file: string) => file
    for (const problem of inspected.problems) {
      printFailure(formatProblem({ ...problem, file: problem.file && shown(problem.file) }))
    }
    return exitCodes.failed
  }
  const { contents } = inspected
  if (json) printJson(contents)
  else {
    printTable(rowsOf(contents))
    for (const warning of contents.warnings)
      printNote(`warning: ${formatProblem(readProblem(warning))}`)
  }
  return exitCodes.ok
}

type Row = readonly [label: string, ...lines: string[]]

function rowsOf(contents: PolicyContents): Row[] {
  const { manifest, revision, contract, serial, compiled, signature, files } = contents
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return [
    ['revision', manifest.revision === '' ? 'none in the manifest' : manifest.revision],
    ['in decisions', revision],
    ['contract', String(contract)],
    ['serial', serial === null ? 'none' : String(serial)],
    ['signature', ...(signature === null ? ['none'] : describeSignature(signature))],
    ['decides by', ...describeModule(compiled)],
    ['entry points', ...contents.entryPoints],
    ['packages', ...contents.packages.map((one) => `${one.package} (${one.files.join(', ')})`)],
    ['annotations', ...contents.annotations.map(describeAnnotation)],
    ['data', ...contents.dataRoots],
    ['roots', ...manifest.roots.map((root) => (root === '' ? 'all' : root))],
    ['files', ...files.map((file) => `${file.name} ${file.bytes}`), `${bytes} bytes in all`],
  ]
}

function describeSignature(signature: NonNullable<PolicyContents['signature']>): string[] {
  const { algorithm, keyId, scope, files } = signature
  const key = keyId === '' ? 'a key without a name' : `the key ${keyId}`
  const purpose = scope === '' ? 'no scope' : `the scope ${scope}`
  return [`says ${algorithm} by ${key}, for ${purpose}, over ${files} files; not verified here`]
}

function describeModule(compiled: PolicyContents['compiled']): string[] {
  if (compiled === null) return ['sources, compiled by the gateway']
  const { paths, hostModule, sources } = compiled
  const facts = paths === null ? 'all facts' : `${paths.length} paths of the facts`
  const lists = hostModule ? 'lists at once' : 'lists item by item'
  const beside = sources === 0 ? [] : [`${sources} .rego files lie beside it and decide nothing`]
  return [`policy.wasm, which reads ${facts} and is asked for ${lists}`, ...beside]
}

function describeAnnotation({ path, annotations }: PolicyContents['annotations'][number]): string {
  const { title } = annotations
  return typeof title === 'string' ? `${path}: ${title}` : path
}

function printTable(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(([label]) => label.length))
  for (const [label, ...lines] of rows) {
    const [first = 'none', ...more] = lines.map(escapeUnprintable)
    printLine(`${paint(process.stdout, 1, label.padEnd(width))}  ${first}`)
    for (const line of more) printLine(`${' '.repeat(width)}  ${line}`)
  }
}
