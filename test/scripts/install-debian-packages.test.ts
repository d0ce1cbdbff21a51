/** Packages of the system are installed in CI by root and nowhere else, and it is said aloud. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const script = fileURLToPath(
  new URL('../../../scripts/install-debian-packages.sh', import.meta.url),
)
const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-debian-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

interface Machine {
  readonly ci?: string
  readonly uid?: number
  readonly has?: readonly string[]
  readonly aptExit?: number
}

/** A PATH of nothing but stand-ins; apt-get writes down what it was asked. */
function run({ ci = 'true', uid = 0, has = ['apt-get'], aptExit = 0 }: Machine) {
  const bin = mkdtempSync(join(folder, 'bin-'))
  const asked = join(bin, 'asked')
  const commands: Record<string, string> = {
    id: `echo ${uid}`,
    'apt-get': `echo "$DEBIAN_FRONTEND $*" >> ${asked}; exit ${aptExit}`,
    python3: ':',
  }
  for (const name of ['id', ...has]) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${commands[name]}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const env = { PATH: bin, ...(ci === '' ? {} : { CI: ci }) }
  const { status, stdout } = spawnSync('/bin/sh', [script], { env })
  const calls = existsSync(asked) ? readFileSync(asked, 'utf8').trim().split('\n') : []
  return { status, said: stdout.toString(), calls }
}

const missing = 'python3 is missing and not installed: '
const rows: [string, Machine, string][] = [
  ['outside CI', { ci: '' }, `${missing}that is done only where CI=true\n`],
  ['where CI is another word', { ci: '1' }, `${missing}that is done only where CI=true\n`],
  ['for anybody but root', { uid: 1000 }, `${missing}that takes root\n`],
  ['without apt-get', { has: [] }, `${missing}there is no apt-get\n`],
  ['where it is there', { has: ['apt-get', 'python3'] }, ''],
]
for (const [where, machine, said] of rows) {
  test(`nothing is installed ${where}`, () => {
    assert.equal(run(machine), { status: 0, said, calls: [] })
  })
}

test('root in CI: lists first, then python3 alone', () => {
  assert.equal(run({}), {
    status: 0,
    said: 'Installing python3 (apt-get) ...\nInstalled python3\n',
    calls: [
      'noninteractive -qq update',
      'noninteractive -qq install -y --no-install-recommends python3',
    ],
  })
})

test('a failure of apt-get is one of the script', () => {
  const { status, said, calls } = run({ aptExit: 100 })
  assert.equal([status, said, calls.length], [100, 'Installing python3 (apt-get) ...\n', 1])
})

test.run()
