# METADATA
# title: The decision
# description: >-
#   Composes every package below `mcpguard.rules`. Each may define `permit`, `deny` and `unmet` (sets
#   of codes), `challenge` (scopes that would lift its deny), `limit` (buckets) and `tier`. Deny
#   overrides, and what nothing permits is denied. Everything below `mcpguard.rules` has a say: keep
#   data and test rules of these names out of it.
package mcpguard.main

import data.mcpguard.lib.facts

# METADATA
# title: The one entry point, defined for every input
# description: >-
#   A challenge is a promise: with these scopes the same message passes. So it is made only when
#   something permits the message and every package that denies it can be satisfied by a scope.
# entrypoint: true
decision := {"allow": true, "reasons": sort(_permits), "limits": _limits} if {
	not facts.is_item_question
	count(_permits) > 0
	count(_denials) == 0
} else := {"allow": true, "reasons": sort(_permits)} if {
	count(_permits) > 0
	count(_denials) == 0
} else := {"allow": false, "reasons": sort(_refusals)} if {
	count(_permits) == 0
} else := {
	"allow": false,
	"reasons": sort(_denials),
	"challenge": {"scopes": sort(_scopes), "listing": "show"},
} if {
	facts.can_step_up
	not _final
} else := {"allow": false, "reasons": sort(_denials)}

_permits contains code if some code in data.mcpguard.rules[_].permit

_denials contains code if some code in data.mcpguard.rules[_].deny

# METADATA
# title: Nothing permits it
# custom:
#   code: not-granted
_refusals contains "not-granted"

_refusals contains code if some code in _denials

_refusals contains code if some code in data.mcpguard.rules[_].unmet

# Without any tier or bucket there is no such list, and the configuration's default applies.
_limits := buckets if {
	buckets := sort([bucket | some bucket in data.mcpguard.rules[_].limit])
	count(buckets) > 0
} else := [] if {
	type_name(data.mcpguard.rules[_].tier)
}

_scopes contains scope if some scope in data.mcpguard.rules[_].challenge

# No scope lifts what a package without a challenge denies.
_final if {
	some pkg
	data.mcpguard.rules[pkg].deny[_]
	not _challenging[pkg]
}

_challenging contains pkg if {
	some pkg
	data.mcpguard.rules[pkg].challenge[_]
}
