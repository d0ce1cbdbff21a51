/**
 * Puts a text in the place of a file's: whoever reads it sees the old one or the new one, and it
 * keeps its mode. A link stays one; what it leads to is replaced.
 */
import {
  chmodSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'

/** Throws when the file does not hold `before` any more, and when it cannot be written. */
export function replaceFile(file: string, before: string, after: string): void {
  const target = realpathSync(file)
  const draft = `${target}.${process.pid}.tmp`
  try {
    writeFileSync(draft, after, { flag: 'wx' })
    chmodSync(draft, statSync(target).mode & 0o7777)
    if (readFileSync(target, 'utf8') !== before) throw new Error('it was changed meanwhile')
    renameSync(draft, target)
  } catch (thrown) {
    rmSync(draft, { force: true })
    throw thrown
  }
}
