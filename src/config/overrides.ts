/**
 * What the command line says about the configuration, laid over the document. An override wins over
 * the file and is never searched for references.
 */

import { childPointer } from './problem.js'
import { isMap } from './view.js'
import type { YamlMap } from './yaml.js'

export interface ConfigOverrides {
  /** Relative to the working directory. */
  readonly policy?: string
  readonly upstreams?: readonly { readonly name: string; readonly url: string }[]
  readonly listen?: { readonly host: string; readonly port: number }
  /** Starts the server `server`: a program and its arguments. */
  readonly command?: { readonly program: string; readonly args: readonly string[] }
  /** Absolute, or `-`. */
  readonly audit?: string
}

/** The upstream that a command on the command line starts. */
export const commandUpstream = 'server'

/** Changes `document`; returns which option each overridden pointer came from. */
export function applyOverrides(
  document: YamlMap,
  overrides: ConfigOverrides,
): ReadonlyMap<string, string> {
  const sources = new Map<string, string>()
  if (overrides.policy !== undefined) {
    memberMap(document, 'policy')['path'] = overrides.policy
    sources.set('/policy/path', '--policy')
  }
  if (overrides.listen !== undefined) {
    Object.assign(memberMap(document, 'listen'), overrides.listen)
    sources.set('/listen/host', '--listen')
    sources.set('/listen/port', '--listen')
  }
  if (overrides.audit !== undefined) {
    memberMap(document, 'audit')['file'] = overrides.audit
    sources.set('/audit/file', '--audit')
  }
  if (overrides.command !== undefined) {
    const { program, args } = overrides.command
    const server = memberMap(memberMap(document, 'upstreams'), commandUpstream)
    Object.assign(server, { command: program, args: [...args] })
    sources.set(childPointer('/upstreams', commandUpstream), 'the command after --')
  }
  for (const { name, url } of overrides.upstreams ?? []) {
    const upstreams = memberMap(document, 'upstreams')
    const known = Object.hasOwn(upstreams, name)
    memberMap(upstreams, name)['url'] = url
    const pointer = childPointer('/upstreams', name)
    sources.set(known ? childPointer(pointer, 'url') : pointer, '--upstream')
  }
  return sources
}

/** The map at `key`, made where there is none; a value of another type is left for the schema. */
function memberMap(map: YamlMap, key: string): YamlMap {
  const present = Object.hasOwn(map, key) ? map[key] : undefined
  if (isMap(present)) return present
  const made: YamlMap = Object.create(null)
  if (present === undefined) map[key] = made
  return made
}
