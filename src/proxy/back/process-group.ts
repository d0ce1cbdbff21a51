/**
 * Process groups that this gateway started, ended whole: what a server's command has started in turn
 * must not outlive it. Standard input has been closed by then; a group that does not go gets SIGTERM
 * and then SIGKILL. If the gateway itself goes without closing, its groups are killed on exit.
 */

/** Each step of ending waits as long. */
const stepMs = 2000

const groups = new Set<number>()
let watching = false

/** `pid`: of a process that was started detached, and so leads a group. */
export function ownGroup(pid: number): void {
  groups.add(pid)
  if (watching) return
  watching = true
  process.on('exit', () => {
    for (const group of groups) signal(group, 'SIGKILL')
  })
}

/**
 * Resolves when nothing of the group is left. `leaderGone`: its first process has ended, so there is
 * nothing to wait for before SIGTERM.
 */
export async function endGroup(pid: number, leaderGone: boolean): Promise<void> {
  if (!leaderGone) await gone(pid)
  if (signal(pid, 'SIGTERM')) await gone(pid)
  // What SIGKILL leaves is a zombie of somebody else or a process in the kernel: neither can be helped.
  if (signal(pid, 'SIGKILL')) await gone(pid)
  groups.delete(pid)
}

async function gone(pid: number): Promise<void> {
  const deadline = performance.now() + stepMs
  let pauseMs = 5
  while (signal(pid, 0) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    pauseMs = Math.min(pauseMs * 2, 100)
  }
}

/** false: there is no such group any more. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, name)
    return true
  } catch {
    return false
  }
}
