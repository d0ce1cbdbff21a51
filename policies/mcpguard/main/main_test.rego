package mcpguard.main_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.main

_grants := {"reader": {"everything": {"tools": {"echo": {}, "delete_all": {}}}}}

_tiers := {
	"order": [{"role": "reader", "tier": "silver"}, {"role": "free", "tier": "free"}],
	"tiers": {"silver": {"user": {"tokens": 100, "per": "1m", "burst": 20}}, "free": {}},
}

_destructive := {"everything": {"tools:delete": ["delete_all"]}}

# What the shipped rules say. Rules that were added have tests of their own, and may deny here.
_shipped := {name: data.mcpguard.rules[name] |
	some name in {
		"destructive_tools",
		"grants",
		"housekeeping",
		"limits",
		"pins",
		"quarantine",
		"uris",
		"windows",
	}
}

_said(facts, grants, destructive) := rules if {
	rules := _shipped with input as facts
		with data.grants as grants
		with data.tiers as _tiers
		with data.destructive as destructive
		with data.hints as {}
		with data.paths as {"arguments": {"path": true}}
		with data.pins as {}
		with data.quarantine as {}
		with data.tenants as {}
		with data.windows as {}
}

_composed(facts, rules) := decision if {
	decision := main.decision with input as facts with data.mcpguard.rules as rules
}

_decision(facts) := _composed(facts, _said(facts, _grants, _destructive))

_bucket := {
	"name": "user",
	"tier": "silver",
	"key": ["https://idp.example", "acme", "alice"],
	"cost": 1,
	"tokens": 100,
	"per": "1m",
	"burst": 20,
}

test_allow_call if {
	_decision(fixtures.call) == {
		"allow": true,
		"reasons": ["tool-granted"],
		"limits": [_bucket],
	}
}

test_allow_item_without_limits if {
	_decision(fixtures.item(fixtures.call)) == {
		"allow": true,
		"reasons": ["tool-granted"],
	}
}

test_allow_free_tier_is_unlimited if {
	facts := fixtures.as_subject(fixtures.of_server("tools/list", "list"), {"roles": ["free"]})
	_decision(facts) == {"allow": true, "reasons": ["housekeeping"], "limits": []}
}

test_allow_no_tier_leaves_limits_to_the_host if {
	facts := fixtures.as_subject(fixtures.of_server("tools/list", "list"), {"roles": []})
	_decision(facts) == {"allow": true, "reasons": ["housekeeping"]}
}

test_deny_what_nothing_permits if {
	_decision(fixtures.of_tool("get-env", {})) == {
		"allow": false,
		"reasons": ["not-granted"],
	}
}

test_deny_overrides_permit if {
	_decision(fixtures.of_tool("echo", {"path": "../x"})) == {
		"allow": false,
		"reasons": ["path-unsafe"],
	}
}

test_deny_gives_every_reason_in_order if {
	_decision(fixtures.of_tool("get-env", {"path": "../x"})) == {
		"allow": false,
		"reasons": ["not-granted", "path-unsafe"],
	}
}

_with_token(facts) := fixtures.as_subject(facts, {"method": "oauth"})

test_deny_challenges_a_token if {
	challenged := {
		"allow": false,
		"reasons": ["scope-missing"],
		"challenge": {"scopes": ["tools:delete"], "listing": "show"},
	}
	facts := _with_token(fixtures.of_tool("delete_all", {}))
	_decision(facts) == challenged
	_decision(fixtures.item(facts)) == challenged
}

test_allow_with_the_scope if {
	facts := fixtures.as_subject(fixtures.of_tool("delete_all", {}), {"scopes": ["tools:delete"]})
	_decision(facts).allow == true
}

test_deny_without_challenge if {
	plain := {"allow": false, "reasons": ["scope-missing"]}

	# An API key has nobody to ask for a scope.
	_decision(fixtures.of_tool("delete_all", {})) == plain

	# The scope alone would not help: nothing grants the tool.
	ungranted := fixtures.as_subject(_with_token(fixtures.of_tool("delete_all", {})), {"roles": []})
	_decision(ungranted) == object.union(plain, {"reasons": ["not-granted", "scope-missing"]})

	# Nor here: another package denies.
	unsafe := _with_token(fixtures.of_tool("delete_all", {"path": ".."}))
	_decision(unsafe) == object.union(plain, {"reasons": ["path-unsafe", "scope-missing"]})
}

test_deny_every_malformed_input if {
	every facts in fixtures.malformed {
		_decision(facts) == {"allow": false, "reasons": ["not-granted"]}
	}
	every path in ["subject", "action", "resource"] {
		decision := _decision(fixtures.without(fixtures.call, path))
		decision.allow == false
		"not-granted" in decision.reasons
	}
	_decision(fixtures.without(fixtures.call, "context")).allow == true
}

_bounded := {"reader": {"everything": {"tools": {"echo": {"arguments": {"n": {"max": 9}}}}}}}

_by(grants, facts) := _composed(facts, _said(facts, grants, {}))

test_deny_tells_bounds_that_are_not_kept if {
	_by(_bounded, fixtures.of_tool("echo", {"n": 10})).reasons == ["argument-out-of-bounds", "not-granted"]
	_by(_bounded, fixtures.of_tool("echo", {"n": 9})).reasons == ["tool-granted"]
}

test_unmet_is_silent_beside_a_permit if {
	both := object.union(_bounded, {"*": {"everything": {"tools": {"echo": {}}}}})
	_by(both, fixtures.of_tool("echo", {"n": 10})).reasons == ["tool-granted"]
	_by(both, fixtures.of_tool("echo", {"n": 10, "path": ".."})).reasons == ["path-unsafe"]
}

test_limits_of_several_rules_are_in_order if {
	more := {"added": {"limit": [{"name": "a-first", "tier": "t"}]}}
	rules := object.union(_said(fixtures.call, _grants, {}), more)
	_composed(fixtures.call, rules).limits == sort([{"name": "a-first", "tier": "t"}, _bucket])
}
