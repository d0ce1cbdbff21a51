/** The cache is never trusted: a damaged, foreign or open entry is a miss, and nothing here throws. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultCacheDir, readCache, writeCache } from '../../src/rego/cache.js'
import { folderOf } from './folder.js'

const key = 'ab'.repeat(32)
const other = 'cd'.repeat(32)
const fresh = () => join(folderOf({}), 'mcp-guard')
const entry = (dir: string, of = key) => join(dir, `${of}.policy`)

const write = (dir: string, of: string, text: string) => writeCache(dir, of, Buffer.from(text))

async function read(dir: string, of: string): Promise<string | null> {
  const bytes = await readCache(dir, of)
  return bytes === null ? null : Buffer.from(bytes).toString()
}

async function stored(): Promise<string> {
  const dir = fresh()
  await write(dir, key, '{"a":1}')
  assert.is(await read(dir, key), '{"a":1}')
  return dir
}

const damaged: [string, (dir: string) => void][] = [
  ['a changed byte', (dir) => edit(dir, (text) => text.replace('1', '2'))],
  ['a byte more', (dir) => edit(dir, (text) => `${text} `)],
  ['cut short', (dir) => edit(dir, (text) => text.slice(0, 40))],
  ['empty', (dir) => edit(dir, () => '')],
  ['no digest', (dir) => edit(dir, () => '{"a":1}')],
  ['writable by others', (dir) => chmodSync(entry(dir), 0o666)],
  [
    'a folder',
    (dir) => {
      renameSync(entry(dir), join(dir, 'away'))
      mkdirSync(entry(dir))
    },
  ],
  [
    'a link to a good entry',
    (dir) => {
      renameSync(entry(dir), join(dir, 'away'))
      symlinkSync('away', entry(dir))
    },
  ],
]

for (const [what, damage] of damaged) {
  test(`a miss: ${what}`, async () => {
    const dir = await stored()
    damage(dir)
    assert.is(await read(dir, key), null)
  })
}

test('a miss: a good entry under another name', async () => {
  const dir = await stored()
  renameSync(entry(dir), entry(dir, other))
  assert.is(await read(dir, other), null)
})

test('a miss: the folder is a link', async () => {
  const dir = await stored()
  const link = fresh()
  symlinkSync(dir, link)
  assert.is(await read(link, key), null)
  await write(link, other, 'x')
  assert.equal(readdirSync(dir), [`${key}.policy`])
})

test('a damaged entry is written anew', async () => {
  const dir = await stored()
  edit(dir, () => 'junk')
  await write(dir, key, 'again')
  assert.is(await read(dir, key), 'again')
})

test('folder and entries are ours alone, also where the folder was open before', async () => {
  const dir = fresh()
  mkdirSync(dir, { mode: 0o777 })
  chmodSync(dir, 0o777)
  await write(dir, key, 'x')
  assert.is(lstatSync(dir).mode & 0o777, 0o700)
  assert.is(statSync(entry(dir)).mode & 0o777, 0o600)
})

test('the entries used last stay, 32 of them, and nothing half-written', async () => {
  const dir = fresh()
  const keys = Array.from({ length: 34 }, (_, i) => i.toString(16).padStart(64, '0'))
  for (const [i, each] of keys.entries()) {
    await write(dir, each, String(i))
    utimesSync(entry(dir, each), 1_000_000 + i, 1_000_000 + i)
    if (i === 30) await read(dir, keys[0] ?? '')
  }
  writeFileSync(join(dir, '.old.tmp'), '')
  utimesSync(join(dir, '.old.tmp'), 1, 1)
  await write(dir, key, 'last')
  const names = readdirSync(dir)
  assert.is(names.length, 32)
  assert.is(await read(dir, keys[0] ?? ''), '0', 'used again, so kept')
  assert.is(await read(dir, keys[1] ?? ''), null)
  assert.is(await read(dir, key), 'last')
})

test('a place where nothing can be written is no cache', async () => {
  const file = join(folderOf({ file: '' }), 'file')
  await write(join(file, 'below'), key, 'x')
  assert.is(await read(join(file, 'below'), key), null)
})

test('the default place follows XDG_CACHE_HOME where that is absolute', () => {
  assert.is(defaultCacheDir('/var/cache/me'), join('/var/cache/me', 'mcp-guard'))
  assert.is(defaultCacheDir('relative'), join(homedir(), '.cache', 'mcp-guard'))
  assert.is(defaultCacheDir(undefined), join(homedir(), '.cache', 'mcp-guard'))
})

function edit(dir: string, change: (text: string) => string): void {
  writeFileSync(entry(dir), change(readFileSync(entry(dir), 'utf8')))
}

test.run()
