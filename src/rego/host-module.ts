/**
 * The gateway's own Rego: the list question. It asks the operator's decision once per item, with
 * exactly the input a single question has, and adds nothing to the answer; the host's one decision
 * parser judges each. `d.allow` is not looked at here: that would only test truthiness.
 *
 * The input is built anew for each item rather than patched (`with input.resource as item`): patched,
 * the policy could read `input.items` and tell a list from a call.
 */
export const entryPoint = 'mcpguard/main/decision'
export const hostEntryPoint = 'mcpguard/host/decisions'

export const hostModule = `package mcpguard.host

decisions[i] := d if {
	subject := input.subject
	action := input.action
	context := input.context
	some i, item in input.items
	d := data.mcpguard.main.decision with input as {
		"subject": subject,
		"action": action,
		"resource": item,
		"context": context,
	}
}
`
