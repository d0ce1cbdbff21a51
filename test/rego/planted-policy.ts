/**
 * A policy with one of everything a run of tests can say. What differs between the engines is a real
 * difference: base64 without its padding is text to the library that OPA links into every compiled
 * policy, and undefined to its interpreter.
 */
export const plantedPolicy: Readonly<Record<string, string>> = {
  'a.rego': `package a

large if input.n > 10

clash := 1 if input.x

clash := 2 if input.x

decoded := base64.decode(input.text)
`,
  'a_test.rego': `package a_test

import data.a

test_pass if a.large with input as {"n": 11}

test_fail if {
	n := 3
	print("n is", n)
	a.large with input.n as n
}

test_table[name] if {
	some name, n in {"big": 11, "small": 1}
	a.large with input.n as n
}

todo_test_later if false

test_conflict if a.clash == 1 with input as {"x": true}

test_compiled_only if a.decoded == "admin" with input as {"text": "YWRtaW4"}

test_interpreted_only if not a.decoded with input as {"text": "YWRtaW4"}

test_cases_differ[name] if {
	some name, text in {"whole": "YWRtaW4=", "cut": "YWRtaW4"}
	a.decoded == "admin" with input as {"text": text}
}

test_no_input if not input
`,
  'b_test.rego': `package b_test

test_b if true
`,
}
