/** Which questions a message and its list are, and what is seen of the list. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Facts, PartialFacts } from '../../src/contracts.js'
import type { Decision } from '../../src/domain.js'
import { completeFacts } from '../../src/policy/complete-facts.js'
import type { Decider } from '../../src/policy/decider.js'
import { judgeFacts, judgeList } from '../../src/policy/judge-facts.js'

function whole(given: PartialFacts): Facts {
  const completed = completeFacts(given)
  if (!completed.ok) throw new Error(JSON.stringify(completed.problems))
  return completed.facts
}

const allowed: Decision = { allow: true, reasons: [], limits: null }
const denied = (listing: 'show' | 'hide' | null): Decision => {
  const challenge = listing === null ? null : { scopes: ['s'], listing }
  return { allow: false, reasons: ['no'], challenge }
}

function deciderOf(decide: (facts: Facts) => Decision): Decider {
  const answer = (facts: object) => ({ decision: decide(facts as Facts), problem: null, spent: 1 })
  return { revision: 'r', decide: answer, decideWhole: answer }
}

test('a denied item is seen where its challenge says so, and nowhere else', () => {
  const decisions: Readonly<Record<string, Decision>> = {
    granted: allowed,
    shown: denied('show'),
    hidden: denied('hide'),
    closed: denied(null),
  }
  const decider = deciderOf(({ resource }) => decisions[resource.id ?? ''] ?? denied(null))
  const facts = whole({ action: { name: 'tools/list' }, resource: { server: 's' } })
  const items = Object.keys(decisions).map((id) => ({ id }))
  assert.equal(
    judgeList(decider, facts, items).map(({ id, visible }) => [id, visible]),
    [
      ['granted', true],
      ['shown', true],
      ['hidden', false],
      ['closed', false],
    ],
  )
})

test('the item that the message is about is asked with its definition, without what it is called with', () => {
  const annotations = { destructiveHint: true }
  const resource = { type: 'tool', id: 'x', server: 's', annotations, arguments: { a: 1 } } as const
  const { asked } = judgeFacts(
    deciderOf(() => allowed),
    whole({ resource }),
  )
  const [item, message] = asked.map(({ facts }) => facts)
  assert.is(asked.length, 2)
  assert.equal([item?.context.question, message?.context.question], ['item', 'message'])
  assert.equal(item?.resource.annotations, annotations)
  assert.is(item?.resource.known, true)
  assert.is(item?.resource.arguments, undefined)
  assert.equal(message?.resource.arguments, { a: 1 })
})

test('another item that it names is one that nobody knows', () => {
  const params = { notifications: { resourceSubscriptions: ['file:///a'] } }
  const resource = { server: 's', labels: { env: 'prod' }, params }
  const { asked } = judgeFacts(
    deciderOf(() => allowed),
    whole({ action: { name: 'subscriptions/listen' }, resource }),
  )
  const [item] = asked
  assert.is(asked.length, 2)
  const { type, id, known, labels } = item?.facts.resource ?? {}
  assert.equal([type, id, known, labels], ['resource', 'file:///a', false, { env: 'prod' }])
})

test('the first denial decides, and nothing is asked after it', () => {
  const resource = { type: 'tool', id: 'x', server: 's' } as const
  const ofItem = deciderOf(({ context }) => (context.question === 'item' ? denied(null) : allowed))
  const judged = judgeFacts(ofItem, whole({ resource }))
  assert.is(judged.decision.allow, false)
  assert.equal(
    judged.asked.map(({ facts }) => facts.context.question),
    ['item'],
  )
  const ofMessage = deciderOf(({ context }) =>
    context.question === 'item' ? allowed : denied(null),
  )
  assert.is(judgeFacts(ofMessage, whole({ resource })).decision.allow, false)
})

test('more items than one message may name are denied unasked', () => {
  const judged = (count: number) => {
    const resourceSubscriptions = Array.from({ length: count }, (_, at) => `file:///${at}`)
    const resource = { server: 's', params: { notifications: { resourceSubscriptions } } }
    const facts = whole({ action: { name: 'subscriptions/listen' }, resource })
    const { decision, asked } = judgeFacts(
      deciderOf(() => allowed),
      facts,
    )
    return [decision.allow, decision.reasons, asked.length]
  }
  assert.equal(judged(201), [false, ['too-many-items'], 0])
  assert.equal(judged(200), [true, [], 201])
})

test('an item that has the name of the server is not the server', () => {
  const resource = { server: 's', params: { notifications: { taskIds: ['s'] } } }
  const { asked } = judgeFacts(
    deciderOf(() => allowed),
    whole({ action: { name: 'subscriptions/listen' }, resource }),
  )
  assert.equal(
    asked.map(({ facts }) => facts.resource.type),
    ['task', 'server'],
  )
})

test.run()
