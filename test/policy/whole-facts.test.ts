import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Facts, PartialFacts } from '../../src/contracts.js'
import type { Question } from '../../src/domain.js'
import { listItems, namedItems } from '../../src/mcp/methods.js'
import { completeFacts } from '../../src/policy/complete-facts.js'
import { itemFacts, messageFacts } from '../../src/policy/facts.js'
import { createZoneClock } from '../../src/policy/zones.js'
import { questions } from './arbitrary.js'
import { areFacts, completed } from './completed.js'
import { circumstances, questionOf } from './questions.js'
import { printedSeed } from './seed.js'

/** The generator draws eras and revisions by themselves; a gateway does not. */
function consistent(question: Question): Question {
  const { era } = question.circumstances
  const protocolVersion = era === 'modern' ? '2026-07-28' : '2025-11-25'
  return { ...question, circumstances: { ...question.circumstances, protocolVersion } }
}

const zones = createZoneClock(['Europe/Zurich', 'Asia/Kathmandu'])

function wholeFacts(question: Question): Facts[] {
  const items = namedItems(question.method, question.params) ?? []
  const message = messageFacts(question, items, zones)
  return [...items.map((item) => itemFacts(question, item, zones)), ...(message ? [message] : [])]
}

test('facts that are whole stay as they are', async () => {
  const seed = printedSeed('whole facts')
  let count = 0
  await fc.assert(
    fc.property(questions, (drawn) => {
      for (const facts of wholeFacts(consistent(drawn))) {
        const plain = JSON.parse(JSON.stringify(facts))
        const again = JSON.parse(JSON.stringify(completed(plain)))
        assert.ok(
          isDeepStrictEqual(again, plain),
          `${JSON.stringify(plain)}\n${JSON.stringify(again)}`,
        )
        count += 1
      }
    }),
    { seed, numRuns: 400 },
  )
  assert.ok(count > 300, `${count}`)
})

test('so do those of every method', () => {
  const params = {
    name: 'a',
    uri: 'file:///a',
    taskId: 't',
    ref: { type: 'ref/prompt', name: 'p' },
    notifications: { resourceSubscriptions: ['file:///a', 'file:///b'], taskIds: ['t'] },
  }
  const methods =
    'tools/call prompts/get resources/read resources/subscribe completion/complete tasks/get tasks/cancel subscriptions/listen tools/list notifications/resources/updated notifications/tasks notifications/progress sampling/createMessage stream/open session/close acme/own'
  for (const method of methods.split(' ')) {
    const kind = method.startsWith('notifications/') ? 'notification' : 'request'
    const question = consistent(questionOf(method, params, { kind }))
    for (const facts of wholeFacts(question)) {
      const plain = JSON.parse(JSON.stringify(facts))
      assert.equal(JSON.parse(JSON.stringify(completed(plain))), plain, method)
    }
  }
})

/** Each member of a part stays or goes. */
function thinned(facts: Facts, keep: Iterator<boolean>): PartialFacts {
  const parts = Object.entries(JSON.parse(JSON.stringify(facts)) as Record<string, object>)
  return Object.fromEntries(
    parts.map(([name, part]) => {
      return [name, Object.fromEntries(Object.entries(part).filter(() => keep.next().value))]
    }),
  )
}

test('whatever is taken out of them, they are facts or there is a problem', async () => {
  const seed = printedSeed('parts of facts')
  const counts = { whole: 0, refused: 0 }
  await fc.assert(
    fc.property(questions, fc.infiniteStream(fc.boolean()), (drawn, keep) => {
      for (const facts of wholeFacts(consistent(drawn))) {
        const given = thinned(facts, keep)
        const outcome = completeFacts(given)
        counts[outcome.ok ? 'whole' : 'refused'] += 1
        const isRight = outcome.ok ? areFacts(outcome.facts) : outcome.problems.length > 0
        assert.ok(isRight, JSON.stringify(given))
      }
    }),
    { seed, numRuns: 400 },
  )
  assert.ok(counts.whole > 20 && counts.refused > 20, JSON.stringify(counts))
})

test('items of every list have a question of their own', () => {
  for (const { type, action } of Object.values(listItems)) {
    const facts = itemFacts(questionOf('x', {}, { circumstances: { ...circumstances } }), {
      type,
      id: 'file:///a',
      action,
    })
    const plain = JSON.parse(JSON.stringify(facts))
    assert.equal(JSON.parse(JSON.stringify(completed(plain))), plain)
  }
})

test.run()
