/**
 * What other people's programs run on: this node, or the newer one of `test/peers`. That one starts
 * in half the time, and keeps what it compiled for the next process; the product runs on this one.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const packaged = `${root}test/peers/node_modules/node-${process.platform}-${process.arch}/bin/node`
const isNew = Number(process.versions.node.split('.')[0]) >= 22

/** Node 22 or newer; null: there is none. */
export const newerNode: string | null = isNew
  ? process.execPath
  : existsSync(packaged)
    ? packaged
    : null

export const peerNode: string = newerNode ?? process.execPath

export const peerNodeEnv: Readonly<Record<string, string>> = {
  NODE_COMPILE_CACHE: `${root}dist/.test-cache/peers`,
}
