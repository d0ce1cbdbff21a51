/**
 * Where the package's own files (schemas, the compiler) are at run time: the nearest folder above
 * this module whose package.json is ours. Works from dist/, from a checkout and from node_modules.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GuardError } from '../errors.js'

const packageName = 'mcp-guard'
let found: string | undefined

/** Absolute path of a file of the package, e.g. `packageFile('schemas', 'facts.schema.json')`. */
export function packageFile(...segments: readonly string[]): string {
  found ??= findRoot(dirname(fileURLToPath(import.meta.url)))
  return join(found, ...segments)
}

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (isOurs(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) {
      throw new GuardError('GUARD_INTERNAL', 'the installation has no package.json')
    }
  }
}

function isOurs(file: string): boolean {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return (
      typeof manifest === 'object' &&
      manifest !== null &&
      'name' in manifest &&
      manifest.name === packageName
    )
  } catch {
    return false
  }
}
