/**
 * Notices that a file or a folder was saved. Compares names, sizes and times twice a second instead of
 * trusting change notices, which editors, network folders and symlink swaps of a cluster's volumes
 * each deliver differently. Reports once a change has settled.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface Watch {
  /** Reports from now on, changes since `watchPath` included. */
  start(): void
  stop(): void
}

const intervalMs = 400
const maxFiles = 10_000

/** Resolves once the present state is known; everything later is a change. */
export async function watchPath(path: string, onChange: () => Promise<void>): Promise<Watch> {
  let settled = await signature(path)
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  async function watch(): Promise<void> {
    let pending: string | null = null
    while (!stopped) {
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, intervalMs)
      })
      const seen = await signature(path)
      if (pending !== null && seen === pending) {
        settled = seen
        pending = null
        if (!stopped) await onChange()
      } else pending = seen === settled ? null : seen
    }
  }

  return {
    start() {
      watch().catch(() => undefined)
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** One text for the state of a file or folder; an unreadable one has a state of its own. */
async function signature(path: string): Promise<string> {
  try {
    const info = await stat(path)
    if (!info.isDirectory()) return `${info.size}:${info.mtimeMs}:${info.ino}`
    const names = await readdir(path, { recursive: true })
    const parts: string[] = []
    for (const name of names.slice(0, maxFiles).sort()) {
      const file = await stat(join(path, name)).catch(() => null)
      parts.push(`${name}:${file?.size}:${file?.mtimeMs}:${file?.ino}`)
    }
    return parts.join('\n')
  } catch {
    return 'unreadable'
  }
}
