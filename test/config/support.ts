/** A folder of its own per test file, removed at the end, and a configuration written into it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LoadedConfig, type LoadOptions, loadConfig } from '../../src/config/load.js'
import { formatConfigProblem } from '../../src/config/problem.js'

export const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-config-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

export function writeFile(name: string, text: string | Uint8Array, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

export function loadText(text: string, more: Omit<LoadOptions, 'file'> = {}): LoadedConfig {
  return loadConfig({ file: writeFile('guard.yaml', text), ...more })
}

/** The problems as the operator reads them, without the folder of the test. */
export function problemsOf(loaded: LoadedConfig): string[] {
  if (loaded.ok) return []
  return loaded.problems.map((problem) =>
    formatConfigProblem(problem).replaceAll(join(folder, 'guard.yaml'), 'guard.yaml'),
  )
}
