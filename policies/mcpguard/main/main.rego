# METADATA
# title: The decision
# description: >-
#   Composes every package below `mcpguard.rules`. Each may define `permit`, `deny`, `challenge`
#   (scopes that would lift its deny), `limit`, `obligation` (sets) and `tier`. Deny overrides, and
#   what nothing permits is denied. Everything below `mcpguard.rules` has a say: keep data and test
#   rules of these names out of it.
package mcpguard.main

import data.mcpguard.lib.facts

# METADATA
# title: The one entry point, defined for every input
# entrypoint: true
decision := object.union(
	{"allow": true, "reasons": sort(_permits), "obligations": sort(_obligations)},
	_limits,
) if {
	_allowed
} else := object.union({"allow": false, "reasons": sort(_refusals), "obligations": []}, _challenge)

_allowed if {
	count(_permits) > 0
	count(_denials) == 0
}

_permits contains code if some code in data.mcpguard.rules[_].permit

_denials contains code if some code in data.mcpguard.rules[_].deny

_refusals contains code if some code in _denials

# METADATA
# title: Nothing permits it
# custom:
#   code: not-granted
_refusals contains rego.metadata.rule().custom.code if count(_permits) == 0

_obligations contains obligation if {
	not facts.is_item_question
	some obligation in data.mcpguard.rules[_].obligation
}

# Limits are charged for messages. Without any tier or limit the member stays away, and the
# configuration's default applies.
_limits := {"limits": sort(_limit)} if {
	not facts.is_item_question
	_limited
} else := {}

_limited if count(_limit) > 0

_limited if type_name(data.mcpguard.rules[_].tier)

_limit contains limit if some limit in data.mcpguard.rules[_].limit

# A challenge is a promise: with these scopes the same message passes. So it is made only when
# something permits the message and every package that denies it can be satisfied by a scope.
_challenge := {"challenge": {"scopes": sort(_scopes), "listing": "show"}} if {
	facts.can_step_up
	count(_permits) > 0
	count(_final) == 0
} else := {}

_scopes contains scope if some scope in data.mcpguard.rules[_].challenge

_final contains pkg if {
	some pkg
	data.mcpguard.rules[pkg].deny[_]
	not _challenging[pkg]
}

_challenging contains pkg if {
	some pkg
	data.mcpguard.rules[pkg].challenge[_]
}
