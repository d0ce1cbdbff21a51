/**
 * Audit lines appended to a file: opened with O_APPEND, so lines of several processes and a rotation
 * by copying do not overwrite each other, and with mode 0600 when it is made here. Anything but a
 * regular file is refused: a link may lead where the operator did not say, a pipe or device loses
 * lines. Rotation by renaming needs `reopen`.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { asGuardError, GuardError } from '../errors.js'
import { createLineWriter, type LineWriter } from './line-writer.js'

/** Where lines go. */
export interface Sink extends LineWriter {
  /** Opens the target anew; throws, with the old one still open, when that fails. */
  reopen(): void
  close(): void
}

interface OpenFile {
  readonly fd: number
  readonly writer: LineWriter
}

// Reading is for the last byte only. Not blocking: opening a pipe nobody reads would hang.
const flags =
  constants.O_RDWR |
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK

/** Throws GuardError GUARD_CONFIG_INVALID when the file cannot be opened or is not one. */
export function createFileSink(path: string): Sink {
  let file = openFile(path)
  return {
    write: (lines) => file.writer.write(lines),
    reopen() {
      const old = file
      file = openFile(path)
      closeSync(old.fd)
    },
    close: () => closeSync(file.fd),
  }
}

function openFile(path: string): OpenFile {
  let fd: number | null = null
  try {
    fd = openSync(path, flags, 0o600)
    const stat = fstatSync(fd)
    if (!stat.isFile()) {
      throw new GuardError('GUARD_CONFIG_INVALID', `audit file \`${path}\` is not a regular file`)
    }
    return { fd, writer: createLineWriter(fd, endsInLine(fd, stat.size)) }
  } catch (thrown) {
    if (fd !== null) closeSync(fd)
    throw asGuardError(
      thrown,
      'GUARD_CONFIG_INVALID',
      `audit file \`${path}\` ${problemOf(thrown)}`,
    )
  }
}

function problemOf(thrown: unknown): string {
  const isLink = thrown instanceof Error && 'code' in thrown && thrown.code === 'ELOOP'
  return isLink ? 'is a symbolic link' : 'cannot be opened'
}

function endsInLine(fd: number, size: number): boolean {
  if (size === 0) return false
  const last = Buffer.alloc(1)
  readSync(fd, last, 0, 1, size - 1)
  return last[0] !== 0x0a
}
