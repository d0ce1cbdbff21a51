/** What is read from a policy folder, and what is refused before any compiler sees it. */
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mayBeSource, readSources } from '../../src/rego/sources.js'
import { folderOf } from './folder.js'

const tooLarge = /^more than 67108864 bytes$/
const refused: [string, () => string, RegExp][] = [
  ['nothing there', () => join(folderOf({}), 'none'), /^there is no policy at .*none$/],
  ['a device', () => '/dev/null', /is not a file or folder/],
  [
    'a file of another kind',
    () => join(folderOf({ 'policy.txt': 'package a' }), 'policy.txt'),
    /^neither Rego nor a bundle$/,
  ],
  [
    'a link to a file outside',
    () => {
      const folder = folderOf({})
      symlinkSync('/etc/passwd', join(folder, 'a.rego'))
      return folder
    },
    /^a link that leads out of the policy folder$/,
  ],
  [
    'a link to a folder beside whose name begins alike',
    () => {
      const folder = folderOf({ 'policy/x.rego': '', 'policy-old/y.rego': '' })
      symlinkSync('../policy-old/y.rego', join(folder, 'policy/y.rego'))
      return join(folder, 'policy')
    },
    /^a link that leads out of the policy folder$/,
  ],
  [
    'a link to a folder',
    () => {
      const folder = folderOf({ 'a/x.rego': 'package a' })
      symlinkSync('a', join(folder, 'b'))
      return folder
    },
    /^a link to a folder is not followed$/,
  ],
  [
    'a folder with the name of a data file',
    () => {
      const folder = folderOf({})
      mkdirSync(join(folder, 'real'))
      symlinkSync('real', join(folder, 'data.json'))
      return folder
    },
    /^not a file$/,
  ],
  ['a dangling link', danglingLink, /a\.rego is gone or a link that leads nowhere$/],
  ['a data file without text', () => folderOf({ 'grants/data.yaml': '' }), /^holds no data$/],
  ['a data file of comments', () => folderOf({ 'data.yml': '\n  # none\r\n#' }), /^holds no data$/],
  ['an empty data.json', () => folderOf({ 'data.json': ' \n' }), /^holds no data$/],
  [
    'bytes that are not UTF-8',
    () => folderOf({ 'a.rego': Uint8Array.of(0x70, 0xff) }),
    /^not UTF-8$/,
  ],
  ['an unpacked compiled bundle', () => folderOf({ 'policy.wasm': '' }), /^an unpacked compiled/],
  [
    'another kind of packing',
    () => join(folderOf({ 'b.tar.gz': Uint8Array.of(0x1f, 0x9d, 0x90) }), 'b.tar.gz'),
    /^neither Rego nor a bundle$/,
  ],
  ['a file that is too large', () => join(large({ 'a.rego': 64 }), 'a.rego'), tooLarge],
  [
    'files that are too large together',
    () => large({ 'a.rego': 40, 'b.rego': 40 }),
    /^more than 67108864 bytes in all$/,
  ],
  [
    'folders without end',
    () => folderOf({ [`${'d/'.repeat(33)}a.rego`]: '' }),
    /^deeper than 32 folders$/,
  ],
]

/** With holes of so many MiB and a byte, that take no room. */
function large(files: Readonly<Record<string, number>>): string {
  const folder = folderOf({})
  for (const [name, mebibytes] of Object.entries(files)) {
    writeFileSync(join(folder, name), '')
    truncateSync(join(folder, name), mebibytes * 1024 * 1024 + 1)
  }
  return folder
}

function danglingLink(): string {
  const folder = folderOf({})
  symlinkSync('gone.rego', join(folder, 'a.rego'))
  return folder
}

for (const [what, make, text] of refused) {
  test(`refused: ${what}`, async () => {
    const found = await readSources(make())
    assert.is(found.ok, false)
    if (found.ok) return
    assert.is(found.problems[0]?.code, 'source_error')
    assert.match(found.problems[0]?.message ?? '', text)
  })
}

/** In a folder whose other files are as they should be, and alone. */
const capitals: readonly (readonly [path: string, intended: string])[] = [
  ['DENY.REGO', 'DENY.rego'],
  ['sub/deny.Rego', 'deny.rego'],
  ['.MANIFEST', '.manifest'],
  ['grants/data.JSON', 'data.json'],
  ['Data.yaml', 'data.yaml'],
  ['data.YML', 'data.yml'],
  ['Policy.WASM', 'policy.wasm'],
]
for (const [path, intended] of capitals) {
  test(`${path} is not passed over`, async () => {
    const found = await readSources(folderOf({ 'a.rego': 'package a', [path]: '{}' }))
    assert.is(found.ok, false)
    if (found.ok) return
    const [problem] = found.problems
    assert.is(problem?.message, 'capitals in its name keep it from being read')
    assert.equal([problem?.file, problem?.hint], [path, `rename it to ${intended}`])
    assert.ok(mayBeSource(basename(path)), 'a running gateway looks again when it appears')
  })
}

test('one file by itself may have no capitals in its extension either', async () => {
  const found = await readSources(join(folderOf({ 'P.REGO': 'package p' }), 'P.REGO'))
  assert.ok(!found.ok)
  assert.equal(found.problems[0]?.hint, 'rename it to P.rego')
})

test('too many files are refused, and named', async () => {
  const folder = folderOf({})
  for (let i = 0; i < 5_001; i++) writeFileSync(join(folder, `${i}.rego`), '')
  const found = await readSources(folder)
  assert.match(found.ok ? '' : (found.problems[0]?.message ?? ''), /^more than 5000 files$/)
})

test('a folder is read as a bundle: these names and no others', async () => {
  const folder = folderOf({
    '.manifest': '{}',
    'a.rego': 'package a',
    'a_test.rego': 'package a_test',
    'sub/.manifest': '{"roots": []}',
    'sub/data.yaml': 'x: 1',
    'sub/data.yml': 'y: 1',
    'sub/deep/data.json': '{}',
    'sub/other.json': '{}',
    'README.md': '#',
    'NOTES.JSON': '{',
    'deny.rego.BAK': 'package',
    'sub/.Manifest': '{',
    '.EDITOR.REGO': '',
    'CAPITALS.rego': 'package c',
    '.git/hooks/x.rego': 'package x',
    '.hidden.rego': 'package hidden',
  })
  const found = await readSources(folder)
  assert.ok(found.ok && 'files' in found.source)
  if (!found.ok || !('files' in found.source)) return
  assert.equal(Object.keys(found.source.files).sort(), [
    '.manifest',
    'CAPITALS.rego',
    'a.rego',
    'a_test.rego',
    'sub/data.yaml',
    'sub/data.yml',
    'sub/deep/data.json',
  ])
})

test('links inside the folder are followed, as a mounted ConfigMap needs', async () => {
  const folder = folderOf({ '..2026_11_22/a.rego': 'package a' })
  symlinkSync('..2026_11_22', join(folder, '..data'))
  symlinkSync('..data/a.rego', join(folder, 'a.rego'))
  assert.equal(await readSources(folder), {
    ok: true,
    source: { files: { 'a.rego': 'package a' } },
  })
})

test('a mark of the byte order is left for the compiler to judge', async () => {
  const folder = folderOf({ 'a.rego': '\ufeffpackage a' })
  const found = await readSources(folder)
  assert.equal(found.ok && found.source, { files: { 'a.rego': '\ufeffpackage a' } })
})

test('a single file is a policy, and a packed file is handed on as it is', async () => {
  const folder = folderOf({ 'p.rego': 'package p', 'b.tar.gz': Uint8Array.of(0x1f, 0x8b, 0) })
  assert.equal(await readSources(join(folder, 'p.rego')), {
    ok: true,
    source: { files: { 'p.rego': 'package p' } },
  })
  assert.equal(await readSources(join(folder, 'b.tar.gz')), {
    ok: true,
    source: { bundle: 'H4sA' },
  })
})

test.run()
