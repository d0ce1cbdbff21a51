/**
 * The order of the revisions on disk is what is written in them: times of files change with every
 * backup, copy and touch. What an earlier version wrote says no time and comes last.
 */
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRevisions, keptRevisions, type Revisions } from '../../src/guard/policy/revisions.js'

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'mcp-guard-revisions-')), 'state')
const named = (digit: string) => `sha256:${digit.repeat(64)}`
const textOf = (digit: string) => ({ files: { 'main.rego': `package p${digit}` } })

async function keepAll(revisions: Revisions, digits: string, needed: string | null = null) {
  for (const digit of digits) await revisions.keep(named(digit), textOf(digit), needed)
}

async function order(revisions: Revisions): Promise<string> {
  return (await revisions.list()).map(({ revision }) => revision.slice(-1)).join('')
}

/** As the version before wrote it. */
function leaveFirstVersion(folder: string, digit: string, savedAt: number): void {
  const content = gzipSync(JSON.stringify(textOf(digit).files))
  const digest = createHash('sha256').update(content).digest('hex')
  const file = join(folder, `${digit.repeat(64)}.revision`)
  const head = Buffer.from(`mcp-guard revision 1 files ${digest}\n`)
  writeFileSync(file, Buffer.concat([head, content]), { mode: 0o600 })
  utimesSync(file, savedAt, savedAt)
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

test('a clock that is set back does not change who was the last', async () => {
  const revisions = createRevisions(newFolder(), {})
  await keepAll(revisions, 'a')
  const now = Date.now
  try {
    Date.now = () => now() - 3_600_000
    await keepAll(revisions, 'bc')
  } finally {
    Date.now = now
  }
  assert.is(await order(revisions), 'cba')
  const times = (await revisions.list()).map(({ activatedAtMs }) => activatedAtMs ?? 0)
  assert.ok(
    times.every((at) => Math.abs(at - now()) < 60_000),
    times.join(),
  )
})

test('without a time written they come last, and are as good as others', async () => {
  const folder = newFolder()
  const revisions = createRevisions(folder, {})
  await keepAll(revisions, 'a')
  leaveFirstVersion(folder, 'b', 2_000_000_000)
  leaveFirstVersion(folder, 'c', 2_100_000_000)
  writeFileSync(join(folder, `${'d'.repeat(64)}.revision`), '', { mode: 0o600 })
  writeFileSync(join(folder, 'notes.revision'), '')
  assert.equal(
    (await revisions.list()).map(({ activatedAtMs }) => activatedAtMs === null),
    [false, true, true, true],
  )
  assert.is(await order(revisions), 'acbd')
  assert.equal(await revisions.read(named('b')), textOf('b'))
  assert.is(await revisions.read(named('d')), null)
  await keepAll(revisions, 'b')
  assert.is(await order(revisions), 'bacd')
})

for (const [what, head] of [
  ['another version', 'mcp-guard revision 3 files DIGEST 2026-11-23T08:00:00.000Z\n'],
  ['a time that is none', 'mcp-guard revision 2 files DIGEST 2026-99-99T99:99:99.999Z\n'],
  ['more than a head', `mcp-guard revision 2 files DIGEST ${'2'.repeat(300)}\n`],
  ['no line end', 'mcp-guard revision 2 files DIGEST 2026-11-23T08:00:00.000Z'],
] as const) {
  test(`no time is taken from ${what}`, async () => {
    const folder = newFolder()
    const revisions = createRevisions(folder, {})
    await keepAll(revisions, 'a')
    const digest = createHash('sha256').update('').digest('hex')
    const file = join(folder, `${'b'.repeat(64)}.revision`)
    writeFileSync(file, head.replace('DIGEST', digest), { mode: 0o600 })
    assert.equal((await revisions.list()).at(-1), { revision: named('b'), activatedAtMs: null })
    assert.is(await revisions.read(named('b')), null)
  })
}

for (const [what, kind, content, digestOf] of [
  ['a bundle that was changed', 'bundle', 'changed', 'what was kept'],
  ['names without texts', 'files', gzipSync('{"main.rego": 1}'), null],
  ['a list', 'files', gzipSync('["package a"]'), null],
] as const) {
  test(`nothing is read from ${what}`, async () => {
    const folder = newFolder()
    const revisions = createRevisions(folder, {})
    await keepAll(revisions, 'a')
    const digest = createHash('sha256')
      .update(digestOf ?? content)
      .digest('hex')
    const head = `mcp-guard revision 2 ${kind} ${digest} 2026-11-23T08:00:00.000Z\n`
    const file = join(folder, `${'b'.repeat(64)}.revision`)
    writeFileSync(file, Buffer.concat([Buffer.from(head), Buffer.from(content)]), { mode: 0o600 })
    assert.is(await revisions.read(named('b')), null)
    assert.equal(await revisions.read(named('a')), textOf('a'))
  })
}

test.run()
