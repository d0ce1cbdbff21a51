/**
 * The order of the revisions on disk is what is written in them: times of files change with every
 * backup, copy and touch, and clocks are set. What has no such head is no revision.
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRevisions, keptRevisions, type Revisions } from '../../src/guard/policy/revisions.js'
import { folderOf } from '../rego/folder.js'

const newFolder = () => join(folderOf({}), 'state')
const named = (digit: string) => `sha256:${digit.repeat(64)}`
const textOf = (digit: string) => ({ files: { 'main.rego': `package p${digit}` } })

async function keepAll(revisions: Revisions, digits: string, needed: string | null = null) {
  for (const digit of digits) await revisions.keep(named(digit), textOf(digit), needed)
}

async function order(revisions: Revisions): Promise<string> {
  return (await revisions.list()).map(({ revision }) => revision.slice(-1)).join('')
}

async function at(clock: () => number, act: () => Promise<void>): Promise<void> {
  const { now } = Date
  try {
    Date.now = clock
    await act()
  } finally {
    Date.now = now
  }
}

const fileOf = (folder: string, digit: string) => join(folder, `${digit.repeat(64)}.revision`)
const digestOf = (content: string | Uint8Array) =>
  createHash('sha256').update(content).digest('hex')

function leave(folder: string, digit: string, ...pieces: (string | Uint8Array)[]): void {
  const content = Buffer.concat(pieces.map((piece) => Buffer.from(piece)))
  writeFileSync(fileOf(folder, digit), content, { mode: 0o600 })
}

/** The first line of what is kept. */
const headOf = (folder: string, digit: string) =>
  readFileSync(fileOf(folder, digit), 'latin1').split('\n')[0] ?? ''

function leaveAt(folder: string, digit: string, place: string): void {
  const content = gzipSync(JSON.stringify(textOf(digit).files))
  leave(folder, digit, `mcp-guard revision 1 files ${digestOf(content)} ${place}\n`, content)
}

test('files that were touched, and a backup that was put back, keep their order', async () => {
  const folder = newFolder()
  const revisions = createRevisions(folder, {})
  await keepAll(revisions, 'abc')
  assert.is(await order(revisions), 'cba')
  const before = await revisions.list()
  for (const name of readdirSync(folder)) {
    const at = name.startsWith('a') ? 2_000_000_000 : 1_000_000_000
    utimesSync(join(folder, name), at, at)
  }
  assert.equal(await revisions.list(), before)
  const restored = newFolder()
  mkdirSync(restored, { mode: 0o700 })
  for (const name of readdirSync(folder).sort()) {
    cpSync(join(folder, name), join(restored, name))
  }
  assert.equal(await createRevisions(restored, {}).list(), before)
})

test('who is active once more comes first, and is kept when others go', async () => {
  const revisions = createRevisions(newFolder(), {})
  await keepAll(revisions, '12345')
  await keepAll(revisions, '1')
  assert.is(await order(revisions), '15432')
  await keepAll(revisions, '67', named('2'))
  assert.is(await order(revisions), '761542', `${keptRevisions}, and the one that is needed`)
  await keepAll(revisions, '7')
  assert.is(await order(revisions), '76154')
})

const startMs = Date.now()
const hourMs = 3_600_000
const farAheadMs = Date.UTC(2099, 0)

for (const [what, digits, clock] of [
  ['set back', 'bc', () => startMs - hourMs],
  ['once far ahead', 'b', () => farAheadMs],
  ['standing still', 'bc', () => startMs],
] as const) {
  test(`a clock that is ${what} changes neither who was the last nor another's time`, async () => {
    const folder = newFolder()
    const revisions = createRevisions(folder, {})
    const before = Date.now()
    await keepAll(revisions, 'a')
    await at(clock, () => keepAll(revisions, digits))
    await keepAll(revisions, 'd')
    const after = Date.now()
    const listed = await revisions.list()
    assert.is(await order(revisions), [...`a${digits}d`].reverse().join(''))
    for (const { revision, activatedAtMs } of listed) {
      const isTrue = activatedAtMs >= before && activatedAtMs <= after
      if (digits.includes(revision.slice(-1))) assert.is(activatedAtMs, clock())
      else assert.ok(isTrue, `${revision} ${activatedAtMs}`)
    }
    assert.match(headOf(folder, 'd'), new RegExp(` ${listed.length} \\d{4}-`))
  })
}

for (const [what, ms, written] of [
  ['after the year 9999', 8.64e15, '9999-12-31T23:59:59.999Z'],
  ['before the year 0', -8.64e15, '0000-01-01T00:00:00.000Z'],
] as const) {
  test(`a clock ${what} leaves what can be listed and read, and is not the last for ever`, async () => {
    const folder = newFolder()
    const revisions = createRevisions(folder, {})
    await keepAll(revisions, 'a')
    await at(
      () => ms,
      () => keepAll(revisions, 'b'),
    )
    assert.is((await revisions.list())[0]?.activatedAtMs, Date.parse(written))
    assert.ok(headOf(folder, 'b').endsWith(` 2 ${written}`), headOf(folder, 'b'))
    assert.equal(await revisions.read(named('b')), textOf('b'))
    await keepAll(revisions, 'c')
    assert.is(await order(revisions), 'cba')
  })
}

test('of those with the same number the later one comes first, then the greater revision', async () => {
  const folder = newFolder()
  const revisions = createRevisions(folder, {})
  await keepAll(revisions, 'a')
  leaveAt(folder, 'e', '7 2026-11-23T08:00:00.001Z')
  leaveAt(folder, 'd', '7 2026-11-23T08:00:00.000Z')
  leaveAt(folder, 'b', '7 2026-11-23T08:00:00Z')
  leaveAt(folder, 'f', '10 2026-11-22T08:00:00.123456789Z')
  assert.is(await order(revisions), 'fedba', 'numbers, not texts')
  await keepAll(revisions, 'b')
  assert.is(await order(revisions), 'bfeda')
  assert.match(headOf(folder, 'b'), / 11 \S+Z$/)
})

test('two that keep at once are both kept, in one order for all', async () => {
  const folder = newFolder()
  const [one, other] = [createRevisions(folder, {}), createRevisions(folder, {})]
  for (const round of [1, 2, 3]) {
    await Promise.all([keepAll(one, 'ac'), keepAll(other, 'bd')])
    const found = await order(one)
    assert.is(await order(other), found)
    assert.is([...found].sort().join(''), 'abcd', `round ${round}`)
  }
})

test('after the highest number there is the time goes by', async () => {
  const folder = newFolder()
  const revisions = createRevisions(folder, {})
  mkdirSync(folder, { mode: 0o700 })
  leaveAt(folder, 'a', `${Number.MAX_SAFE_INTEGER} 2026-01-01T08:00:00.000Z`)
  await at(
    () => farAheadMs,
    () => keepAll(revisions, 'b'),
  )
  assert.is(await order(revisions), 'ba')
  assert.equal(await revisions.read(named('b')), textOf('b'))
})

const usual = '2026-11-23T08:00:00.000Z'
for (const [what, head] of [
  ['nothing', ''],
  ['another version', `mcp-guard revision 2 files DIGEST 1 ${usual}\n`],
  ['no number', `mcp-guard revision 1 files DIGEST ${usual}\n`],
  ['no time', 'mcp-guard revision 1 files DIGEST 1\n'],
  ['neither', 'mcp-guard revision 1 files DIGEST\n'],
  ['a number below 0', `mcp-guard revision 1 files DIGEST -1 ${usual}\n`],
  ['a part of a number', `mcp-guard revision 1 files DIGEST 1.5 ${usual}\n`],
  ['a number that is not exact', `mcp-guard revision 1 files DIGEST 9007199254740992 ${usual}\n`],
  ['a time that is none', 'mcp-guard revision 1 files DIGEST 1 2026-99-99T99:99:99.999Z\n'],
  ['a year of more digits', 'mcp-guard revision 1 files DIGEST 1 +010000-01-01T00:00:00.000Z\n'],
  ['a time after the time', `mcp-guard revision 1 files DIGEST 1 ${usual} ${usual}\n`],
  ['another kind', `mcp-guard revision 1 wasm DIGEST 1 ${usual}\n`],
  [
    'more than a head',
    `mcp-guard revision 1 files DIGEST 1 ${usual.replace('Z', '0'.repeat(99))}Z\n`,
  ],
  ['no line end', `mcp-guard revision 1 files DIGEST 1 ${usual}`],
] as const) {
  test(`with ${what} for a head it is no revision: not listed, not read, swept up`, async () => {
    const folder = newFolder()
    const revisions = createRevisions(folder, {})
    await keepAll(revisions, '12345')
    const content = gzipSync(JSON.stringify(textOf('b').files))
    leave(folder, 'b', head.replace('DIGEST', digestOf(content)), content)
    assert.is(await order(revisions), '54321')
    assert.is(await revisions.read(named('b')), null)
    await keepAll(revisions, '5', named('b'))
    assert.is(await order(revisions), '54321', 'it takes the place of none')
    assert.not.ok(readdirSync(folder).includes(`${'b'.repeat(64)}.revision`))
  })
}

test('what is named otherwise, is no file or is open to others stays where it is', async () => {
  const folder = newFolder()
  const revisions = createRevisions(folder, {})
  await keepAll(revisions, 'a')
  const names = ['notes.revision', `${'C'.repeat(64)}.revision`, `${'c'.repeat(64)}.revision.old`]
  for (const name of names) writeFileSync(join(folder, name), 'notes', { mode: 0o600 })
  mkdirSync(fileOf(folder, 'd'))
  symlinkSync(fileOf(folder, 'a'), fileOf(folder, 'e'))
  leave(folder, 'f', 'notes')
  chmodSync(fileOf(folder, 'f'), 0o666)
  await keepAll(revisions, 'b')
  assert.is(await order(revisions), 'ba')
  const left = [...names, ...[...'abdef'].map((digit) => `${digit.repeat(64)}.revision`)]
  assert.equal(readdirSync(folder).sort(), left.sort())
})

for (const [what, kind, content, kept] of [
  ['a bundle that was changed', 'bundle', 'changed', 'what was kept'],
  ['names without texts', 'files', gzipSync('{"main.rego": 1}'), null],
  ['a list', 'files', gzipSync('["package a"]'), null],
] as const) {
  test(`nothing is read from ${what}`, async () => {
    const folder = newFolder()
    const revisions = createRevisions(folder, {})
    await keepAll(revisions, 'a')
    const head = `mcp-guard revision 1 ${kind} ${digestOf(kept ?? content)} 2 ${usual}\n`
    leave(folder, 'b', head, content)
    assert.is(await order(revisions), 'ba')
    assert.is(await revisions.read(named('b')), null)
    assert.equal(await revisions.read(named('a')), textOf('a'))
  })
}

test.run()
