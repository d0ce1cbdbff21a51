/** A compiler that is kept: it answers again and again, and is gone when nobody needs it. */
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askCompiler } from '../../src/rego/ask-compiler.js'
import { openCompilerSession } from '../../src/rego/compiler-session.js'

const request = (text: string) => ({ files: { 'a.rego': text } })
const limit = { silenceMs: 30_000 }
const isLinux = existsSync('/proc/self/task')

function children(): string[] {
  const list = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim()
  return list === '' ? [] : list.split(' ')
}

test('one child answers request after request, until it is idle', async () => {
  const session = openCompilerSession({ idleMs: 300 })
  const first = await session.call('fmt', request('package a\nx:=1\n'), limit)
  assert.equal(first.ok && first.result['files'], { 'a.rego': 'package a\n\nx := 1\n' })
  const before = isLinux ? children() : []
  const refused = await session.call('fmt', request('package a\n\nx :=\n'), limit)
  assert.is(refused.ok ? '' : refused.problems[0]?.code, 'rego_parse_error')
  if (isLinux) {
    assert.is(before.length, 1)
    assert.equal(children(), before)
    await pause(900)
    assert.equal(children(), [])
  }
  assert.ok((await session.call('fmt', request('package b\n'), limit)).ok)
  session.close()
})

test('what broke the compiler off is answered, and the next request has another', async () => {
  const session = openCompilerSession()
  const deep = `package a\n\nx := ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`
  const reply = await session.call('fmt', request(deep), limit)
  assert.is(reply.ok ? '' : reply.problems[0]?.code, 'policy_too_deep')
  assert.ok((await session.call('fmt', request('package a\n'), limit)).ok)
  session.close()
})

test('a mistake of the caller is an error of its own', async () => {
  const session = openCompilerSession()
  try {
    await session.call('fmt', { file: 'a' }, limit)
    assert.unreachable()
  } catch (thrown) {
    assert.match(String(thrown), 'the request does not fit the operation')
  }
  session.close()
})

test('the environment does not reach the child', async () => {
  process.env['NODE_OPTIONS'] = '--require=/nonexistent/hook.cjs'
  const session = openCompilerSession()
  try {
    assert.ok((await session.call('fmt', request('package a\n'), limit)).ok)
  } finally {
    delete process.env['NODE_OPTIONS']
    session.close()
  }
})

test('what is large is asked of a child of its own, and the rest of the session', async () => {
  const session = openCompilerSession()
  session.close()
  const text = (length: number) => request(`package a\n\n# ${'x'.repeat(length)}\n`)
  const small = await askCompiler('fmt', text(10), { session }).catch(String)
  assert.match(String(small), 'the Rego compiler was closed')
  assert.ok((await askCompiler('fmt', text(1_000_001), { session })).ok)
})

test('close ends a request under way', async () => {
  const session = openCompilerSession()
  const asked = session.call('fmt', request('package a\n'), limit)
  session.close()
  try {
    await asked
    assert.unreachable()
  } catch (thrown) {
    assert.match(String(thrown), 'the Rego compiler ended with SIGKILL')
  }
  const later = await session.call('fmt', request('package a\n'), limit).catch(String)
  assert.match(String(later), 'the Rego compiler was closed')
})

test.run()
