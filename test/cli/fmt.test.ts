/** `fmt`: what is shown and what is written, and above all what is not. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

const untidy = '# why\npackage a\nallow   if { # when\n  input.x==1\n}\n'
const tidy = '# why\npackage a\n\nallow if { # when\n\tinput.x == 1\n}\n'
const broken = 'package b\n\nallow if {\n'

let made = 0
/** A new folder below the one that commands run in, with these files. */
function place(files: Readonly<Record<string, string>>): string {
  made += 1
  const name = `fmt-${made}`
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, file, '..'), { recursive: true })
    writeFileSync(join(folder, name, file), text)
  }
  return name
}

const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8')

test('a file that cannot be formatted: its place, exit 1, and nothing is written', async () => {
  const at = place({ 'a.rego': untidy, 'b/b.rego': broken, 'c.rego': 'package c\nx = {\n' })
  const { code, stdout, stderr } = await inProcess(['fmt', '-w', at])
  assert.is(code, 1)
  assert.is(stdout, '')
  assert.match(stderr, `${at}/b/b.rego:4:`)
  assert.match(stderr, `${at}/c.rego:3:`)
  assert.match(stderr, 'error: nothing is formatted')
  assert.is(read(at, 'a.rego'), untidy)
})

test('a comment that formatting has no place for is refused', async () => {
  const at = place({ 'a.rego': 'package a\n\np[ # one\n{"a": # two\n"b"} # three\n] := true\n' })
  const { code, stderr } = await inProcess(['fmt', '-w', at])
  assert.is(code, 1)
  assert.match(stderr, `${at}/a.rego:`)
  assert.match(
    stderr,
    'formatting finds no place for a comment (put comments on lines of their own',
  )
})

test('a file that cannot be written is told of, and the exit is 1', async () => {
  const at = place({ 'a.rego': untidy })
  // Where the new text is written first.
  writeFileSync(join(folder, at, `a.rego.${process.pid}.tmp`), 'another')
  const { code, stdout, stderr } = await inProcess(['fmt', '-w', at])
  assert.equal([code, stdout], [1, ''])
  assert.match(stderr, `error: ${at}/a.rego is not written: EEXIST`)
  assert.is(read(at, 'a.rego'), untidy)
})

test('standard input that is no text, or without end, is refused; there is nothing to write to', async () => {
  const stdin = Object.getOwnPropertyDescriptor(process, 'stdin') ?? {}
  const piped = async (pieces: Iterable<Buffer>) => {
    Object.defineProperty(process, 'stdin', { configurable: true, value: Readable.from(pieces) })
    try {
      return await inProcess(['fmt', '-'])
    } finally {
      Object.defineProperty(process, 'stdin', stdin)
    }
  }
  const rows: readonly (readonly [pieces: Iterable<Buffer>, problem: string])[] = [
    [[Buffer.from('package a\n# '), Buffer.of(0xff)], 'standard input is not UTF-8'],
    [Array(17).fill(Buffer.alloc(1024 * 1024, '\n')), 'more than 16777216 bytes (name files)'],
  ]
  for (const [pieces, problem] of rows) {
    const { code, stdout, stderr } = await piped(pieces)
    assert.equal([code, stdout], [1, ''], problem)
    assert.ok(stderr.startsWith(problem), stderr)
  }
  const written = await inProcess(['fmt', '-w', '-'])
  assert.is(written.code, 2)
  assert.match(written.stderr, 'error: --write needs files; - is printed\n')
})

test('a link out of the folder is refused', async () => {
  const at = place({ 'inside.rego': tidy })
  const other = place({ 'outside.rego': untidy })
  symlinkSync(join(folder, other, 'outside.rego'), join(folder, at, 'link.rego'))
  const { code, stderr } = await inProcess(['fmt', '-w', at])
  assert.is(code, 1)
  assert.match(stderr, 'link.rego: a link that leads out of the policy folder')
  assert.is(read(other, 'outside.rego'), untidy)
})

test('a bundle, and a folder without Rego', async () => {
  const at = place({ 'bundle.tar.gz': '\u001f\u008b', 'empty/note.txt': 'x' })
  writeFileSync(join(folder, at, 'bundle.tar.gz'), Buffer.from([0x1f, 0x8b, 8]))
  const bundle = await inProcess(['fmt', join(at, 'bundle.tar.gz')])
  assert.match(bundle.stderr, 'is a bundle (name its sources)')
  const empty = await inProcess(['fmt', join(at, 'empty')])
  assert.match(empty.stderr, 'there is no .rego file in')
  assert.equal([bundle.code, empty.code], [1, 1])
})

test('without an option the text is printed, comments kept, and the file left', async () => {
  const at = place({ 'a.rego': untidy })
  assert.equal(await inProcess(['fmt', join(at, 'a.rego')]), { code: 0, stdout: tidy, stderr: '' })
  assert.is(read(at, 'a.rego'), untidy)
})

test('-l, -d and --fail say what would change', async () => {
  const at = place({ 'a.rego': untidy, 'b.rego': 'package b\n', 'c_test.rego': untidy })
  assert.equal(await inProcess(['fmt', '-l', at]), {
    code: 0,
    stdout: `${at}/a.rego\n${at}/c_test.rego\n`,
    stderr: '',
  })
  const { code, stdout } = await inProcess(['fmt', '-d', '--fail', join(at, 'a.rego')])
  assert.is(code, 1)
  assert.equal(stdout.split('\n').slice(0, 6), [
    `--- a/${at}/a.rego`,
    `+++ b/${at}/a.rego`,
    '@@ -1,5 +1,6 @@',
    ' # why',
    ' package a',
    '-allow   if { # when',
  ])
  assert.is((await inProcess(['fmt', '--fail', '-l', join(at, 'b.rego')])).code, 0)
})

test('-w writes what changes, with its mode, where a link leads; the second time nothing', async () => {
  const at = place({ 'a.rego': untidy, 'b.rego': 'package b\n' })
  chmodSync(join(folder, at, 'a.rego'), 0o640)
  symlinkSync('a.rego', join(folder, at, 'link.rego'))
  const untouched = statSync(join(folder, at, 'b.rego')).mtimeMs
  assert.equal(await inProcess(['fmt', '-w', '-l', at, join(at, 'a.rego')]), {
    code: 0,
    stdout: `${at}/a.rego\n`,
    stderr: '',
  })
  assert.is(read(at, 'a.rego'), tidy)
  assert.is(statSync(join(folder, at, 'a.rego')).mode & 0o777, 0o640)
  assert.is(readlinkSync(join(folder, at, 'link.rego')), 'a.rego')
  assert.is(statSync(join(folder, at, 'b.rego')).mtimeMs, untouched)
  assert.equal(readdirSync(join(folder, at)), ['a.rego', 'b.rego', 'link.rego'])
  assert.equal(await inProcess(['fmt', '-w', '-l', '--fail', at]), {
    code: 0,
    stdout: '',
    stderr: '',
  })
})

test('standard input; ./policies where nothing is said', async () => {
  assert.equal(await cli(['fmt', '-'], untidy), { code: 0, stdout: tidy, stderr: '' })
  const refused = await cli(['fmt', '-'], broken)
  assert.is(refused.code, 1)
  assert.match(refused.stderr, 'standard input:4:')
  const beside = await cli(['fmt', '-', 'policies'], untidy)
  assert.is(beside.code, 2)
  assert.match(beside.stderr, 'error: - stands alone')
  const missing = await inProcess(['fmt'])
  assert.is(missing.code, 1)
  assert.match(missing.stderr, 'there is no policy at policies')
})

test.run()
