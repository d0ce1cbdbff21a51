/**
 * File, references, command line, schema and cross checks to one Config, or to every problem there
 * is. The only entry to this room. Nothing here looks at the policy or opens a port.
 */

import { dirname, resolve } from 'node:path'
import { checkDocument } from './checks.js'
import { missingCommands } from './commands.js'
import type { CompleteConfigFile } from './complete.js'
import type { Config, PolicyConfig, UpstreamConfig } from './config.js'
import { loadKeyFile } from './key-file.js'
import { keySetProblems } from './key-set-files.js'
import { normaliseConfig } from './normalise.js'
import { applyOverrides, type ConfigOverrides, commandUpstream } from './overrides.js'
import { absolutePolicyPath, defaultStateFolder, stateFolder } from './policy-place.js'
import { type ConfigProblem, parentPointer, quoted } from './problem.js'
import { readFileText } from './read-file.js'
import { type Lookup, resolveReferences } from './references.js'
import { validateDocument } from './schema.js'
import { checkLiteralSecrets, exposedProblem, isPublicKey } from './secrets.js'
import { readTlsFiles } from './tls-files.js'
import { isMap, textAt } from './view.js'
import { parseYaml, type YamlMap } from './yaml.js'

export interface LoadOptions {
  /** Without a file, the overrides are laid over an empty document. */
  readonly file?: string
  readonly overrides?: ConfigOverrides
  /** There: one server alone is reached, the one of this name or else the only one. */
  readonly reached?: { readonly server: string | undefined }
}

export type LoadedConfig =
  | {
      readonly ok: true
      readonly config: Config
      /** How many keys the file of keys has. */
      readonly fileKeys: number
    }
  | {
      readonly ok: false
      readonly problems: readonly ConfigProblem[]
      /** Where the policy is, when that much is known; for commands that check both. */
      readonly policyPath: string | null
    }

const maxFileBytes = 1024 * 1024
const maxReferencedBytes = 64 * 1024

export function loadConfig(options: LoadOptions): LoadedConfig {
  const { file, overrides = {} } = options
  const read = file === undefined ? emptyDocument() : readDocument(file)
  if (read.document === null) {
    return { ok: false, problems: read.problems, policyPath: null }
  }
  const { document, lines } = read
  const sources = applyOverrides(document, overrides)
  // A reference that failed is still in its text; what the schema says to that is no news.
  const unresolved = new Set(read.problems.map((problem) => problem.pointer))
  const found = [...validateDocument(document, read.references), ...checkDocument(document)]
    .filter((problem) => !unresolved.has(problem.pointer))
    .map((problem) => placed(problem, { file, lines, sources }))
  const problems = [...read.problems, ...found].sort(byLine)
  const folder = file === undefined ? process.cwd() : dirname(resolve(file))
  const policyFolder = overrides.policy === undefined ? folder : process.cwd()
  if (problems.length > 0) {
    const path = textAt(document, 'policy', 'path')
    const known = path !== undefined && !problems.some(({ pointer }) => pointer === '/policy/path')
    return {
      ok: false,
      problems,
      policyPath: known ? absolutePolicyPath(policyFolder, path) : null,
    }
  }
  const state = defaultStateFolder(process.env['XDG_STATE_HOME'])
  const folders = { policy: policyFolder, audit: folder, state }
  const config = normaliseConfig(
    document as unknown as CompleteConfigFile,
    folders,
    inheritedVariables(),
  )
  const { tls } = config.listen
  const tlsFiles = tls === null ? null : readTlsFiles(tls)
  const unusable = [
    ...(tlsFiles?.ok === false ? tlsFiles.problems : []),
    ...missingCommands(neededUpstreams(config, options)),
    ...keySetProblems(config),
  ].map((problem) => placed(problem, { file, lines, sources }))
  if (unusable.length > 0) {
    return { ok: false, problems: unusable, policyPath: config.policy.path }
  }
  return checkKeyFile(config)
}

export type LoadedPolicyPlace =
  | ({ readonly ok: true } & Pick<PolicyConfig, 'path' | 'state'>)
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/**
 * Where the policy is and where its revisions are kept, for commands that need nothing else: what is
 * wrong elsewhere, such as a secret that only the gateway has, does not matter to them.
 */
export function loadPolicyPlace({ file, overrides = {} }: LoadOptions): LoadedPolicyPlace {
  const read = file === undefined ? emptyDocument() : readDocument(file)
  const { document, lines } = read
  if (document === null) return { ok: false, problems: read.problems }
  const sources = applyOverrides(document, overrides)
  const found = [...validateDocument(document, read.references), ...checkDocument(document)]
    .filter(({ pointer }) => /^\/policy(?:$|\/(?:path|state)$)/.test(pointer))
    .map((problem) => placed(problem, { file, lines, sources }))
  const path = textAt(document, 'policy', 'path')
  if (found.length > 0 || path === undefined) return { ok: false, problems: found }
  const folder = file === undefined ? process.cwd() : dirname(resolve(file))
  const policyFolder = overrides.policy === undefined ? folder : process.cwd()
  const absolute = absolutePolicyPath(policyFolder, path)
  const given = textAt(document, 'policy', 'state')
  const parent =
    given === undefined ? defaultStateFolder(process.env['XDG_STATE_HOME']) : resolve(folder, given)
  return { ok: true, path: absolute, state: stateFolder(parent, absolute) }
}

/** Those without which there is no use in starting. */
function neededUpstreams(
  { upstreams }: Config,
  { overrides = {}, reached }: LoadOptions,
): readonly UpstreamConfig[] {
  const asked = overrides.command === undefined ? undefined : commandUpstream
  if (reached === undefined) {
    return upstreams.filter(({ name, required }) => required || name === asked)
  }
  const server = reached.server ?? asked
  return upstreams.filter(({ name }) => name === server || upstreams.length === 1)
}

/** The gateway reads the file itself, again and again; here only so that no problem is told later. */
function checkKeyFile(config: Config): LoadedConfig {
  const { apiKeyFile, apiKeys } = config.identity
  const loaded = apiKeyFile === null ? null : loadKeyFile(apiKeyFile, apiKeys)
  if (loaded === null || loaded.ok) {
    return { ok: true, config, fileKeys: loaded?.keys.length ?? 0 }
  }
  return { ok: false, problems: loaded.problems, policyPath: config.policy.path }
}

/** What a process needs to run at all; everything else of the gateway's environment may be secret. */
function inheritedVariables(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'LOGNAME']
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = process.env[name]
      return text === undefined ? [] : [[name, text]]
    }),
  )
}

interface ReadDocument {
  /** null: there is nothing further to check. */
  readonly document: YamlMap | null
  readonly lines: ReadonlyMap<string, number>
  readonly references: ReadonlySet<string>
  readonly problems: readonly ConfigProblem[]
}

function emptyDocument(): ReadDocument {
  const document: YamlMap = Object.create(null)
  return { document, lines: new Map(), references: new Set(), problems: [] }
}

function readDocument(file: string): ReadDocument {
  const unread = { document: null, lines: new Map<string, number>(), references: new Set<string>() }
  const content = readFileText(file, maxFileBytes)
  if (!content.ok) {
    const fix = 'give --config a YAML file that this user can read'
    return { ...unread, problems: [{ source: file, pointer: '', problem: content.problem, fix }] }
  }
  const { value, lines, problems: yamlProblems } = parseYaml(content.text)
  const inFile = (problem: ConfigProblem) => placed(problem, { file, lines, sources: new Map() })
  if (yamlProblems.length > 0) return { ...unread, problems: yamlProblems.map(inFile) }
  if (!isMap(value)) {
    const problem = { pointer: '', problem: 'is not a map of keys', fix: 'begin with `upstreams:`' }
    return { ...unread, problems: [inFile(problem)] }
  }
  const folder = dirname(resolve(file))
  const resolved = resolveReferences(value, {
    env: lookUpVariable,
    file: (path) => lookUpFile(path, folder),
  })
  const exposed = checkLiteralSecrets(value, file, content.exposedMode)
  return {
    document: isMap(resolved.value) ? resolved.value : null,
    lines,
    references: resolved.whole,
    problems: [...exposed, ...resolved.problems].map(inFile),
  }
}

function lookUpVariable(name: string): Lookup {
  const text = process.env[name]
  if (text !== undefined && text !== '') return { ok: true, text }
  const state = text === undefined ? 'not set' : 'empty'
  const problem = `the environment variable ${quoted(name)} is ${state}`
  return { ok: false, problem, fix: 'set it, or remove the reference' }
}

function lookUpFile(path: string, folder: string): Lookup {
  const content = readFileText(resolve(folder, path), maxReferencedBytes)
  if (!content.ok) {
    const problem = `the file ${quoted(path)} ${content.problem}`
    return { ok: false, problem, fix: 'name a readable file, relative to the configuration file' }
  }
  if (content.exposedMode !== null && !isPublicKey(content.text)) {
    return { ok: false, ...exposedProblem(path, content.exposedMode) }
  }
  const text = content.text.replace(/\r?\n$/, '')
  if (text !== '') return { ok: true, text }
  return { ok: false, problem: `the file ${quoted(path)} is empty`, fix: 'write the value into it' }
}

interface Places {
  readonly file: string | undefined
  readonly lines: ReadonlyMap<string, number>
  readonly sources: ReadonlyMap<string, string>
}

/** Adds where the value, or the nearest key around it, was written. */
function placed(problem: ConfigProblem, { file, lines, sources }: Places): ConfigProblem {
  for (
    let pointer: string | undefined = problem.pointer;
    pointer !== undefined;
    pointer = parentPointer(pointer)
  ) {
    const option = sources.get(pointer)
    if (option !== undefined) return { source: option, ...problem }
    const line = problem.line ?? lines.get(pointer)
    if (line !== undefined && file !== undefined) return { source: file, line, ...problem }
  }
  return file === undefined ? problem : { source: file, ...problem }
}

/** Problems without a line, those of the command line, come last. */
function byLine(one: ConfigProblem, other: ConfigProblem): number {
  const last = Number.MAX_SAFE_INTEGER
  return (one.line ?? last) - (other.line ?? last)
}
