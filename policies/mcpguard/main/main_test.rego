package mcpguard.main_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.main

_grants := {"reader": {"everything": {"tools": {"echo": {}, "delete_all": {}}}}}

_tiers := {
	"order": [{"role": "reader", "tier": "silver"}, {"role": "free", "tier": "free"}],
	"tiers": {"silver": {"user": {"tokens": 100, "per": "1m", "burst": 20}}, "free": {}},
}

_destructive := {"everything": {"delete_all": "tools:delete"}}

_decision(facts) := decision if {
	decision := main.decision with input as facts
		with data.grants as _grants
		with data.tiers as _tiers
		with data.destructive as _destructive
}

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
		"obligations": [],
		"limits": [_bucket],
	}
}

test_allow_item_without_limits if {
	_decision(fixtures.item(fixtures.call)) == {
		"allow": true,
		"reasons": ["tool-granted"],
		"obligations": [],
	}
}

test_allow_free_tier_is_unlimited if {
	facts := fixtures.as_subject(fixtures.of_server("tools/list", "list"), {"roles": ["free"]})
	_decision(facts) == {"allow": true, "reasons": ["housekeeping"], "obligations": [], "limits": []}
}

test_allow_no_tier_leaves_limits_to_the_host if {
	facts := fixtures.as_subject(fixtures.of_server("tools/list", "list"), {"roles": []})
	_decision(facts) == {"allow": true, "reasons": ["housekeeping"], "obligations": []}
}

test_deny_what_nothing_permits if {
	_decision(fixtures.of_tool("get-env", {})) == {
		"allow": false,
		"reasons": ["not-granted"],
		"obligations": [],
	}
}

test_deny_overrides_permit if {
	_decision(fixtures.of_tool("echo", {"path": "../x"})) == {
		"allow": false,
		"reasons": ["path-unsafe"],
		"obligations": [],
	}
}

test_deny_gives_every_reason_in_order if {
	_decision(fixtures.of_tool("get-env", {"path": "../x"})) == {
		"allow": false,
		"reasons": ["not-granted", "path-unsafe"],
		"obligations": [],
	}
}

_with_token(facts) := fixtures.as_subject(facts, {"method": "oauth"})

test_deny_challenges_a_token if {
	challenged := {
		"allow": false,
		"reasons": ["scope-missing"],
		"obligations": [],
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
	plain := {"allow": false, "reasons": ["scope-missing"], "obligations": []}

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
		_decision(facts) == {"allow": false, "reasons": ["not-granted"], "obligations": []}
	}
	every path in ["subject", "action", "resource"] {
		decision := _decision(fixtures.without(fixtures.call, path))
		decision.allow == false
		"not-granted" in decision.reasons
	}
	_decision(fixtures.without(fixtures.call, "context")).allow == true
}

test_obligations_are_collected if {
	obligation := {"type": "example"}
	decision := main.decision with input as fixtures.call
		with data.grants as _grants
		with data.mcpguard.rules.uris.obligation as {obligation}
	decision.obligations == [obligation]
	item := main.decision with input as fixtures.item(fixtures.call)
		with data.grants as _grants
		with data.mcpguard.rules.uris.obligation as {obligation}
	item.obligations == []
}
