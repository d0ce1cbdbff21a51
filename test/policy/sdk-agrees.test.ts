/** OPA's own host of compiled policies and ours give the same answers, on a module of theirs as it came. */
import * as opaWasm from '@open-policy-agent/opa-wasm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packageFile } from '../../src/lib/package-root.js'
import { itemFacts, messageFacts } from '../../src/policy/facts.js'
import { compileFolder, evaluatorOf, loadedOf } from './bundles.js'
import { callOf, questionOf } from './questions.js'

/** Its ES module has fewer named exports than its types say; the default export has them all. */
const { loadPolicySync } = ('default' in opaWasm ? opaWasm.default : opaWasm) as typeof opaWasm

const bundle = await compileFolder(packageFile('policies'))

test('the shipped bundle answers alike through either host', () => {
  const theirs = loadPolicySync(new WebAssembly.Module(new Uint8Array(bundle.wasm)), {
    initial: 20,
  })
  theirs.setData(new Uint8Array(bundle.data).buffer)
  const loaded = loadedOf(bundle)
  const ours = evaluatorOf(loaded)
  const tool = { type: 'tool', id: 'read_file', action: 'tools/call' } as const
  const inputs = [
    {},
    { subject: null },
    [],
    'text',
    itemFacts(callOf('read_file'), tool),
    messageFacts(callOf('read_file', { path: '/workspace/ä\u{1f600}' }), [tool]),
    messageFacts(callOf('delete_file', { path: ['\u0000', -1.5e300] }), [
      { ...tool, id: 'delete_file' },
    ]),
    messageFacts(questionOf('ping', {}), []),
    messageFacts(questionOf('tools/list', { cursor: 'x' }), []),
  ]
  const answers = inputs.map((input) => {
    const [row] = theirs.evaluate(input, 'mcpguard/main/decision') as { result: unknown }[]
    const bounds = { maxBytes: 32_768, budget: 1_000_000 }
    const evaluation = ours.evaluate(loaded.entryPoints.decision, JSON.stringify(input), bounds)
    const answer = evaluation.kind === 'defined' ? JSON.parse(evaluation.text) : evaluation.kind
    assert.equal(answer, row?.result ?? 'undefined', JSON.stringify(input))
    return JSON.stringify(answer)
  })
  assert.ok(new Set(answers).size > 1, 'different questions, different answers')
})

test.run()
