/**
 * What commands say of a bundle from elsewhere: names of files in it reach standard error with what a
 * terminal would carry out written out, and our own colours stay.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { printFailure, printNote } from '../../src/cli/terminal.js'
import { bundleOf, tarGz } from '../rego/tar.js'
import { inProcess } from './in-process.js'
import { folder } from './support.js'

const sequence = '\u001b]0;owned\u0007\u001b[31m'
const written = '\\u001b]0;owned\\u0007\\u001b[31m'

/** What is printed on standard error where a person reads there. */
function onTerminal(print: () => void): string {
  const { write, isTTY } = process.stderr
  let printed = ''
  process.stderr.write = (text: string | Uint8Array) => {
    printed += text
    return true
  }
  process.stderr.isTTY = true
  try {
    print()
  } finally {
    process.stderr.write = write
    process.stderr.isTTY = isTTY
  }
  return printed
}

test('notes and failures carry nothing out, keep their lines, and are painted by us alone', () => {
  const { NO_COLOR: noColor } = process.env
  process.env['NO_COLOR'] = ''
  const text = `a${sequence}\n\tb`
  assert.is(
    onTerminal(() => printNote(text)),
    `a${written}\n\tb\n`,
  )
  assert.is(
    onTerminal(() => printFailure(text)),
    `\u001b[31merror\u001b[0m: a${written}\n\tb\n`,
  )
  assert.is(
    onTerminal(() => printNote(text, `name${sequence}`)),
    `\u001b[1mname${written}\u001b[0ma${written}\n\tb\n`,
  )
  if (noColor === undefined) delete process.env['NO_COLOR']
  else process.env['NO_COLOR'] = noColor
})

test('a name that is an escape sequence', async () => {
  const rows: readonly Buffer[] = [
    bundleOf({ [`a${sequence}/x.rego`]: 'package x\n y := ' }),
    bundleOf({ [`a${sequence}/data.json`]: '{' }),
    tarGz([{ name: `a${sequence}`, content: '', type: '2' }]),
  ]
  for (const bundle of rows) {
    writeFileSync(join(folder, 'evil.tar.gz'), bundle)
    const { code, stdout, stderr } = await inProcess(['inspect', 'evil.tar.gz'])
    assert.is(code, 1)
    assert.not.match(stdout + stderr, '\u001b')
    assert.match(stderr, 'owned')
  }
})

test('so is what is printed of a bundle that is sound', async () => {
  const names = { [`a${sequence}/x.rego`]: 'package x\n', [`b${sequence}/data.json`]: '{"n": 1}' }
  writeFileSync(join(folder, 'sound.tar.gz'), bundleOf(names))
  const { code, stdout, stderr } = await inProcess(['inspect', 'sound.tar.gz'])
  assert.is(code, 0, stderr)
  assert.match(stdout, written)
  assert.not.match(stdout + stderr, '\u001b')
})

test.run()
