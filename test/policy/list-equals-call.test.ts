import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Question } from '../../src/domain.js'
import { createPolicyHolder } from '../../src/policy/activate.js'
import { compileFiles, dataOf } from './bundles.js'
import { identityOf, questionOf } from './questions.js'
import { drawUntil, printedSeed } from './seed.js'

/** Grants by role, server and type; a grant may ask for a scope, want an argument, or break. */
const bundle = await compileFiles({
  'main.rego': `package mcpguard.main

default decision := {"allow": false}

grants contains grant if {
	some role in input.subject.roles
	grant := data.grants[role][input.resource.type][input.resource.id]
}

decision := {"allow": true, "reasons": reasons} if {
	"plain" in grants
	not "broken" in grants
}

decision := {"allow": false, "challenge": {"scopes": ["x"], "listing": "show"}} if {
	grants == {"step-up"}
}

decision := {"allow": args_ok} if grants == {"argument"}

decision := {"allow": grant} if some grant in grants & {"text"}

decision := {"allow": true} if "broken" in grants

decision := {"allow": false} if "broken" in grants

reasons contains input.context.question

default args_ok := false

args_ok if input.context.question == "item"

args_ok if input.resource.arguments.n == 1
`,
})

const names = [
  'read',
  'write',
  'delete',
  'file:///a',
  'file:///b/../c',
  'ä\u{1f600}',
  '__proto__',
  'a b',
]
const roles = ['dev', 'ops', 'ci', 'guest']
const kinds = [
  ['tools', 'tool', 'tools/list', 'tools/call', 'name'],
  ['prompts', 'prompt', 'prompts/list', 'prompts/get', 'name'],
  ['resources', 'resource', 'resources/list', 'resources/read', 'uri'],
] as const

const grant = fc.constantFrom('plain', 'plain', 'step-up', 'argument', 'text', 'broken')
const grants = fc.dictionary(fc.constantFrom(...names), grant, {
  minKeys: 4,
  maxKeys: 8,
  noNullPrototype: true,
})
const byType = fc.record({ tool: grants, prompt: grants, resource: grants })
const policies = fc.array(byType, { minLength: roles.length, maxLength: roles.length })
const asked = fc.record({
  roles: fc.subarray(roles, { minLength: 1 }),
  kind: fc.constantFrom(...kinds),
  ids: fc.array(fc.oneof(fc.constantFrom(...names), fc.string({ minLength: 1 })), {
    maxLength: 30,
  }),
})

test('what is listed may be used or asked for, and what may be used is listed', async () => {
  const reached = { allowed: 0, challenged: 0, hidden: 0, faulted: 0, lists: 0 }

  function tally(call: Question, visible: boolean, kind: string): boolean {
    const point = holder.current()
    const decision = point?.judge(call).decision
    if (decision === undefined) throw new Error('no policy is active')
    if (decision.reasons.includes('policy-fault')) reached.faulted += 1
    if (decision.allow) reached.allowed += 1
    else if (decision.challenge !== null) reached.challenged += 1
    else reached.hidden += 1
    const usable = decision.allow || decision.challenge?.listing === 'show'
    assert.is(visible, usable, `${kind} ${JSON.stringify(call.params)}`)
    return usable
  }

  const holder = createPolicyHolder()
  await drawUntil(reached, 20, () =>
    fc.assert(
      fc.asyncProperty(
        policies,
        fc.array(asked, { minLength: 40, maxLength: 40 }),
        async (rows, asks) => {
          const data = { grants: Object.fromEntries(rows.map((row, index) => [roles[index], row])) }
          await holder.activate({ ...bundle, data: dataOf(data) })
          const withModule = holder.current()
          await holder.activate({
            ...bundle,
            data: dataOf(data),
            hostModule: false,
          })
          const without = holder.current()
          for (const { roles: held, kind: row, ids } of asks) {
            const [kind, , list, use, member] = row
            const change = { identity: identityOf({ roles: held }) }
            const question = questionOf(list, {}, change)
            const seen = await withModule?.visible(question, kind, ids)
            assert.equal(seen, await without?.visible(question, kind, ids))
            reached.lists += 1
            for (const [index, id] of ids.entries()) {
              const call = questionOf(use, { [member]: id, arguments: { n: 1 } }, change)
              tally(call, seen?.[index] ?? false, kind)
            }
          }
        },
      ),
      { numRuns: 12, seed: printedSeed('list = call') },
    ),
  )
  console.log(reached)
})

test.run()
