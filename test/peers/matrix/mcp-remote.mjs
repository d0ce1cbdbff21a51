/**
 * A client over stdio whose server command is mcp-remote, which speaks HTTP: the v1 SDK before it
 * for the older eras, the v2 SDK for the newer one.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect as connectV1 } from './sdk-v1.mjs'
import { connect as connectV2 } from './sdk-v2.mjs'

const script = fileURLToPath(new URL('../node_modules/mcp-remote/dist/proxy.js', import.meta.url))

/** What a client starts gets little of its environment. */
const compiled = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '' }

export async function connect({ transport, url, headers = {}, mode }) {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-guard-remote-'))
  const lines = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}:${value}`])
  const to = [url, '--transport', `${transport}-only`, '--allow-http', ...lines]
  const era = mode === 'legacy' ? [] : ['--protocol', 'auto']
  const session = await (mode === 'legacy' ? connectV1 : connectV2)({
    transport: 'stdio',
    command: process.execPath,
    args: [script, ...to, ...era],
    env: { MCP_REMOTE_CONFIG_DIR: folder, ...compiled },
    mode,
  })
  return {
    ...session,
    async close() {
      await session.close()
      await rm(folder, { recursive: true })
    },
  }
}
