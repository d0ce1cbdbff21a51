/**
 * What a process and its children have cost so far, from /proc (Linux only). CPU time of children
 * that ended is in their parent's account once it has waited for them, so nothing gets lost.
 */
import { readdirSync, readFileSync } from 'node:fs'

export interface TreeCost {
  readonly cpuMs: number
  /** Sum over the processes of the most memory each has held. */
  readonly peakMb: number
}

/** USER_HZ, which is 100 on every platform Node is built for: 10 ms a tick. */
const tickMs = 10

/** The process, its children and theirs. Throws when the process is gone. */
export function treeCost(pid: number): TreeCost {
  let cpuMs = cpuOf(pid)
  let peakMb = peakOf(pid)
  for (const child of childrenOf(pid)) {
    try {
      const cost = treeCost(child)
      cpuMs += cost.cpuMs
      peakMb += cost.peakMb
    } catch {
      // It ended between the listing and the look.
    }
  }
  return { cpuMs, peakMb }
}

/** utime, stime, cutime and cstime: fields 14 to 17 of /proc/PID/stat, after the name in brackets. */
function cpuOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * tickMs
}

function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(/^VmHWM:\s*([0-9]+)/m.exec(status)?.[1] ?? 0) / 1024
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
    return text.split(' ').filter(Boolean).map(Number)
  })
}
