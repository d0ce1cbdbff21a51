/**
 * How upstreams fit together and beside our own listeners: each has a URL or a command, paths are
 * well formed, none lies at, above or below another or a health path, URLs are http(s), carry no
 * credentials, and none leads back to the gateway (every message would go round for ever). Compares
 * texts; a DNS name or a foreign address that ends at this machine is not recognised.
 */

import { isHeardBy } from './address.js'
import { type ConfigProblem, childPointer, quoted } from './problem.js'
import { checkCredential } from './upstream-credential.js'
import { entriesAt, listAt, numberAt, textAt, valueAt } from './view.js'
import type { YamlMap, YamlValue } from './yaml.js'

const reservedPaths: ReadonlyMap<string, string> = new Map([
  ['/health', 'the health path /health'],
  ['/live', 'the health path /live'],
  ['/ready', 'the health path /ready'],
  ['/.well-known/oauth-protected-resource', 'the place of the metadata of OAuth'],
])

const wellFormedPath = /^(\/(?!\.{1,2}(\/|$))[0-9A-Za-z._~-]+)+$/

export function upstreamPath(name: string, path: string | null | undefined): string {
  return path ?? `/mcp/${name}`
}

export function checkUpstreams(document: YamlMap): ConfigProblem[] {
  return entriesAt(document, 'upstreams').flatMap(([name, upstream], index, all) => {
    const pointer = childPointer('/upstreams', name)
    const earlier = all
      .slice(0, index)
      .map(([other, value]) => [other, upstreamPath(other, textAt(value, 'path'))] as const)
    return [
      ...checkKind(upstream, pointer),
      ...checkPath(upstreamPath(name, textAt(upstream, 'path')), pointer, earlier),
      ...checkUrl(textAt(upstream, 'url'), childPointer(pointer, 'url'), document),
      ...checkCredential(valueAt(upstream, 'credential'), childPointer(pointer, 'credential')),
    ]
  })
}

/** A server is reached by URL or started by command; the keys of one mean nothing to the other. */
function checkKind(upstream: YamlValue, pointer: string): ConfigProblem[] {
  const hasUrl = (valueAt(upstream, 'url') ?? null) !== null
  const hasCommand = (valueAt(upstream, 'command') ?? null) !== null
  if (hasUrl && hasCommand) {
    const fix = 'keep the url of a running server, or the command that starts one'
    return [{ pointer, problem: 'has both "url" and "command"', fix }]
  }
  if (!hasUrl && !hasCommand) {
    const fix = 'add the url of a running server, or the command that starts one'
    return [{ pointer, problem: 'has neither "url" nor "command"', fix }]
  }
  const given = {
    args: listAt(upstream, 'args').length > 0,
    env: entriesAt(upstream, 'env').length > 0,
    cwd: textAt(upstream, 'cwd') !== undefined,
    transport: textAt(upstream, 'transport') === 'sse',
    credential: (valueAt(upstream, 'credential') ?? null) !== null,
  }
  const foreign = hasUrl
    ? (['args', 'env', 'cwd'] as const)
    : (['transport', 'credential'] as const)
  return foreign
    .filter((key) => given[key])
    .map((key) => ({
      pointer: childPointer(pointer, key),
      problem: `means nothing beside "${hasUrl ? 'url' : 'command'}"`,
      fix: 'remove it',
    }))
}

function checkPath(
  path: string,
  pointer: string,
  earlier: readonly (readonly [name: string, path: string])[],
): ConfigProblem[] {
  const place = childPointer(pointer, 'path')
  if (!wellFormedPath.test(path)) {
    const fix = 'write /segment/segment of letters, digits, `.`, `_`, `~` and `-`'
    return [{ pointer: place, problem: `${quoted(path)} is not a usable path`, fix }]
  }
  const reserved = [...reservedPaths].find(([other]) => overlaps(path, other))
  if (reserved !== undefined) {
    const problem = `${quoted(path)} overlaps ${reserved[1]}`
    return [{ pointer: place, problem, fix: 'choose another path' }]
  }
  return earlier
    .filter(([, other]) => overlaps(path, other))
    .map(([name, other]) => ({
      pointer: place,
      problem: `${quoted(path)} overlaps ${quoted(other)} of upstream ${quoted(name)}`,
      fix: 'give each upstream a path of its own, neither above nor below another',
    }))
}

/** By whole segments: /mcp overlaps /mcp/a, but not /mcpx. */
function overlaps(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`)
}

function checkUrl(text: string | undefined, pointer: string, document: YamlMap): ConfigProblem[] {
  if (text === undefined) return []
  const url = parseHttpUrl(text)
  if (url === null) {
    return [{ pointer, problem: 'is not an http or https URL', fix: 'write http://host:port/path' }]
  }
  const problems: ConfigProblem[] = []
  if (url.username !== '' || url.password !== '') {
    const fix = 'remove user and password; they would be logged and shown'
    problems.push({ pointer, problem: 'holds credentials', fix })
  }
  if (url.hash !== '') {
    problems.push({ pointer, problem: 'has a fragment', fix: 'remove the # and what follows' })
  }
  if (leadsBack(url, document)) {
    const problem = 'leads back to the gateway itself'
    problems.push({ pointer, problem, fix: 'point it at the MCP server, or listen elsewhere' })
  }
  return problems
}

function leadsBack(url: URL, document: YamlMap): boolean {
  const publicUrl = parseHttpUrl(textAt(document, 'listen', 'publicUrl') ?? '')
  if (publicUrl?.origin === url.origin) return true
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return ['listen', 'admin'].some((listener) => {
    const host = textAt(document, listener, 'host')
    return (
      host !== undefined &&
      numberAt(document, listener, 'port') === port &&
      isHeardBy(host, url.hostname)
    )
  })
}

export function parseHttpUrl(text: string): URL | null {
  // The URL parser drops tabs and line breaks and trims spaces, which hides what was written.
  if (/[\s\p{C}]/u.test(text) || !URL.canParse(text)) return null
  const url = new URL(text)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : null
}
