/** What `build` does: check, pack, sign, try; or verify. A bundle is there whole or not at all. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describeThrown } from '../errors.js'
import { openDecider } from '../policy/workbench.js'
import {
  type BuildOptions,
  type BuiltBundle,
  type BundleSigning,
  buildBundle,
  verifyBundle,
} from '../rego/build-bundle.js'
import { checkPolicy } from '../rego/check.js'
import { formatProblem } from '../rego/compile-policy.js'
import { openCompilerSession } from '../rego/compiler-session.js'
import { formatFindingsPretty } from '../rego/formats/findings.js'
import type { PolicyProblem } from '../rego/problem.js'
import { readSourceSet, type SourceSet } from '../rego/source-set.js'
import { readSigningKey, readVerificationKey } from './bundle-keys.js'
import {
  exitCodes,
  paint,
  printFailure,
  printJson,
  printLine,
  printNote,
  UsageError,
} from './terminal.js'

export interface BuildArguments {
  readonly path?: readonly string[] | undefined
  readonly out?: string | undefined
  readonly revision?: string | undefined
  readonly 'with-sources'?: boolean | undefined
  readonly serial?: string | undefined
  readonly sign?: string | undefined
  readonly verify?: string | undefined
  readonly algorithm: string
  readonly 'key-id'?: string | undefined
  readonly scope?: string | undefined
  readonly json?: boolean | undefined
}

export async function build(given: BuildArguments): Promise<number> {
  const { out, json = false } = given
  if (out === undefined) {
    throw new UsageError('say where the bundle is written, such as --out bundle.tar.gz')
  }
  const serial = readSerial(given)
  const sign = readSigning(given)
  const read = await readSourceSet(pathsOf(given))
  if (!read.ok) return refused(read.problems)
  const { set } = read
  const built = await checkAndBuild(set, {
    ...(given.revision === undefined ? {} : { revision: given.revision }),
    ...(serial === null ? {} : { serial }),
    ...(sign === null ? {} : { sign }),
    withSources: given['with-sources'] ?? false,
  })
  if (built === null) return exitCodes.failed
  if (!built.ok) return refused(built.problems, set)
  for (const warning of built.warnings) printNote(`warning: ${shown(warning, set)}`)
  try {
    openDecider(built.bundle)
  } catch (thrown) {
    printFailure(`the gateway would not activate it: ${describeThrown(thrown)}`)
    return exitCodes.failed
  }
  writeWhole(out, built.packed)
  const { packed, revision, bundle } = built
  const report = {
    file: out,
    bytes: packed.byteLength,
    revision,
    digest: bundle.revision,
    serial: built.serial,
    signed:
      sign === null ? null : { algorithm: sign.algorithm, keyId: sign.keyId, scope: sign.scope },
  }
  if (json) printJson(report)
  else {
    printLine(
      `${out}: ${packed.byteLength} bytes, ${sign === null ? 'not signed' : `signed with ${sign.algorithm}`}`,
    )
    printLine(`revision ${revision}`)
    if (built.serial !== null) printLine(`serial ${built.serial}`)
    printLine(`in decisions ${bundle.revision}`)
  }
  return exitCodes.ok
}

export async function verify(given: BuildArguments): Promise<number> {
  const [path, more] = given.path ?? []
  if (given.verify === undefined || path === undefined || more !== undefined) {
    throw new UsageError(
      '--verify takes one bundle: mcp-guard build --verify bundle.pub bundle.tar.gz',
    )
  }
  const { algorithm } = given
  const key = readVerificationKey(given.verify, algorithm)
  const asked = { key, algorithm, keyId: given['key-id'] ?? null, scope: given.scope ?? '' }
  const verified = await verifyBundle(readBundleFile(path), asked)
  if (given.json === true) {
    const problems = verified.ok ? [] : verified.problems
    printJson({ file: path, ok: verified.ok, problems })
  } else if (verified.ok) {
    printLine(`${path}: ${paint(process.stdout, 32, 'ok')}, signed by the owner of ${given.verify}`)
  } else {
    for (const problem of verified.problems) {
      const hinted = given.scope === undefined ? withScopeHint(problem) : problem
      printFailure(`${path}: ${formatProblem(hinted)}`)
    }
  }
  return verified.ok ? exitCodes.ok : exitCodes.failed
}

function readBundleFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (thrown) {
    throw new Error(`the bundle ${path} ${readProblem(thrown)}`)
  }
}

/** Whoever asked for no scope has to say one, not to configure it. */
function withScopeHint(problem: PolicyProblem): PolicyProblem {
  if (problem.code !== 'signature_scope') return problem
  const scope = /^signed for the scope "([^\s"\\]+)"/.exec(problem.message)?.[1] ?? 'SCOPE'
  return { ...problem, hint: `say so: --scope ${scope}` }
}

function pathsOf({ path = [] }: BuildArguments): readonly string[] {
  return path.length === 0 ? ['policies'] : path.map(String)
}

function readSigning(given: BuildArguments): BundleSigning | null {
  const { sign, algorithm, scope } = given
  const keyId = given['key-id']
  if (sign === undefined) {
    if (scope === undefined && keyId === undefined) return null
    throw new UsageError(
      `--${scope === undefined ? 'key-id' : 'scope'} means nothing without --sign`,
    )
  }
  for (const [name, text] of [
    ['key-id', keyId],
    ['scope', scope],
  ] as const) {
    if (text !== undefined && !/^[^\s\p{C}]{1,128}$/u.test(text)) {
      throw new UsageError(`--${name} takes 1 to 128 characters and no spaces`)
    }
  }
  const key = readSigningKey(sign, algorithm)
  return { key, algorithm, keyId: keyId ?? null, scope: scope ?? '' }
}

function readSerial({ serial, sign }: BuildArguments): number | null {
  const epoch = process.env['SOURCE_DATE_EPOCH']
  if (serial === undefined && sign === undefined) return null
  const [name, text] = serial === undefined ? ['SOURCE_DATE_EPOCH', epoch] : ['--serial', serial]
  if (text === undefined) {
    throw new UsageError(
      'a signed bundle needs its place in time: --serial NUMBER, or SOURCE_DATE_EPOCH',
    )
  }
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(number)) return number
  throw new UsageError(`${name} is a whole number from 0 on, not ${JSON.stringify(text)}`)
}

/**
 * null: it is surely not meant so, and what is wrong was said. Warnings are for `check` to say.
 */
async function checkAndBuild(set: SourceSet, options: BuildOptions): Promise<BuiltBundle | null> {
  const session = openCompilerSession()
  try {
    const found = await checkPolicy(set, { session })
    const errors = found.filter(({ level }) => level === 'error')
    const painted = (code: number, text: string) => paint(process.stderr, code, text)
    process.stderr.write(formatFindingsPretty(errors, painted))
    return errors.length > 0 ? null : await buildBundle(set.source, { ...options, session })
  } finally {
    session.close()
  }
}

function refused(problems: readonly PolicyProblem[], set?: SourceSet): number {
  for (const problem of problems) printFailure(shown(problem, set))
  return exitCodes.failed
}

function shown(problem: PolicyProblem, set?: SourceSet): string {
  const file = problem.file === null ? null : (set?.shown(problem.file) ?? problem.file)
  return formatProblem({ ...problem, file })
}

/** The name of the temporary file would tell nobody anything. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const folder = dirname(path)
  if (!isFolder(folder)) throw new Error(`${path} is not written: there is no folder ${folder}`)
  if (isFolder(path)) throw new Error(`${path} is not written: it is a folder`)
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeFileSync(temporary, bytes, { flag: 'wx' })
    renameSync(temporary, path)
  } catch (thrown) {
    throw new Error(`${path} is not written: the file system says ${codeOf(thrown)}`)
  } finally {
    rmSync(temporary, { force: true })
  }
}

function readProblem(thrown: unknown): string {
  const code = codeOf(thrown)
  if (code === 'ENOENT') return 'does not exist'
  return code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`
}

function isFolder(path: string): boolean {
  return existsSync(`${path}/`)
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : describeThrown(thrown)
}
