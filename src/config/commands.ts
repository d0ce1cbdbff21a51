/**
 * Whether the programs of servers that are commands are on this machine, as far as files tell:
 * starts none. What is missing refuses the configuration where the server is needed; elsewhere it is
 * a warning, since the absence of one server is no reason to withhold the others.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { commandPlaces, isPath } from '../lib/command-places.js'
import type { StdioUpstreamConfig, UpstreamConfig } from './config.js'
import { type ConfigProblem, childPointer, quoted } from './problem.js'

export function missingCommands(upstreams: readonly UpstreamConfig[]): ConfigProblem[] {
  return upstreams.flatMap((upstream) => {
    const found = upstream.transport === 'stdio' ? problemOf(upstream) : null
    if (found === null) return []
    const { key, problem, fix } = found
    const pointer = childPointer(childPointer('/upstreams', upstream.name), key)
    return [{ pointer, problem, fix }]
  })
}

interface Missing {
  readonly key: 'command' | 'cwd'
  readonly problem: string
  readonly fix: string
}

function problemOf(upstream: StdioUpstreamConfig): Missing | null {
  const { command, cwd } = upstream
  // Checked first: without it no relative place means anything, and the system blames the command.
  if (cwd !== null && !isFolder(cwd)) {
    const problem = `${quoted(cwd)} is not a folder`
    return {
      key: 'cwd',
      problem,
      fix: 'make it, or name another; a relative one starts at the configuration file',
    }
  }
  const places = commandPlaces(upstream)
  if (places.some(isExecutable)) return null
  // The mistake of who has a command line at hand.
  const split = /\s/.test(command) ? ', and its arguments into args one by one' : ''
  if (!isPath(command)) {
    const problem = `${quoted(command)} is not found on PATH`
    const fix = `install it, or write the whole path of the program${split}`
    return { key: 'command', problem, fix }
  }
  const [place = command] = places
  const problem = `${quoted(place)} is not a program that this user can run`
  const fix = `write the path of an executable file${split}; a relative one starts at cwd`
  return { key: 'command', problem, fix }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
