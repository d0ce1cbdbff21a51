/** How `rollback` ends: 0 is what every gateway has confirmed, and nothing less. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { stateFolder } from '../../src/config/policy-place.js'
import { readHold, writeHold } from '../../src/guard/policy/hold.js'
import { createRevisions } from '../../src/guard/policy/revisions.js'
import { createStating } from '../../src/guard/policy/statements.js'
import { inProcess } from './in-process.js'
import { folder } from './support.js'

const [one, two] = ['1', '2'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string]
const hold = { id: 'first', to: one, from: [two], since: '2026-11-23T08:00:00Z' }

/** A configuration with a state of its own, in which this rollback is in force. */
async function place(name: string): Promise<{ config: string; state: string }> {
  const config = `${name}.yaml`
  writeFileSync(join(folder, config), `policy: { path: ./policies, state: ./${name} }\n`)
  const state = stateFolder(resolve(folder, name), resolve(folder, 'policies'))
  await writeHold(state, hold)
  return { config, state }
}
const run = (config: string, ...words: string[]) => inProcess(['rollback', '-c', config, ...words])

test('who does not answer has not confirmed it, and the exit is 1', async () => {
  const { config, state } = await place('silent')
  mkdirSync(join(state, 'gateways'), { mode: 0o700 })
  const other = { pid: 1, host: 'another-host', revision: one, hold: hold.id, state: 'done' }
  const file = join(state, 'gateways', '1-000000000000.gateway')
  writeFileSync(file, JSON.stringify({ ...other, problem: null }), { mode: 0o600 })
  assert.equal(await run(config, '--release'), {
    code: 1,
    stdout: '',
    stderr:
      'gateways that have not answered: 1\n' +
      'error: it is ordered and not confirmed: see --list\n',
  })
})

test('a gateway that failed is told of, and the exit is 1', async () => {
  const { config, state } = await place('failed')
  const stating = createStating(join(state, 'gateways'))
  await stating.state({ revision: one, hold: hold.id, state: 'done', problem: null })
  const ending = run(config, '--release')
  while ((await readHold(state)).kind !== 'none') await new Promise(setImmediate)
  await stating.state({ revision: one, hold: null, state: 'failed', problem: 'no such policy' })
  assert.equal(await ending, {
    code: 1,
    stdout: `gateway ${process.pid}: ${one} is active\n`,
    stderr: `gateway ${process.pid}: no such policy\n`,
  })
  await stating.end()
})

test('without a gateway: what is kept and in force is listed, ended, and there is no more to end', async () => {
  const { config, state } = await place('alone')
  await createRevisions(join(state, 'revisions'), {}).keep(one, { files: {} }, null)
  const listed = await run(config, '--list')
  assert.match(listed.stdout, new RegExp(`^${one} {2}\\S+Z {2}active\\n$`))
  assert.is(listed.stderr, `rolled back since ${hold.since}, from ${two}\n`)
  const { rollback, revisions } = JSON.parse(
    (await run(config, '--list', '--format', 'json')).stdout,
  )
  assert.equal([rollback, revisions[0].active], [hold, true])
  const counts = 'no gateway runs with this policy: it counts from the next start on\n'
  assert.equal(await run(config, '--release'), { code: 0, stdout: '', stderr: counts })
  assert.equal(await run(config, '--release'), {
    code: 0,
    stdout: '',
    stderr: 'no rollback is in force\n',
  })
})

const wrong: readonly (readonly [words: string[], message: RegExp])[] = [
  [['--format', 'json'], /^error: --format means nothing without --list\n/],
  [['--to', '1111', '--release'], /^error: .*--to.*--release/],
  [['--to', '1111', '--list'], /^error: .*--to.*--list/],
  [['--list', '--release'], /^error: .*--list.*--release/],
]
for (const [words, message] of wrong) {
  test(`exit 2, and the rollback stays: ${words.join(' ')}`, async () => {
    const { config, state } = await place('wrong')
    const { code, stdout, stderr } = await run(config, ...words)
    assert.equal([code, stdout], [2, ''])
    assert.match(stderr, message)
    assert.equal(await readHold(state), { kind: 'hold', hold })
  })
}

test.run()
