/**
 * What has to outlast a power cut is synced before it gets its name, and so is the folder that has the
 * name: seen from outside, by the system calls of a process that writes it. Needs strace.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { folderOf } from '../rego/folder.js'

const moduleOf = (name: string) =>
  new URL(`../../src/guard/policy/${name}.js`, import.meta.url).href
const digest = `sha256:${'a'.repeat(64)}`

/** `FOLDER` stands for where it is written. */
const written: readonly (readonly [what: string, module: string, call: string, name: string])[] = [
  [
    'a kept revision',
    'revisions',
    `createRevisions(FOLDER, {}).keep('${digest}', { files: { 'a.rego': 'package a' } }, null)`,
    `${'a'.repeat(64)}.revision`,
  ],
  [
    'a rollback',
    'hold',
    `writeHold(FOLDER, { id: 'i', to: '${digest}', from: [], since: '2026-11-23T08:00:00Z' })`,
    'hold.json',
  ],
  [
    'the highest serial',
    'newest',
    `createNewest(FOLDER, {}).raise({ serial: 7, content: '${digest}' })`,
    `7-${'a'.repeat(64)}`,
  ],
]

const calls = 'write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2'

function traced(module: string, call: string, folder: string): readonly string[] {
  const file = join(folder, 'trace')
  const state = join(folder, 'state')
  const [name = ''] = call.split('(')
  const code = `import { ${name} } from '${moduleOf(module)}'\nawait ${call.replace('FOLDER', JSON.stringify(state))}`
  const args = ['-f', '-y', '-s', '8', '-e', `trace=${calls}`, '-o', file, process.execPath]
  const ended = spawnSync('strace', [...args, '--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.is(ended.status, 0, ended.stderr)
  return finished(readFileSync(file, 'utf8')).filter((line) => line.includes(state))
}

/** Calls in the order of their ends: one that others came between is on two lines. */
function finished(trace: string): readonly string[] {
  const begun = new Map<string, string>()
  return trace.split('\n').flatMap((line) => {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const [, start] = /^(.*)<unfinished \.\.\.>$/.exec(rest) ?? []
    if (start !== undefined) begun.set(thread, start)
    const [, end] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? []
    if (end !== undefined) return [`${begun.get(thread)}${end}`]
    return start === undefined ? [rest] : []
  })
}

/** What is done, to which of the three: the file under its first name, the file, the folder. */
function brief(line: string): string {
  const [, call = '', of = ''] = /^(\w+)\([^<"]*[<"]([^>"]*)/.exec(line) ?? []
  const what = of.endsWith('/state') ? 'folder' : of.endsWith('.tmp') ? 'new' : of
  return `${call.replace(/^(f|fdata)sync$/, 'sync').replace(/^p?write.*/, 'write')} ${what}`
}

const canTrace = spawnSync('strace', ['-o', '/dev/null', '/bin/true']).status === 0
if (!canTrace) test.skip('there is no strace here, or it may not trace')

for (const [what, module, call, name] of canTrace ? written : []) {
  test(`${what} is synced, then named, then its name is synced`, () => {
    const folder = folderOf({})
    const lines = traced(module, call, folder)
    const done = lines.map(brief)
    assert.equal(
      done.filter((one) => one !== 'write new'),
      ['sync new', 'rename new', 'sync folder'],
      lines.join('\n'),
    )
    assert.ok(done.lastIndexOf('write new') < done.indexOf('sync new'), lines.join('\n'))
    const renamed = lines.find((line) => line.startsWith('rename')) ?? ''
    assert.ok(renamed.includes(`/state/${name}"`), renamed)
    assert.ok(
      lines.every((line) => !line.includes(' = -1')),
      lines.join('\n'),
    )
  })
}

test.run()
