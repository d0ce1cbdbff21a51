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
  /** No package is known before `apt-get update`. */
  readonly unknown?: boolean
}

const all = ['python3', 'nginx', 'haproxy', 'openssl', 'strace']

/** A PATH of nothing but stand-ins; apt-get writes down what it was asked. */
function run({ ci = 'true', uid = 0, has = ['apt-get'], aptExit = 0, unknown = false }: Machine) {
  const bin = mkdtempSync(join(folder, 'bin-'))
  const asked = join(bin, 'asked')
  const commands: Record<string, string> = {
    id: `echo ${uid}`,
    'apt-get': `echo "$DEBIAN_FRONTEND $RUNLEVEL $*" >> ${asked}
case "$*" in *update) : > ${bin}/known; exit ${aptExit};; esac
${unknown ? `[ -e ${bin}/known ] || exit 100` : ''}
exit ${aptExit}`,
    ...Object.fromEntries(all.map((name) => [name, ':'])),
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

const missing = `Missing, and not installed: ${all.join(' ')}. `
const rows: [string, Machine, string][] = [
  ['outside CI', { ci: '' }, `${missing}That is done only where CI=true\n`],
  ['where CI is another word', { ci: '1' }, `${missing}That is done only where CI=true\n`],
  ['for anybody but root', { uid: 1000 }, `${missing}That takes root\n`],
  ['without apt-get', { has: [] }, `${missing}There is no apt-get\n`],
  ['where it is there', { has: ['apt-get', ...all] }, ''],
]
for (const [where, machine, said] of rows) {
  test(`nothing is installed ${where}`, () => {
    assert.equal(run(machine), { status: 0, said, calls: [] })
  })
}

const install = (names: string) =>
  `noninteractive 1 -qq install -y --no-install-recommends ${names}`

test('root in CI: what is missing, without starting a service', () => {
  assert.equal(run({ has: ['apt-get', 'haproxy', 'openssl', 'strace'] }), {
    status: 0,
    said: 'Installing python3 nginx (apt-get) ...\nInstalled python3 nginx\n',
    calls: [install('python3 nginx')],
  })
})

test('where packages are not known yet their lists come first', () => {
  const has = ['apt-get', 'python3', 'haproxy', 'openssl', 'strace']
  assert.equal(run({ has, unknown: true }), {
    status: 0,
    said: 'Installing nginx (apt-get) ...\nInstalled nginx\n',
    calls: [install('nginx'), 'noninteractive 1 -qq update', install('nginx')],
  })
})

test('a failure of apt-get is one of the script', () => {
  const { status, said, calls } = run({ aptExit: 100 })
  const names = all.join(' ')
  assert.equal([status, said, calls.length], [100, `Installing ${names} (apt-get) ...\n`, 2])
})

test.run()
