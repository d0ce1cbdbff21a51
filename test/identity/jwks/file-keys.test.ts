/** Keys from a file: what is saved counts, what is broken does not, and a start without keys fails. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../../src/errors.js'
import { createFileKeys } from '../../../src/identity/jwks/file-keys.js'
import type { KeySource } from '../../../src/identity/jwt/key-source.js'
import { parseStrict } from '../../../src/mcp/json.js'
import { createTestClock } from '../../support/clock.js'
import { keySet, makeKey } from '../../support/jwks.js'

const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-file-keys-'))
test.after(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'keys.json')
const [first, next] = [makeKey('first'), makeKey('next')]

function save(content: unknown): void {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

async function start(log: string[] = []) {
  const clock = createTestClock()
  const keys = await createFileKeys(
    { issuer: 'https://idp.example', path },
    {
      parseJson: (bytes, limits) => {
        const parsed = parseStrict(bytes, limits)
        return parsed.ok ? parsed.value : undefined
      },
      observer: { log: (level, text) => log.push(`${level}: ${text}`) },
      clock,
    },
  )
  return { keys, clock }
}

async function kids(keys: KeySource): Promise<readonly (string | null)[]> {
  return (await keys.keysFor(null, 0)).map((key) => key.kid)
}

for (const [what, prepare, told] of [
  ['is not there', () => rmSync(path, { force: true }), 'cannot be read: ENOENT'],
  ['is empty', () => save(''), 'is not JSON that can be read in one way only'],
  ['has doubled members', () => save('{"keys":[],"keys":[]}'), 'is not JSON that can be read'],
  ['has no keys', () => save({ keys: [] }), 'has no keys'],
  ['has one kid twice', () => save(keySet(first, first)), 'has two keys with the kid "first"'],
  ['is huge', () => save(' '.repeat(1024 * 1024 + 1)), 'it is larger than 1048576 bytes'],
  [
    'is a pipe',
    () => {
      rmSync(path, { force: true })
      execFileSync('mkfifo', [path])
    },
    'it is not a regular file',
  ],
] as const) {
  test(`a start with a file that ${what} fails`, async () => {
    prepare()
    try {
      await start()
      assert.unreachable()
    } catch (thrown) {
      assert.ok(thrown instanceof GuardError, String(thrown))
      assert.is(thrown.code, 'GUARD_CONFIG_INVALID')
      assert.match(thrown.message, told)
      assert.match(thrown.message, path)
    }
  })
}

test('what is saved counts within five seconds; what is broken leaves the last good keys', async () => {
  rmSync(path, { force: true })
  save(keySet(first))
  const log: string[] = []
  const { keys, clock } = await start(log)
  assert.equal(await kids(keys), ['first'])
  const [old] = await keys.keysFor('first', 0)
  /** After an hour, and a reading on the side. */
  async function later() {
    clock.forward(60 * 60_000)
    const found = await kids(keys)
    await new Promise((resolve) => setTimeout(resolve, 50))
    return found
  }
  save(keySet(next))
  assert.ok(keys.holds(old?.thumbprint ?? '', 0))
  clock.forward(5000)
  assert.not(keys.holds(old?.thumbprint ?? '', 0))
  assert.equal(await kids(keys), ['next'])
  for (const broken of ['{"keys":', { keys: [] }, keySet(next, next)]) {
    save(broken)
    assert.equal(await later(), ['next'])
  }
  rmSync(path)
  assert.equal(await later(), ['next'])
  save(keySet(first, next))
  await later()
  assert.equal(await kids(keys), ['first', 'next'])
  assert.equal(
    log.map((line) => line.split(':')[0]),
    ['info', 'info', 'warn', 'info'],
  )
})

test.run()
