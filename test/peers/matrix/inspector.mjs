/**
 * The Inspector's command line, run as often as there are steps, but in this process: starting it
 * takes longer than all it does. It has no way to cancel, and says so.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../node_modules/@modelcontextprotocol/inspector/clients/cli/build/index.js'

export async function connect({ transport, url, headers = {}, command, args, env, mode }) {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-inspector-'))
  const where = command === undefined ? [url] : [command, ...args]
  const pairs = Object.entries(env ?? {}).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  const lines = Object.entries(headers).flatMap(([name, value]) => [
    '--header',
    `${name}: ${value}`,
  ])
  const how = ['--transport', transport, ...lines, ...pairs, '--protocol-era', mode, '--quiet']
  let runs = 0

  async function run(...method) {
    const output = join(folder, `${runs++}.json`)
    const argv = [...how, '--output', output, '--method', ...method, '--', ...where]
    const ended = await runCli(['node', 'cli', ...argv]).catch((error) => error)
    // A result that says isError is written, and is an error.
    const written = await readFile(output, 'utf8').catch(() => null)
    if (written === null) throw ended
    return JSON.parse(written)
  }

  const first = await run('tools/list').catch(async (error) => {
    await rm(folder, { recursive: true })
    throw error
  })
  return {
    list: async () => first.tools,
    // What is not listed is not called.
    looksUp: true,
    call: (name, given) =>
      run('tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(given)),
    cancel: async () => ({ done: await run('notifications/cancelled') }),
    close: () => rm(folder, { recursive: true }),
  }
}
