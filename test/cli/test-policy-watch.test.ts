/** `test-policy --watch`: what is saved is tested, and nothing is left running. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plantedPolicy } from '../rego/planted-policy.js'
import { folder, startCli } from './support.js'

const home = join(folder, 'policies')
mkdirSync(home, { recursive: true })
writeFileSync(join(home, 'a.rego'), plantedPolicy['a.rego'] ?? '')
const tests = (n: number) =>
  `package a_test\n\ntest_large if data.a.large with input as {"n": ${n}}\n`
writeFileSync(join(home, 'a_test.rego'), tests(11))

/** Of this process; Linux only, elsewhere none are listed. */
function childrenOf(pid: number | undefined): string[] {
  const list = `/proc/${pid}/task/${pid}/children`
  if (!existsSync(list)) return []
  return readFileSync(list, 'utf8')
    .trim()
    .split(' ')
    .filter((one) => one !== '')
}

test('runs again at each save, says what does not compile, and ends with Ctrl-C', async () => {
  const started = startCli(['test-policy', '--watch'], null)
  await started.until(/^PASS: 1\/1\n[\s\S]*s; waiting for changes, Ctrl-C ends\n/)
  writeFileSync(join(home, 'a_test.rego'), tests(1))
  await started.until(/FAIL: 1\/1\n/)
  writeFileSync(join(home, 'a.rego'), 'package a\n\nlarge if\n')
  await started.until(/error: policies\/a\.rego:4:1: /)
  writeFileSync(join(home, 'a.rego'), 'package a\n\nlarge if input.n > 0\n')
  await started.until(/FAIL: 1\/1\n[\s\S]*PASS: 1\/1\n/)
  const children = childrenOf(started.child.pid)
  assert.ok(children.length === 2 || process.platform !== 'linux')
  started.child.kill('SIGINT')
  assert.is((await started.ended).code, 0)
  for (const child of children) assert.not(existsSync(`/proc/${child}/exe`), 'a child is left')
})

test.run()
