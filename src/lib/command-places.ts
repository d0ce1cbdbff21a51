/**
 * Where the system would look for the program of a command, in that order, as execvp(3) does for a
 * child with this environment and working directory. Looks at no file.
 */
import { delimiter, join, resolve } from 'node:path'

export interface CommandPlace {
  readonly command: string
  /** Null: that of this process. */
  readonly cwd: string | null
  readonly env: Readonly<Record<string, string>>
}

export function isPath(command: string): boolean {
  return command.includes('/')
}

export function commandPlaces({ command, cwd, env }: CommandPlace): string[] {
  const folder = cwd ?? '.'
  if (isPath(command)) return [resolve(folder, command)]
  return (env['PATH'] ?? '').split(delimiter).map((place) => join(resolve(folder, place), command))
}
