/**
 * The official conformance suite as a child process, and what it found: every check by scenario,
 * name and verdict. The suite needs a Node newer than the product does, which a package brings.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newerNode, peerNodeEnv } from '../support/peer-node.js'

export interface Check {
  readonly scenario: string
  readonly id: string
  readonly status: string
  readonly errorMessage?: string
}

export interface Findings {
  readonly exitCode: number | null
  readonly output: string
  /** Without what is only information. */
  readonly checks: readonly Check[]
}

const peers = fileURLToPath(new URL('../../../test/peers', import.meta.url))
const limitMs = 60_000

/** Why the suite cannot run here, or null. */
export const lackOfSuite = newerNode === null ? 'needs Node 22, and no package has it' : null

export type Edition = 'conformance-legacy' | '@modelcontextprotocol/conformance'

/** Runs the suite; `args` without where the results go. */
export async function runSuite(
  edition: Edition,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Findings> {
  const results = await mkdtemp(join(tmpdir(), 'mcp-guard-conformance-'))
  const suite = `node_modules/${edition}/dist/index.js`
  try {
    const ran = await new Promise<Omit<Findings, 'checks'>>((resolve) => {
      const options = {
        cwd: peers,
        timeout: limitMs,
        maxBuffer: 1e8,
        // Coverage is of the gateway, which runs in this process.
        env: { ...process.env, NODE_V8_COVERAGE: '', NO_COLOR: '1', ...peerNodeEnv, ...env },
      }
      const all = [suite, ...args, '--output-dir', results]
      const child = execFile(newerNode ?? '', all, options, (_error, stdout, stderr) => {
        resolve({ exitCode: child.exitCode, output: stdout + stderr })
      })
      child.stdin?.end()
    })
    return { ...ran, checks: await readChecks(results) }
  } finally {
    await rm(results, { recursive: true, force: true })
  }
}

/** A folder for each scenario: which side was tested, the scenario's name and the time. */
const folderPattern = /^(?:server-|client-)?(.+?)-\d{4}-\d\d-\d\dT[\d-]+Z$/

async function readChecks(results: string): Promise<Check[]> {
  const checks: Check[] = []
  for (const file of (await readdir(results, { recursive: true })).sort()) {
    const [, scenario] = folderPattern.exec(file.replace(/[\\/]checks\.json$/, '')) ?? []
    if (scenario === undefined || !file.endsWith('checks.json')) continue
    const found: Omit<Check, 'scenario'>[] = JSON.parse(await readFile(join(results, file), 'utf8'))
    for (const { id, status, errorMessage } of found) {
      if (status === 'INFO') continue
      const why = errorMessage === undefined ? {} : { errorMessage }
      checks.push({ scenario, id, status, ...why })
    }
  }
  return checks
}
