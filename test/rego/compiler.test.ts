/** The child process: killed at its deadline, without the parent's environment, and never an artefact
 * whose bytes are not the ones that were published. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuardError } from '../../src/errors.js'
import { packageFile } from '../../src/lib/package-root.js'
import { capabilities } from '../../src/rego/compile-policy.js'
import { callCompiler, packedDeadlineMs } from '../../src/rego/compiler.js'
import { formatRego } from '../../src/rego/format-rego.js'
import { folderOf } from './folder.js'

const fmt = { files: { 'a.rego': 'package   a\n' } }

async function failure(promise: Promise<unknown>): Promise<GuardError> {
  try {
    await promise
  } catch (thrown) {
    if (thrown instanceof GuardError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}

test('a bundle has time by its size, and never more than a minute', () => {
  const rows = [
    [0, 30_000],
    [1_000_000, 33_000],
    [9_000_001, 60_000],
    [85_000_000, 60_000],
  ] as const
  for (const [size, ms] of rows) assert.is(packedDeadlineMs(size), ms)
})

test('a child that never ends is killed at its deadline', async () => {
  const query = 'count([x | some x in numbers.range(1, 4000); some y in numbers.range(1, 40000)])'
  const started = performance.now()
  const request = { source: { files: {} }, capabilities: capabilities(), query, input: null }
  const error = await failure(callCompiler('eval', request, { deadlineMs: 1_500 }))
  assert.is(error.code, 'GUARD_POLICY_UNAVAILABLE')
  assert.is(error.message, 'the Rego compiler did not answer within 1500 ms')
  const took = performance.now() - started
  assert.ok(took > 1_400 && took < 6_000, `${took} ms`)
  assert.equal(children(), [])
})

test('an artefact without the digest that is named is refused', async () => {
  const altered = folderOf({})
  const info = JSON.parse(readFileSync(packageFile('compiler', 'rego.json'), 'utf8'))
  copyFileSync(packageFile('compiler', 'rego.wasm'), join(altered, 'rego.wasm'))
  const rows: [string, unknown, RegExp][] = [
    ['another digest', { ...info, sha256: '0'.repeat(64) }, /does not have the digest/],
    ['no digest', { ...info, sha256: '' }, /does not name a digest/],
  ]
  for (const [what, named, text] of rows) {
    writeFileSync(join(altered, 'rego.json'), JSON.stringify(named))
    const error = await failure(callCompiler('fmt', fmt, { artefactFolder: altered }))
    assert.is(error.code, 'GUARD_POLICY_UNAVAILABLE', what)
    assert.match(error.message, text)
  }
  // A module of another kind, its digest not named: it must not even be compiled.
  writeFileSync(join(altered, 'rego.wasm'), '\0asm\x01\0\0\0', 'latin1')
  writeFileSync(join(altered, 'rego.json'), JSON.stringify(info))
  const error = await failure(callCompiler('fmt', fmt, { artefactFolder: altered }))
  assert.match(error.message, /does not have the digest/)
})

test('a place without a compiler says so', async () => {
  const error = await failure(callCompiler('fmt', fmt, { artefactFolder: folderOf({}) }))
  assert.is(error.code, 'GUARD_POLICY_UNAVAILABLE')
  assert.match(
    error.message,
    /^the Rego compiler cannot be read \(install the package again, or run `npm run build` in a clone\): ENOENT/,
  )
})

test('the environment does not reach the child', async () => {
  process.env['NODE_OPTIONS'] = '--require=/nonexistent/hook.cjs'
  try {
    assert.equal(await formatRego(fmt.files), { ok: true, files: { 'a.rego': 'package a\n' } })
  } finally {
    delete process.env['NODE_OPTIONS']
  }
})

test('a policy that uses up the stack is refused as a policy', async () => {
  const rows: [number, string | undefined][] = [
    [500, undefined],
    [20_000, 'policy_too_deep'],
  ]
  for (const [levels, code] of rows) {
    const text = `package a\n\nx := ${'['.repeat(levels)}${']'.repeat(levels)}\n`
    const reply = await callCompiler('fmt', { files: { 'a.rego': text } })
    assert.is(reply.ok ? undefined : reply.problems[0]?.code, code)
  }
})

/** Processes this one has started and that still run; Linux only, elsewhere none are listed. */
function children(): string[] {
  try {
    const list = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim()
    return list === '' ? [] : list.split(' ')
  } catch {
    return []
  }
}

test.run()
