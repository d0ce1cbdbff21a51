/** A difference between the engines is told as a case small enough to read, with both answers. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { describeDifference, shrink } from '../support/shrink.js'

const policy = `package gen.planted

other := count(input.subject.roles) if {
	input.action.name == "tools/call"
	some role in input.subject.roles
	role != ""
}

odd := joined if {
	name := input.resource.id
	startswith(name, "read")
	joined := concat("", {"a", "b"})
}

out[k] := v if {
	k := "other"
	v := other
}

out[k] := v if {
	k := "odd"
	v := odd
}
`
const facts = {
  subject: { id: 'alice', roles: ['dev', 'ops'], claims: { deep: [1, { a: 2 }] } },
  action: { name: 'tools/call' },
  resource: { id: 'read_file', arguments: { path: '/a' } },
}

test('what does not make the difference is left out, and both answers are there', () => {
  const data = { table: {} }
  const smallest = shrink({ policy, data, facts: JSON.stringify(facts) })
  const told = describeDifference(smallest)
  assert.is(
    told,
    `package gen.planted
odd := joined if {
	joined := concat("", {"a", "b"})
}
out[k] := v if {
	k := "odd"
	v := odd
}
input: {}
data: {"table":{}}
production: {"kind":"defined","value":{"odd":"ba"}}
interpreter: {"kind":"defined","value":{"odd":"ab"}}`,
  )
})

test.run()
