/**
 * The file that `identity.apiKeyFile` names: a map with the one key `apiKeys`, whose entries are those
 * of the configuration, read by the same schema and the same checks. It can be read again while the
 * gateway runs, and then counts as a whole or not at all.
 */

import { checkKeys } from './check-keys.js'
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
    const fix = 'name a YAML file that this user can read, such as one begun with `apiKeys: []`'
    return refused([{ pointer: '', problem: content.problem, fix }])
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
  const known = new Map(configured.map((key) => [key.sha256, key.id]))
  const again = keys.flatMap(({ sha256 }, index) => {
    const id = known.get(sha256)
    if (id === undefined) return []
    const pointer = `/apiKeys/${index}/sha256`
    const problem = `is the key of ${quoted(id)} in identity.apiKeys`
    return [{ pointer, problem, fix: 'keep one of the two' }]
  })
  return again.length > 0 ? refused(again) : { ok: true, keys }
}
