/**
 * A folder that `init` wrote as somebody who cloned it has it: mcp-guard and the example server are
 * found where `npx` looks first, so that nothing is fetched, and the steps of its workflow run as
 * they are written.
 */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseYaml } from '../../src/config/yaml.js'
import { packageFile } from '../../src/lib/package-root.js'

export interface Ended {
  readonly code: number | null
  readonly output: string
}

export interface Step {
  readonly name: string
  readonly run: string
}

const exampleServer = '@modelcontextprotocol/server-everything'

/** Lets `npx mcp-guard@…` and `npx @modelcontextprotocol/server-everything@…` find what is here. */
export function installInto(folder: string): void {
  const modules = join(folder, 'node_modules')
  for (const name of ['.bin', '@modelcontextprotocol']) {
    mkdirSync(join(modules, name), { recursive: true })
  }
  symlinkSync(packageFile(), join(modules, 'mcp-guard'))
  symlinkSync(packageFile('node_modules', exampleServer), join(modules, exampleServer))
  writeProgram(join(modules, '.bin', 'mcp-guard'), packageFile('dist', 'src', 'cli', 'main.js'))
  const server = packageFile('node_modules', exampleServer, 'dist', 'index.js')
  writeProgram(join(modules, '.bin', 'mcp-server-everything'), server)
}

function writeProgram(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`)
  chmodSync(path, 0o755)
}

/** The steps that are commands, with the environment that the workflow gives them. */
export function readWorkflow(folder: string): { env: Record<string, string>; steps: Step[] } {
  const { value, problems } = parseYaml(
    readFileSync(join(folder, '.github/workflows/policy.yml'), 'utf8').replace(
      'pull_request:',
      'pull_request: {}',
    ),
  )
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  const workflow = value as unknown as {
    env: Record<string, string>
    jobs: { policy: { steps: (Partial<Step> & { uses?: string })[] } }
  }
  const steps = workflow.jobs.policy.steps.flatMap(({ name = '', run }) =>
    run === undefined ? [] : [{ name, run }],
  )
  return { env: workflow.env, steps }
}

/** As the runner of GitHub does: bash that ends at the first failure, nobody at the terminal. */
function runStep(
  folder: string,
  command: string,
  variables: Readonly<Record<string, string>>,
): Promise<Ended> {
  const env = { PATH: process.env['PATH'], CI: 'true', ...variables }
  const child = spawn('bash', ['-eo', 'pipefail', '-c', command], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** Fails at the first step that does. `home`: where compiled policies are kept. */
export async function runWorkflow(folder: string, home: string): Promise<void> {
  const { env, steps } = readWorkflow(folder)
  assert.ok(steps.length >= 6)
  for (const { name, run } of steps) {
    const { code, output } = await runStep(folder, run, { ...env, HOME: home })
    assert.is(code, 0, `${name}: ${output}`)
  }
}
