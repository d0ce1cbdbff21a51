/** A change of the compiler's sources without a new compiler is red on every machine, also without Go. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'mcp-guard-digests-'))
const copy = join(folder, 'copy')
const script = join(copy, 'scripts/build-compiler.mjs')
const file = (name: string) => join(copy, 'compiler', name)

test.before.each(() => {
  rmSync(copy, { recursive: true, force: true })
  for (const part of ['scripts', 'compiler']) {
    cpSync(join(root, part), join(copy, part), { recursive: true })
  }
})
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** Without PATH there is no Go. */
function check(): { status: number | null; stderr: string } {
  const env = { PATH: '' }
  const { status, stderr } = spawnSync(process.execPath, [script, '--digests'], { env })
  return { status, stderr: stderr.toString() }
}

const stale = {
  status: 1,
  stderr:
    'the Go sources in compiler/ are not those that rego.wasm.br was built from\n' +
    'run `npm run build:compiler` and commit what it writes\n',
}
const changes: [string, () => void][] = [
  ['a source', () => appendFileSync(file('ops/check.go'), '\n')],
  ['a new source', () => appendFileSync(file('ops/more.go'), 'package ops\n')],
  ['a renamed source', () => renameSync(file('ops/trace.go'), file('ops/traces.go'))],
  ['a removed source', () => rmSync(file('ops/trace.go'))],
  ['go.mod', () => appendFileSync(file('go.mod'), '\n')],
  ['go.sum', () => appendFileSync(file('go.sum'), '\n')],
]
for (const [what, change] of changes) {
  test(`red: ${what}`, () => {
    change()
    assert.equal(check(), stale)
  })
}

test('red: other bytes in rego.wasm.br', () => {
  cpSync(file('rego.json'), file('rego.wasm.br'))
  assert.is(check().status, 1)
})

test('green: as it is committed, and with another test or text', () => {
  assert.equal(check(), { status: 0, stderr: '' })
  appendFileSync(file('ops/paths_test.go'), '\n')
  appendFileSync(file('NOTICE'), '\n')
  assert.equal(check(), { status: 0, stderr: '' })
})

test.run()
