/** Adds an entry to a key file. What the file would be is read first: it is changed only if right. */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadKeyFile } from '../config/key-file.js'
import { formatConfigProblem } from '../config/problem.js'

/** What `init` writes: a list to which nothing was added yet. */
const emptyList = /^apiKeys: *\[ *\] *$/m

/** A list that is written out on its own line, to which no line can be added. */
const flowList = /^apiKeys: *\[/m
const flowListHint =
  'write each entry of apiKeys on lines of its own that begin with "  - "; where there is none yet, remove the file'

/** `entry`: lines of a YAML list without the last line feed. Throws Error with what to do. */
export function appendEntry(path: string, entry: string): void {
  const found = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const before = found.replace(emptyList, 'apiKeys:')
  const start = before === '' ? 'apiKeys:\n' : before.endsWith('\n') ? '' : '\n'
  const addition = `${start}${entry}\n`
  const trial = `${resolve(path)}.${process.pid}.new`
  try {
    writeFileSync(trial, before + addition, { mode: 0o600, flag: 'wx' })
    const loaded = loadKeyFile(trial, [])
    if (!loaded.ok) {
      const problems = loaded.problems.map((problem) =>
        formatConfigProblem({ ...problem, source: path }),
      )
      const hint = flowList.test(before) ? `\n${flowListHint}` : ''
      const text = `nothing was added, since the file would be wrong:\n${problems.join('\n')}`
      throw new Error(text + hint)
    }
  } finally {
    rmSync(trial, { force: true })
  }
  // In place, so that owner and mode stay what the gateway's user needs.
  if (before === found) appendFileSync(path, addition, { mode: 0o600 })
  else writeFileSync(path, before + addition)
}
