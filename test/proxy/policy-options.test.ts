/**
 * What the configuration says of evaluations holds for messages: their budget, and the zones they
 * know. What the compiler warns of is in the log.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../support/gateway.js'
import { call } from '../support/messages.js'
import { startUpstream } from '../support/upstream.js'

const policy = {
  'main.rego': `package mcpguard.main

default decision := {"allow": false, "reasons": ["no"]}

decision := {"allow": true, "reasons": ["zone"]} if {
	input.resource.id == "zoned"
	input.context.zones["Asia/Kolkata"].weekday
}

decision := {"allow": true, "reasons": ["work"]} if {
	input.resource.id == "costly"
	count([1 | some i in numbers.range(1, 60); some j in numbers.range(1, 60); i == j]) == 60
}
`,
}
const upstream = await startUpstream()
const upstreams = { up: upstream.url }
const asShipped = await startGateway({ upstreams, policy })
const configured = await startGateway({
  upstreams,
  policy,
  policyOptions: { budget: 10_000, timeZones: ['Asia/Kolkata'] },
})

test.after(async () => {
  for (const each of [asShipped, configured]) await each.close()
  await upstream.close()
})

const rows = [
  { what: 'no zone but UTC', gateway: asShipped, tool: 'zoned', reason: 'no' },
  { what: 'a zone that is named', gateway: configured, tool: 'zoned', reason: 'zone' },
  { what: 'a million units', gateway: asShipped, tool: 'costly', reason: 'work' },
  { what: 'ten thousand units', gateway: configured, tool: 'costly', reason: 'policy-budget' },
]
for (const { what, gateway, tool, reason } of rows) {
  test(`${what}: ${tool} is answered by ${reason}`, async () => {
    await gateway.send({ body: call(tool) })
    assert.equal((await gateway.audit()).at(-1)?.reasons, [reason])
  })
}

test('a policy that uses glob.match is warned of in the log, one that does not is not', async () => {
  const slow = await startGateway({
    upstreams,
    policy: {
      'main.rego':
        'package mcpguard.main\n\ndecision := {"allow": glob.match("a*", [], input.resource.id)}\n',
    },
  })
  await slow.close()
  const warnings = (logged: readonly string[]) => logged.filter((line) => /^warn /.test(line))
  assert.is(warnings(slow.logged).length, 1)
  assert.match(
    slow.logged.join('\n'),
    /warn \S*main\.rego:3:23: glob\.match compiles its pattern anew/,
  )
  assert.equal(warnings(asShipped.logged), [])
})

test.run()
