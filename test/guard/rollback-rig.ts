/**
 * A gateway with three versions of a policy, and the command `rollback` beside it: each version denies
 * one more name, so that who decides is told by what is denied.
 */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { type Gateway, rolePolicy, startGateway, writePolicy } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

export const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
export const upstream = await startUpstream()

export const text = rolePolicy['main.rego'] ?? ''
/** One more name is denied by each. */
export const versions = ['one', 'two', 'three'].map((name, index, names) => ({
  name,
  files: {
    'main.rego': `${text}\n_denied if input.resource.id in ${JSON.stringify(names.slice(0, index + 1))}\n`,
  },
}))

export interface Health {
  readonly revision: string
  readonly problem: string | null
  readonly rollback: { to: string; from: string[] } | null
}

export async function health(gateway: Gateway): Promise<Health> {
  return JSON.parse((await gateway.admin('/health')).body).policy
}

/** How many of the names are denied: which version decides. */
export async function decides(gateway: Gateway): Promise<number> {
  const answers = await Promise.all(
    versions.map(async ({ name }) => JSON.parse((await gateway.send({ body: call(name) })).body)),
  )
  return answers.filter(({ result }) => result.isError === true).length
}

export async function save(gateway: Gateway, version: number): Promise<string> {
  await writePolicy(gateway.policyFolder, versions[version - 1]?.files ?? {})
  const { ok, message } = await gateway.guard.reload()
  assert.ok(ok, message)
  return (await health(gateway)).revision
}

export function rollback(
  gateway: Gateway,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const config = join(gateway.folder, 'guard.yaml')
  return new Promise((resolve) => {
    const all = [cli, 'rollback', '--config', config, ...args]
    execFile(process.execPath, all, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

export async function withGateway(use: (gateway: Gateway) => Promise<void>): Promise<void> {
  const gateway = await startGateway({ upstreams: { up: upstream.url } })
  try {
    await use(gateway)
  } finally {
    await gateway.close()
  }
}

export function stateOf(gateway: Gateway): string {
  const state = join(gateway.folder, 'state')
  return join(state, readdirSync(state)[0] ?? '')
}

/** Another gateway with the same policy and state. */
export function startBeside({ policyFolder, folder }: Gateway): Promise<Gateway> {
  return startGateway({
    upstreams: { up: upstream.url },
    policyOptions: { path: policyFolder, state: join(folder, 'state') },
  })
}
