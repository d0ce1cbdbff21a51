import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Definitions, JsonObject, Question } from '../../src/domain.js'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { compileFolder } from './bundles.js'
import { identityOf, questionOf } from './questions.js'

const bundle = await compileFolder(fileURLToPath(new URL('../../../policies', import.meta.url)))
const holder = createPolicyHolder()
await holder.activate(bundle)

const server = { name: 'everything', labels: {} }
const definitions: Definitions = {
  of: () => ({ digest: `sha256:${'0'.repeat(64)}`, annotations: {} }),
}
const kinds = [
  ['tools', 'tools/list', 'tools/call', 'name'],
  ['prompts', 'prompts/list', 'prompts/get', 'name'],
  ['resources', 'resources/list', 'resources/read', 'uri'],
  ['resources', 'resources/list', 'resources/subscribe', 'uri'],
] as const
const ids = [
  'echo',
  'get-sum',
  'delete-all',
  'purge_x',
  'simple-prompt',
  'args-prompt',
  'unheard-of',
]
ids.push(
  'demo://resource/dynamic/text/1',
  'demo://resource/dynamic/text/../blob/1',
  'file:///etc/passwd',
)
ids.push(
  'DEMO://resource/dynamic/text/1',
  'demo://resource/dynamic/text/%2e%2e/x',
  '*',
  '__proto__',
)

const callers = [['admin'], ['reader'], ['admin', 'reader'], ['stranger'], []].flatMap((roles) => [
  identityOf({ roles, method: 'api-key' }),
  identityOf({ roles, method: 'oauth' }),
])

type Answer = 'usable' | 'challenged' | 'hidden'

function answerTo(question: Question): Answer {
  const decision = holder.current()?.judge(question).decision
  if (decision?.allow) return 'usable'
  return decision?.challenge?.listing === 'show' ? 'challenged' : 'hidden'
}

test('the shipped policy lists exactly what it lets pass, for every role', async () => {
  const counts: Record<Answer, number> = { usable: 0, challenged: 0, hidden: 0 }
  for (const identity of callers) {
    for (const [kind, list, use, member] of kinds) {
      const change = { identity, server, definitions }
      const answers = ids.map((id) => {
        const params = { [member]: id, arguments: { message: 'hello' } }
        return answerTo(questionOf(use, params, change))
      })
      const seen = await holder.current()?.visible(questionOf(list, {}, change), kind, ids)
      const passing = answers.map((answer) => answer !== 'hidden')
      assert.equal(seen, passing, `${identity.subject.roles} ${identity.subject.method} ${use}`)
      for (const answer of answers) counts[answer] += 1
    }
  }
  console.log(counts)
  for (const [what, count] of Object.entries(counts)) assert.ok(count > 0, what)
})

test('the shipped policy lets nobody in on arguments it was not shown', () => {
  const change = { identity: identityOf({ roles: ['reader'] }), server, definitions }
  const call = (args: unknown) => {
    return questionOf('tools/call', { name: 'echo', arguments: args as string }, change)
  }
  const allowed = (args: unknown) => holder.current()?.judge(call(args)).decision.allow
  assert.is(allowed({ message: 'hello' }), true)
  for (const args of [
    {},
    { message: 1 },
    { message: 'x'.repeat(2_001) },
    null,
    'hello',
    ['hello'],
  ]) {
    assert.is(allowed(args), false, JSON.stringify(args)?.slice(0, 40))
  }
})

test('large arguments are judged, not refused for their size alone', () => {
  const asAdmin = { identity: identityOf({ roles: ['admin'] }), server, definitions }
  const judged = (args: JsonObject) =>
    holder.current()?.judge(questionOf('tools/call', { name: 'echo', arguments: args }, asAdmin))
      .decision.reasons
  const rows = Array.from({ length: 50_000 }, (_, n) => ({ n, text: 'x' }))
  assert.equal(judged({ message: 'x'.repeat(1_000_000) }), ['tool-granted'])
  assert.equal(judged({ rows }), ['tool-granted'])
})

test.run()
