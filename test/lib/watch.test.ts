/**
 * What counts as saved, and when: each way editors, tools and clusters write files, with nothing
 * half-written taken for whole.
 */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { watchEagerly } from '../../src/lib/watch.js'

interface Seen {
  readonly text: string | null
  readonly whole: boolean
}

async function rig(use: (folder: string, seen: Seen[]) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-watch-'))
  writeFileSync(join(folder, 'a.rego'), 'first')
  const seen: Seen[] = []
  const watch = await watchEagerly(
    folder,
    async (settled) => {
      const text = read(join(folder, 'a.rego'))
      seen.push({ text, whole: await settled() })
    },
    (name) => name.endsWith('.rego'),
  )
  watch.start()
  try {
    await use(folder, seen)
  } finally {
    watch.stop()
    rmSync(folder, { recursive: true })
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

async function whole(seen: readonly Seen[], text: string | null, from = 0): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!seen.slice(from).some((one) => one.whole && one.text === text)) {
    if (performance.now() > deadline) throw new Error(`never ${text}: ${JSON.stringify(seen)}`)
    await sleep(10)
  }
}

const ways: readonly (readonly [what: string, save: (file: string) => void])[] = [
  ['written in place', (file) => writeFileSync(file, 'other')],
  [
    'renamed over',
    (file) => {
      writeFileSync(`${file}.tmp`, 'other')
      renameSync(`${file}.tmp`, file)
    },
  ],
  [
    'the same size and the same times',
    (file) => {
      const { atime, mtime } = statSync(file)
      writeFileSync(file, 'other')
      utimesSync(file, atime, mtime)
    },
  ],
]

for (const [what, save] of ways) {
  test(`a file is ${what}`, async () => {
    await rig(async (folder, seen) => {
      save(join(folder, 'a.rego'))
      await whole(seen, 'other')
      await sleep(500)
      assert.is(seen.filter((one) => one.whole).length, 1)
    })
  })
}

test('a file that is taken away, and a folder that comes', async () => {
  await rig(async (folder, seen) => {
    rmSync(join(folder, 'a.rego'))
    await whole(seen, null)
    const before = seen.length
    mkdirSync(join(folder, 'more'))
    writeFileSync(join(folder, 'more', 'b.rego'), 'b')
    await whole(seen, null, before)
  })
})

test('what does not count is not told: other names, folders with a dot, times of folders', async () => {
  await rig(async (folder, seen) => {
    writeFileSync(join(folder, '.a.rego.swp'), 'x')
    writeFileSync(join(folder, '4913'), 'x')
    mkdirSync(join(folder, '.git'))
    writeFileSync(join(folder, '.git', 'x.rego'), 'x')
    mkdirSync(join(folder, 'empty'))
    await sleep(600)
    assert.equal(seen, [])
  })
})

test('nothing half-written is whole: emptied first and filled later, in pieces', async () => {
  await rig(async (folder, seen) => {
    const file = join(folder, 'a.rego')
    truncateSync(file)
    for (const piece of ['on', 'on e', 'on e by', 'on e by one']) {
      await sleep(150)
      writeFileSync(file, piece)
    }
    await whole(seen, 'on e by one')
    assert.equal(
      seen.filter((one) => one.whole).map(({ text }) => text),
      ['on e by one'],
    )
    assert.ok(seen.length <= 4, 'and not every piece is worked on')
  })
})

test('a checkout of many files is one change', async () => {
  await rig(async (folder, seen) => {
    for (let count = 0; count < 40; count += 1) {
      writeFileSync(join(folder, `${count}.rego`), 'x')
      await sleep(20)
    }
    writeFileSync(join(folder, 'a.rego'), 'last')
    await whole(seen, 'last')
    await sleep(500)
    assert.is(seen.filter((one) => one.whole).length, 1)
  })
})

test('the links of a ConfigMap are swapped', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-watch-'))
  for (const [name, text] of [
    ['..1', 'first'],
    ['..2', 'other'],
  ] as const) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'a.rego'), text)
  }
  symlinkSync('..1', join(folder, '..data'))
  symlinkSync(join('..data', 'a.rego'), join(folder, 'a.rego'))
  const seen: Seen[] = []
  const watch = await watchEagerly(
    folder,
    async (settled) => {
      const text = read(join(folder, 'a.rego'))
      seen.push({ text, whole: await settled() })
    },
    (name) => name.endsWith('.rego'),
  )
  watch.start()
  symlinkSync('..2', join(folder, '..data_tmp'))
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  await whole(seen, 'other')
  watch.stop()
  rmSync(folder, { recursive: true })
})

test('a watch that is stopped ends at once, also while it waits for quiet', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-watch-'))
  let asked = 0
  const watch = await watchEagerly(folder, async (settled) => {
    asked += 1
    assert.is(await settled(), false)
  })
  watch.start()
  writeFileSync(join(folder, 'a.rego'), 'x')
  while (asked === 0) await sleep(10)
  watch.stop()
  writeFileSync(join(folder, 'b.rego'), 'x')
  await sleep(700)
  assert.is(asked, 1)
  rmSync(folder, { recursive: true })
})

test.run()
