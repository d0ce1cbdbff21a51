/**
 * Only what is this user's alone is read, whatever it is called and wherever it leads. What another
 * user owns can be tried by root only, as in CI.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  isOwnFolder,
  makeOwnFolder,
  readOwnFile,
  readOwnStart,
  sweepOwnFolder,
  writeOwnFile,
} from '../../src/lib/own-files.js'
import { folderOf } from '../rego/folder.js'

const isRoot = process.getuid?.() === 0
const nobody = 65_534
const modeOf = (path: string) => statSync(path).mode & 0o777

interface Place {
  readonly root: string
  readonly folder: string
  readonly file: string
}

async function newPlace(): Promise<Place> {
  const root = folderOf({})
  const folder = join(root, 'state')
  await makeOwnFolder(folder)
  const file = join(folder, 'hold.json')
  await writeOwnFile(file, ['{"a":', Buffer.from('1}')])
  return { root, folder, file }
}

test('what is written is read, by nobody else', async () => {
  const { folder, file } = await newPlace()
  assert.is(String(await readOwnFile(file, 7)), '{"a":1}')
  assert.is(String(await readOwnStart(file, 3)), '{"a')
  assert.is(String(await readOwnStart(file, 300)), '{"a":1}')
  assert.equal([modeOf(folder), modeOf(file)], [0o700, 0o600])
  assert.equal(readdirSync(folder), ['hold.json'])
})

interface Row {
  readonly what: string
  readonly spoil: (place: Place) => void
  readonly asRoot?: true
}

const unread: readonly Row[] = [
  { what: 'larger than allowed', spoil: ({ file }) => writeFileSync(file, '12345678') },
  { what: 'writable by its group', spoil: ({ file }) => chmodSync(file, 0o620) },
  { what: 'writable by everybody', spoil: ({ file }) => chmodSync(file, 0o602) },
  { what: 'another’s', spoil: ({ file }) => chownSync(file, nobody, 0), asRoot: true },
  {
    what: 'a link, though to a file of ours',
    spoil: ({ root, file }) => {
      renameSync(file, join(root, 'elsewhere'))
      symlinkSync(join(root, 'elsewhere'), file)
    },
  },
  {
    what: 'a folder',
    spoil: ({ root, file }) => {
      renameSync(file, join(root, 'elsewhere'))
      mkdirSync(file)
    },
  },
  {
    what: 'in another’s folder',
    spoil: ({ folder }) => chownSync(folder, nobody, 0),
    asRoot: true,
  },
  {
    what: 'in a folder that is a link',
    spoil: ({ root, folder }) => {
      renameSync(folder, join(root, 'elsewhere'))
      symlinkSync(join(root, 'elsewhere'), folder)
    },
  },
]

for (const { what, spoil, asRoot } of unread) {
  const look = asRoot && !isRoot ? test.skip : test
  look(`not read: ${what}`, async () => {
    const place = await newPlace()
    spoil(place)
    assert.is(await readOwnFile(place.file, 7), null)
    if (what !== 'larger than allowed') assert.is(await readOwnStart(place.file, 7), null)
  })
}

const refused: readonly Row[] = [
  { what: 'another’s', spoil: ({ folder }) => chownSync(folder, nobody, 0), asRoot: true },
  {
    what: 'another’s, and open to all',
    spoil: ({ folder }) => {
      chmodSync(folder, 0o777)
      chownSync(folder, nobody, 0)
    },
    asRoot: true,
  },
  {
    what: 'a link to a folder of ours',
    spoil: ({ root, folder }) => {
      renameSync(folder, join(root, 'elsewhere'))
      symlinkSync(join(root, 'elsewhere'), folder)
    },
  },
  {
    what: 'another’s link to a folder of ours',
    spoil: ({ root, folder }) => {
      renameSync(folder, join(root, 'elsewhere'))
      symlinkSync(join(root, 'elsewhere'), folder)
      lchownSync(folder, nobody, 0)
    },
    asRoot: true,
  },
]

for (const { what, spoil, asRoot } of refused) {
  const look = asRoot && !isRoot ? test.skip : test
  look(`no folder of ours: ${what}`, async () => {
    const place = await newPlace()
    spoil(place)
    const mode = modeOf(place.folder)
    assert.is(await isOwnFolder(place.folder), false)
    const made = await makeOwnFolder(place.folder).catch(String)
    assert.is(made, `Error: ${place.folder} belongs to somebody else`)
    assert.is(modeOf(place.folder), mode, 'another’s folder is left as it is')
  })
}

for (const mode of [0o770, 0o707, 0o777, 0o755]) {
  test(`a folder of ours with mode ${mode.toString(8)} is closed before anything is read`, async () => {
    const { folder, file } = await newPlace()
    chmodSync(folder, mode)
    assert.is(String(await readOwnFile(file, 7)), '{"a":1}')
    assert.is(modeOf(folder), 0o700)
  })
}

const asRootOnly = isRoot ? test : test.skip
asRootOnly('what another put there while it was open is not read', async () => {
  const { folder } = await newPlace()
  chmodSync(folder, 0o777)
  const planted = join(folder, 'planted')
  writeFileSync(planted, '{}', { mode: 0o600 })
  chownSync(planted, nobody, nobody)
  assert.is(await readOwnFile(planted, 7), null)
})

test('a file that cannot be written leaves what was there, and nothing beside', async () => {
  const { folder, file } = await newPlace()
  const wrong = [Buffer.from('half'), 7 as unknown as string]
  assert.instance(await writeOwnFile(file, wrong).catch((error: unknown) => error), TypeError)
  assert.is(readFileSync(file, 'utf8'), '{"a":1}')
  assert.equal(readdirSync(folder), ['hold.json'])
})

test('only what was left half-written long ago is swept up', async () => {
  const { folder } = await newPlace()
  for (const name of ['.old.tmp', '.new.tmp', 'old']) writeFileSync(join(folder, name), '')
  const longAgo = Date.now() / 1_000 - 3_700
  for (const name of ['.old.tmp', 'old']) utimesSync(join(folder, name), longAgo, longAgo)
  await sweepOwnFolder(folder)
  assert.equal(readdirSync(folder).sort(), ['.new.tmp', 'hold.json', 'old'])
  assert.not.ok(existsSync(join(folder, '.old.tmp')))
})

test.run()
