/**
 * Everything that commands say and how a process ends: results on standard output, everything else
 * on standard error, colour only where a person reads. Text from servers is made harmless before it
 * reaches a terminal, because escape sequences in it would be carried out there.
 */

import type { Paint } from '../lib/paint.js'
import { escapeUnprintable } from '../lib/printable.js'

/** 0: done; 1: refused or failed; 2: the command line itself was wrong. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const

/** The command line was wrong; the message says what and how it is right. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2))
}

/** Names of files in a bundle are others' text too; it is colourless, `highlighted` stands before it. */
export function printNote(text: string, highlighted = ''): void {
  const start = highlighted === '' ? '' : paint(process.stderr, 1, harmless(highlighted))
  process.stderr.write(`${start}${harmless(text)}\n`)
}

export function printFailure(text: string): void {
  process.stderr.write(`${paint(process.stderr, 31, 'error')}: ${harmless(text)}\n`)
}

/** Prints text that others wrote; line breaks and tabs stay. */
export function printForeign(text: string): void {
  printLine(process.stdout.isTTY ? harmless(text) : text)
}

function harmless(text: string): string {
  const parts = text.split(/([\n\t])/)
  return parts.map((part) => (/^[\n\t]$/.test(part) ? part : escapeUnprintable(part))).join('')
}

/** Honours NO_COLOR (no-color.org). */
export function paint(stream: NodeJS.WriteStream, code: number, text: string): string {
  const noColor = process.env['NO_COLOR'] ?? ''
  return stream.isTTY && noColor === '' ? `\u001b[${code}m${text}\u001b[0m` : text
}

export function painter(stream: NodeJS.WriteStream): Paint {
  return (code, text) => paint(stream, code, text)
}

/** A reader that stops early (`| head`) is no error of ours. */
export function endQuietlyOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}
