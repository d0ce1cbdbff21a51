/**
 * What a running gateway makes of the file of a rollback, however it comes to be there or goes: it has
 * the right policy within two seconds, and what cannot be read changes nothing.
 */
import {
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readStatements } from '../../src/guard/policy/statements.js'
import { startGateway } from '../support/gateway.js'
import { decides, health, save, stateOf, upstream } from './rollback-rig.js'

const nobody = 65_534
const asRootOnly = process.getuid?.() === 0 ? test : test.skip
/** A gateway looks every 300 ms. */
const looksMs = 700

const gateway = await startGateway({ upstreams: { up: upstream.url } })
const revisions = [(await health(gateway)).revision]
for (const version of [1, 2]) revisions.push(await save(gateway, version))
const state = stateOf(gateway)
const file = join(state, 'hold.json')
const elsewhere = join(gateway.folder, 'elsewhere.json')

test.after.each(async () => {
  rmSync(file, { force: true })
  await comesTo(2, 'what the source has, without a rollback')
})
test.after(async () => {
  await gateway.close()
  await upstream.close()
})

let holds = 0

/** The text of the file for going back to a version; 2 is what the source has. */
function holdOf(version: number): string {
  holds += 1
  const from = revisions.filter((_, index) => index > version)
  const since = '2026-11-23T08:00:00.000Z'
  return JSON.stringify({ id: `hold-${holds}`, to: revisions[version], from, since })
}

function put(text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

async function comesTo(version: number, why: string): Promise<void> {
  const deadline = performance.now() + 2_000
  let found = -1
  while (performance.now() < deadline) {
    found = await decides(gateway)
    if (found === version) return
    await sleep(50)
  }
  assert.is(found, version, why)
}

async function stays(version: number, why: string): Promise<void> {
  const until = performance.now() + looksMs
  while (performance.now() < until) {
    assert.is(await decides(gateway), version, why)
    await sleep(100)
  }
}

test('a file that is renamed over another counts, and so does one of the same size and time', async () => {
  put(holdOf(1))
  await comesTo(1, 'a first one')
  put(holdOf(0))
  await comesTo(0, 'renamed over it')
  const at = 1_700_000_000
  for (const version of [0, 1, 0]) {
    put(holdOf(version).padEnd(400))
    utimesSync(file, at, at)
    await comesTo(version, 'of the same size and time')
  }
  rmSync(file)
  await comesTo(2, 'taken away')
  assert.is((await health(gateway)).rollback, null)
})

test('one that is written in pieces counts when it is whole, and not before', async () => {
  put(holdOf(0))
  await comesTo(0, 'the one before')
  const text = holdOf(1)
  const handle = openSync(file, 'w', 0o600)
  await stays(0, 'emptied')
  for (const piece of [text.slice(0, 40), text.slice(40, 90)]) {
    writeSync(handle, piece)
    await stays(0, 'half written')
  }
  writeSync(handle, text.slice(90))
  closeSync(handle)
  await comesTo(1, 'whole')
  const told = gateway.logged.filter((line) => line.includes('it is damaged'))
  assert.is(told.length, 1, told.join('\n'))
})

const inItsPlace: readonly {
  readonly what: string
  readonly change: () => void
  readonly takeAway: () => void
  readonly asRoot?: true
}[] = [
  {
    what: 'a folder',
    change: () => {
      rmSync(file)
      mkdirSync(file)
    },
    takeAway: () => rmdirSync(file),
  },
  {
    what: 'a link to another',
    change: () => {
      writeFileSync(elsewhere, holdOf(0), { mode: 0o600 })
      rmSync(file)
      symlinkSync(elsewhere, file)
    },
    takeAway: () => rmSync(file),
  },
  {
    what: 'a link that leads nowhere',
    change: () => {
      rmSync(file)
      symlinkSync('nowhere', file)
    },
    takeAway: () => rmSync(file),
  },
  {
    what: 'one of another user',
    change: () => {
      put(holdOf(0))
      chownSync(file, nobody, nobody)
    },
    takeAway: () => rmSync(file),
    asRoot: true,
  },
  {
    what: 'the folder of another user',
    change: () => chownSync(state, nobody, nobody),
    takeAway: () => {
      chownSync(state, 0, 0)
      rmSync(file)
    },
    asRoot: true,
  },
]

for (const { what, change, takeAway, asRoot } of inItsPlace) {
  const look = asRoot ? asRootOnly : test
  look(`in its place ${what}: nothing changes until it is gone`, async () => {
    put(holdOf(1))
    await comesTo(1, 'the one before')
    change()
    await stays(1, what)
    assert.is((await health(gateway)).rollback?.to, (await health(gateway)).revision)
    takeAway()
    await comesTo(2, 'gone')
  })
}

test('one that asks for what is not kept fails, and the one before stays in force', async () => {
  put(holdOf(1))
  await comesTo(1, 'the one before')
  const { to: _, ...rest } = JSON.parse(holdOf(0))
  put(JSON.stringify({ ...rest, to: `sha256:${'f'.repeat(64)}` }))
  await stays(1, 'it cannot be made')
  const [statement] = await readStatements(join(state, 'gateways'))
  assert.is(statement?.state, 'failed')
  assert.match(statement?.problem ?? '', 'is not kept on disk')
  put(holdOf(0))
  await comesTo(0, 'the next one')
})

test('many that follow each other at once: the last counts', async () => {
  for (let round = 0; round < 40; round += 1) {
    put(holdOf(round % 2))
    await sleep(15)
  }
  put(holdOf(0))
  // One before it may be what is being activated at this moment.
  await sleep(1_500)
  await stays(0, 'the last')
})

test.run()
