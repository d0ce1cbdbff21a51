/**
 * Finds the npm that runs this script, so that the script can end when npm does. npm puts a shell
 * in between, and when npm is killed outright neither the shell nor the script hears of it.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const shells = /^-?(sh|bash|dash|ash|zsh|ksh|busybox)$/

/** The process id of npm, or null when this is not run by npm or that cannot be told. */
export function npmProcess() {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return null
  try {
    const { name, parent } = lookUp(process.ppid)
    return shells.test(name) ? parent : process.ppid
  } catch {
    return null
  }
}

export function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function lookUp(pid) {
  const [, name, parent] = existsSync('/proc/self/stat')
    ? /\((.*)\) \S (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    : /^\s*(?:.*\/)?(\S+)\s+(\d+)\s*$/.exec(
        execFileSync('ps', ['-o', 'comm=', '-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }),
      )
  return { name, parent: Number(parent) }
}
