/** The floor of signed policies on disk: it only ever rises, and where it cannot be read nobody knows it. */
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createNewest } from '../../src/guard/policy/newest.js'

const root = mkdtempSync(join(tmpdir(), 'mcp-guard-newest-'))
const signed = (serial: number, digit = 'a') => ({ serial, content: `sha256:${digit.repeat(64)}` })
const asRootOnly = process.getuid?.() === 0 ? test : test.skip

test.after(() => rmSync(root, { recursive: true }))

test('it is the highest of this and of other gateways, whoever wrote last', async () => {
  const folder = join(root, 'shared')
  const [ours, theirs] = [createNewest(folder, {}), createNewest(folder, {})]
  assert.is(await ours.read(), null)
  await ours.raise(signed(9))
  await theirs.raise(signed(10, 'b'))
  assert.equal(readdirSync(folder), [`10-${'b'.repeat(64)}`])
  await ours.raise(signed(9))
  for (const one of [ours, theirs, createNewest(folder, {})]) {
    assert.equal(await one.read(), signed(10, 'b'))
  }
})

test('what is no serial there is passed over', async () => {
  const folder = join(root, 'others')
  const newest = createNewest(folder, {})
  await newest.raise(signed(1))
  for (const name of ['99', `99-${'a'.repeat(63)}`, `x99-${'a'.repeat(64)}`]) {
    writeFileSync(join(folder, name), '')
  }
  assert.equal(await createNewest(folder, {}).read(), signed(1))
})

test('where it cannot be written this process still knows it, and that is told', async () => {
  const file = join(root, 'file')
  const logged: string[] = []
  const newest = createNewest(join(file, 'serials'), {
    log: (level, text) => logged.push(`${level} ${text}`),
  })
  writeFileSync(file, '')
  await newest.raise(signed(7))
  assert.match(logged.join(), /^warn after a restart an older signed policy .* would be taken: /)
  rmSync(file)
  assert.equal(await newest.read(), signed(7))
  await newest.raise(signed(6))
  rmSync(join(file, 'serials'), { recursive: true })
  assert.equal(await newest.read(), signed(7), 'a lower one does not lower it')
})

asRootOnly('what another user keeps there is no floor, and none is taken for granted', async () => {
  const folder = join(root, 'foreign')
  await createNewest(folder, {}).raise(signed(3))
  chownSync(folder, 65_534, 65_534)
  const thrown = await createNewest(folder, {}).read().catch(String)
  assert.match(String(thrown), 'which signed policy was the newest so far cannot be read')
  assert.match(String(thrown), 'belongs to somebody else')
})

test.run()
