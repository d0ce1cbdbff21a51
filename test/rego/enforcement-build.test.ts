/** What an enforcement build hands over, without the child process: revision, contract, entry points. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hostModule } from '../../src/rego/host-module.js'
import { compile, compileSource, must, onSource } from './reactor-fixture.js'
import { bundleOf } from './tar.js'

const files = {
  'main.rego': 'package mcpguard.main\n\ndecision := {"allow": data.open}\n',
  'data.yaml': 'open: true\n',
}

test('the revision changes with every file that can change a decision, and with no other', () => {
  const revision = (more: Record<string, string>) =>
    String(must(compile({ ...files, ...more }))['revision'])
  const same = [{}, { 'main_test.rego': 'package x\n' }, { 'sub/.signatures.json': '{}' }]
  for (const more of same) assert.is(revision(more), revision({}), JSON.stringify(more))
  const others: Record<string, string>[] = [
    { 'data.yaml': 'open: false\n' },
    { 'data.yaml': 'open: true\n\n' },
    { '.manifest': '{}' },
    { 'more.rego': 'package more\n' },
    { 'lib/data.json': '{}' },
  ]
  const seen = new Set([revision({}), ...others.map(revision)])
  assert.is(seen.size, others.length + 1)
})

test('names and contents are told apart in the revision', () => {
  const of = (name: string, text: string) => must(onSource('inspect', { [name]: text }))['revision']
  assert.is.not(of('a.rego', 'package a\n'), of('b.rego', 'package a\n'))
})

test("the contract is the manifest's; one of the future is passed on for the host to refuse", () => {
  const rows: [string, number][] = [
    ['{}', 1],
    ['{"metadata": {}}', 1],
    ['{"metadata": {"mcpguard": {}}}', 1],
    ['{"metadata": {"mcpguard": {"contract": 1}}}', 1],
    ['{"metadata": {"mcpguard": {"contract": 7}}}', 7],
  ]
  for (const [manifest, contract] of rows) {
    assert.is(must(compile({ ...files, '.manifest': manifest }))['contract'], contract, manifest)
  }
  for (const contract of ['0', '-1', '1.5', '"1"', 'null', '1e9', '[]']) {
    const manifest = `{"metadata": {"mcpguard": {"contract": ${contract}}}}`
    const reply = compile({ ...files, '.manifest': manifest })
    assert.is(reply.problems?.[0]?.['code'], 'manifest_error', contract)
  }
})

test('a compiled bundle must offer the entry point, and is held to the reserved data too', () => {
  const entry = (entrypoint: string, module = '/policy.wasm') =>
    JSON.stringify({ wasm: [{ entrypoint, module }] })
  const rows: [string, string, string][] = [
    [entry('other/decision'), '{}', 'entry_point_missing'],
    ['{}', '{}', 'entry_point_missing'],
    [entry('mcpguard/main/decision', '/gone.wasm'), '{}', 'manifest_error'],
    [entry('mcpguard/main/decision'), '{"mcpguard": {"rules": {}}}', 'reserved_data'],
  ]
  for (const [manifest, data, code] of rows) {
    const packed = bundleOf({ 'policy.wasm': '', '.manifest': manifest, 'data.json': data })
    const reply = compileSource({ bundle: packed.toString('base64') })
    assert.is(reply.problems?.[0]?.['code'], code)
  }
})

test("the gateway's list question sees what a single question sees, item by item", () => {
  const policy = {
    'main.rego': `package mcpguard.main

decision := {"allow": true, "input": input} if input.resource.id != "hidden"
`,
  }
  const question = {
    subject: { id: 'alice' },
    action: { name: 'tools/call' },
    context: { question: 'item' },
  }
  const items = [{ id: 'a' }, { id: 'hidden' }, { id: 'b', server: 's' }]
  const asked = must(
    onSource(
      'eval',
      { ...policy, 'host.rego': hostModule },
      {
        query: 'data.mcpguard.host.decisions',
        input: { ...question, items },
      },
    ),
  )
  const single = (resource: object) => ({ allow: true, input: { ...question, resource } })
  assert.equal(asked['values'], [{ 0: single({ id: 'a' }), 2: single({ id: 'b', server: 's' }) }])
})

test.run()
