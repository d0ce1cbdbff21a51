/**
 * The file that `identity.apiKeyFile` names: a map with the one key `apiKeys`, whose entries are those
 * of the configuration, read by the same schema and the same checks. It can be read again while the
 * gateway runs, and then counts as a whole or not at all.
 */

import { isDeepStrictEqual } from 'node:util'
import { checkKeys, keyFacts, sameFactsFix } from './check-keys.js'
import type { ApiKeyConfig } from './config.js'
import { normaliseApiKey } from './normalise.js'
import { type ConfigProblem, quoted } from './problem.js'
import { readFileText } from './read-file.js'
import { validateKeyFile } from './schema.js'
import { isMap, listAt } from './view.js'
import { parseYaml } from './yaml.js'

export type LoadedKeys =
  | { readonly ok: true; readonly keys: readonly ApiKeyConfig[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** 100,000 entries with a few roles each. */
const maxFileBytes = 64 * 1024 * 1024

/** `path`: absolute. `configured`: keys of the configuration, none of which may be here again. */
export function loadKeyFile(path: string, configured: readonly ApiKeyConfig[]): LoadedKeys {
  let lines: ReadonlyMap<string, number> = new Map()
  const refused = (problems: readonly ConfigProblem[]): LoadedKeys => ({
    ok: false,
    problems: problems.map((problem) => {
      const line = problem.line ?? lines.get(problem.pointer)
      return { source: path, ...problem, ...(line === undefined ? {} : { line }) }
    }),
  })
  const content = readFileText(path, maxFileBytes)
  if (!content.ok) {
    const fix = 'name a YAML file that this user can read; mcp-guard keygen --append makes one'
    return refused([{ pointer: '', problem: content.problem, fix }])
  }
  const { exposedMode } = content
  if (exposedMode !== null && isOpenToAll(exposedMode)) {
    const problem = `can be written by every user of this machine (mode ${exposedMode})`
    return refused([{ pointer: '', problem, fix: `run: chmod o-w ${path}` }])
  }
  const { value, lines: ofText, problems } = parseYaml(content.text)
  lines = ofText
  if (problems.length > 0) return refused(problems)
  if (!isMap(value)) {
    return refused([{ pointer: '', problem: 'is not a map of keys', fix: 'begin with `apiKeys:`' }])
  }
  const invalid = [...validateKeyFile(value), ...checkKeys(listAt(value, 'apiKeys'), '/apiKeys')]
  if (invalid.length > 0) return refused(invalid)
  const { apiKeys } = value as unknown as { apiKeys: Parameters<typeof normaliseApiKey>[0][] }
  const keys = apiKeys.map(normaliseApiKey)
  const clashOf = createClashes(configured)
  const clashes = keys.flatMap((key, index) => clashOf(key, `/apiKeys/${index}`))
  return clashes.length > 0 ? refused(clashes) : { ok: true, keys }
}

/** Digests may be read by anybody; whoever writes one lets itself in. A group may be the operators'. */
function isOpenToAll(mode: string): boolean {
  return (Number.parseInt(mode, 8) & 0o002) !== 0
}

type ClashOf = (key: ApiKeyConfig, pointer: string) => ConfigProblem[]

/** The configuration and the file are one list, whose rules hold across both. */
function createClashes(configured: readonly ApiKeyConfig[]): ClashOf {
  const owners = new Map(configured.map(({ sha256, id }) => [sha256, id]))
  const entries = new Map(configured.map((key) => [key.id, key]))
  return function clashOf(key, pointer) {
    const owner = owners.get(key.sha256)
    if (owner !== undefined) {
      const problem = `is the key of ${quoted(owner)} in identity.apiKeys`
      return [{ pointer: `${pointer}/sha256`, problem, fix: 'keep one of the two' }]
    }
    const other = entries.get(key.id)
    if (other === undefined) return []
    const differing = keyFacts.find((name) => !isDeepStrictEqual(key[name], other[name]))
    if (differing === undefined) return []
    const problem = `is ${quoted(key.id)} with other ${differing} than in identity.apiKeys`
    return [{ pointer, problem, fix: sameFactsFix }]
  }
}
