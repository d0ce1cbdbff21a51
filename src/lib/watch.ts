/**
 * Notices that a file or a folder was saved. Compares names, sizes, times and places instead of
 * trusting change notices, which editors, network folders and symlink swaps of a cluster's volumes
 * each deliver differently. How often it looks goes by what a look costs.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

export interface Watch {
  /** Reports from now on, changes since the watch was made included. */
  start(): void
  stop(): void
}

const intervalMs = 400
/** Of a change that is told at its first sign. */
const eagerIntervalMs = 100
/** Looking takes no more than one part in so many of a processor. */
const share = 40
const maxIntervalMs = 2_000
/** So long nothing may change before a change counts as whole. */
const quietMs = 300
const maxFiles = 10_000

/** Reports once a change has settled. Resolves once the present state is known. */
export async function watchPath(path: string, onChange: () => Promise<void>): Promise<Watch> {
  return watching(async (pause) => {
    let settled = await look(path)
    let pending: string | null = null
    return async () => {
      if (!(await pause(intervalMs))) return
      const seen = await look(path)
      if (pending !== null && seen === pending) {
        settled = seen
        pending = null
        await onChange()
      } else pending = seen === settled ? null : seen
    }
  })
}

/**
 * Reports at the first sign of a change, so that work can begin while it settles. `settled` is to be
 * asked when that work is done: true when nothing has changed since the sign, for a while at least.
 * Otherwise what was read may be half of something, and the next report comes when all is quiet.
 * `counts`: which names in a folder matter; folders with a dot in front are not entered.
 */
export async function watchEagerly(
  path: string,
  onSign: (settled: () => Promise<boolean>) => Promise<void>,
  counts: Counts = () => true,
): Promise<Watch> {
  return watching(async (pause) => {
    let known = await look(path, counts)

    /** The state in which everything stays for a while; null: the watch was stopped. */
    async function quiet(): Promise<string | null> {
      for (let before = await look(path, counts); ; ) {
        if (!(await pause(quietMs))) return null
        const now = await look(path, counts)
        if (now === before) return now
        before = now
      }
    }

    async function report(seen: string): Promise<boolean> {
      const sinceMs = performance.now()
      let whole = false
      await onSign(async () => {
        const leftMs = sinceMs + quietMs - performance.now()
        whole = (await pause(Math.max(0, leftMs))) && (await look(path, counts)) === seen
        return whole
      })
      return whole
    }

    let nextMs = eagerIntervalMs
    return async () => {
      if (!(await pause(nextMs))) return
      const startedMs = performance.now()
      let seen: string | null = await look(path, counts)
      const costMs = (performance.now() - startedMs) * share
      nextMs = Math.min(Math.max(eagerIntervalMs, costMs), maxIntervalMs)
      if (seen === known) return
      while (seen !== null && !(await report(seen))) seen = await quiet()
      known = seen ?? known
    }
  })
}

/** Resolves to false when the watch was stopped. */
type Pause = (ms: number) => Promise<boolean>

async function watching(prepare: (pause: Pause) => Promise<() => Promise<void>>): Promise<Watch> {
  let stopped = false
  let wake: () => void = () => undefined
  const pause: Pause = (ms) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(!stopped), ms)
      wake = () => {
        clearTimeout(timer)
        resolve(false)
      }
      if (stopped) wake()
    })
  const turn = await prepare(pause)

  async function run(): Promise<void> {
    while (!stopped) await turn()
  }

  return {
    start() {
      run().catch(() => undefined)
    },
    stop() {
      stopped = true
      wake()
    },
  }
}

type Counts = (name: string) => boolean

/** One text for the state of a file or folder; an unreadable one has a state of its own. */
async function look(path: string, counts: Counts = () => true): Promise<string> {
  try {
    const info = await stat(path)
    if (!info.isDirectory()) return stateOf(info)
    const files = (await filesIn(path, counts)).sort().slice(0, maxFiles)
    const states = files.map(
      async (file) => `${file}:${stateOf(await stat(file).catch(() => null))}`,
    )
    return (await Promise.all(states)).join('\n')
  } catch {
    return 'unreadable'
  }
}

async function filesIn(folder: string, counts: Counts): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found = entries.map((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : filesIn(path, counts)
    return counts(entry.name) ? [path] : []
  })
  return (await Promise.all(found)).flat()
}

/** The time of the last change of whatever kind cannot be set by those who copy a file's times. */
function stateOf(found: { size: number; mtimeMs: number; ctimeMs: number; ino: number } | null) {
  return found === null ? '' : `${found.size}:${found.mtimeMs}:${found.ctimeMs}:${found.ino}`
}
