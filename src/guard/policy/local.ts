/**
 * A policy on this machine, a folder or a file: offered at the start, and whenever it was saved.
 * Compiling begins at the first sign of a change and counts only if nothing changed until its end,
 * so that nothing half-written is activated and nobody waits for things to settle.
 */
import { statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Watch, watchEagerly } from '../../lib/watch.js'
import { mayBeSource, readSources } from '../../rego/sources.js'
import type { Activate, Outcome } from './activation.js'

export interface Source {
  /** What there is now is offered once; the outcome is that of the offer. */
  ask(): Promise<Outcome>
  /** Begins to notice changes. */
  start(): void
  stop(): void
}

export interface LocalOptions {
  readonly path: string
  readonly activate: Activate
  /** Told of every outcome that nobody asked for. */
  readonly settled: (outcome: Outcome) => void
}

/** Watched from before the first reading, so that nothing saved meanwhile is missed. */
export async function openLocalSource(options: LocalOptions): Promise<Source> {
  const { path, activate, settled } = options
  const offer = {
    from: 'source',
    read: () => readSources(path),
    shown: (file: string) => shownFile(path, file),
  } as const
  const watch: Watch = await watchEagerly(
    path,
    async (isCurrent) => settled(await activate({ ...offer, isCurrent })),
    mayBeSource,
  )
  return {
    ask: () => activate(offer),
    start: watch.start,
    stop: watch.stop,
  }
}

/** As seen from the current folder, so that an editor can open it; what is in a bundle stays there. */
function shownFile(path: string, file: string): string {
  if (path.endsWith('.rego')) return relative(process.cwd(), path)
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  return isFolder ? relative(process.cwd(), join(path, file)) : file
}
