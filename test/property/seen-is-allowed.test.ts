/**
 * Seen ⊆ allowed: whatever an upstream sends, and however it is framed, cut and labelled, the names
 * that any reader takes from what the client gets are names that policy allows. And an honest list
 * still arrives whole, less what is hidden.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { passAnswer } from '../support/answer-rig.js'
import { allClasses, generateAnswer } from '../support/list-answers.js'
import { namesSeen } from '../support/list-readers.js'
import { seededRandom } from '../support/random.js'

const cases = Number(process.env['PROPERTY_CASES'] ?? 100_000)
const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() & 0xffffff)
const allowed = new Set(['open-tool', 'file:///open', 'a"b\\c', 'tools'])
const names = [...allowed, 'hidden-tool', 'file:///secret', 'hidden', '__proto__']

test(`no reader sees a hidden name in ${cases} generated answers (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  const reached = new Map<string, number>(allClasses.map((name) => [name, 0]))
  const ends = new Map<string, number>()
  let honest = 0
  for (let index = 0; index < cases; index++) {
    const generated = generateAnswer(random, names)
    const view = await passAnswer(generated.answer, {
      expected: { type: 'own', id: 1 },
      allowed: (_, name) => allowed.has(name),
    })
    for (const name of generated.classes) reached.set(name, (reached.get(name) ?? 0) + 1)
    const end = view.failed ?? (view.dropped.length > 0 ? `dropped: ${view.dropped[0]}` : 'passed')
    ends.set(end, (ends.get(end) ?? 0) + 1)
    const seen = namesSeen(view.body)
    const leaked = [...seen].filter((name) => !allowed.has(name))
    if (leaked.length > 0) {
      assert.unreachable(`case ${index} of seed ${seed} (${generated.classes}) shows ${leaked}`)
    }
    if (!generated.honest) continue
    honest++
    const due = [...generated.offered].filter((name) => allowed.has(name)).sort()
    assert.equal([...seen].sort(), due, `case ${index} of seed ${seed}: ${generated.classes}`)
  }
  for (const [name, count] of [...reached].sort()) console.log(`${name} ${count}`)
  for (const [name, count] of [...ends].sort()) console.log(`end ${name} ${count}`)
  console.log(`honest ${honest}`)
  const never = [...reached].filter(([, count]) => count === 0).map(([name]) => name)
  assert.equal(never, [], 'each class is reached')
  assert.ok(honest > cases / 100)
})

test.run()
