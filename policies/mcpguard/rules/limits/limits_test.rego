package mcpguard.rules.limits_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.limits

_user := {"tokens": 100, "per": "1m", "burst": 20}

_tool := {"tokens": 5, "per": "1h", "burst": 5, "cost": 2}

_tiers := {
	"order": [
		{"role": "admin", "tier": "gold"},
		{"role": "reader", "tier": "silver"},
		{"role": "typo", "tier": "sliver"},
		{"role": "unfinished"},
		{"role": "broken", "tier": "broken"},
		{"role": "free", "tier": "free"},
		{"role": "*", "tier": "basic"},
	],
	"tiers": {
		"gold": {"user": _user},
		"silver": {"user": _user, "tools": {"everything": {"echo": _tool, "delete_*": _tool}}},
		"broken": {"user": null},
		"free": {},
		"basic": {"user": {"tokens": 1, "per": "1m", "burst": 1}},
	},
}

_as(roles) := fixtures.as_subject(fixtures.call, {"roles": roles})

_caller := ["https://idp.example", "acme", "alice"]

_user_bucket(tier) := object.union(_user, {"name": "user", "tier": tier, "key": _caller, "cost": 1})

test_one_bucket_per_caller if {
	limits.limit == [_user_bucket("gold")] with input as _as(["admin"]) with data.tiers as _tiers
}

test_the_first_line_decides if {
	every roles in [["admin", "reader"], ["reader", "admin"], ["free", "admin", "x"]] {
		limits.tier == "gold" with input as _as(roles) with data.tiers as _tiers
	}
}

test_everybody_has_the_last_line if {
	limits.tier == "basic" with input as _as([]) with data.tiers as _tiers
	not limits.tier with input as {} with data.tiers as _tiers
}

test_a_named_tool_has_its_own_bucket if {
	tool := object.union(_tool, {
		"name": "tool",
		"tier": "silver",
		"key": array.concat(_caller, ["everything", "echo"]),
	})
	buckets := limits.limit with input as fixtures.call with data.tiers as _tiers
	sort(buckets) == sort([_user_bucket("silver"), tool])
}

test_a_prefix_shares_one_bucket if {
	buckets := {bucket |
		some id in ["delete_a", "delete_b"]
		some bucket in limits.limit with input as fixtures.of_tool(id, {}) with data.tiers as _tiers
		bucket.name == "tool"
	}
	{bucket.key | some bucket in buckets} == {array.concat(_caller, ["everything", "delete_*"])}
}

test_other_tools_and_servers_have_none if {
	other := object.union(fixtures.call, {"resource": {"server": "another"}})
	every facts in [fixtures.of_tool("get-sum", {}), other, fixtures.of_item("prompts/get", "prompt", "echo")] {
		limits.limit == [_user_bucket("silver")] with input as facts with data.tiers as _tiers
	}
}

test_charged_classes if {
	every class in ["list", "use", "unknown"] {
		limits.limit == [_user_bucket("silver")] with input as fixtures.of_server("x", class) with data.tiers as _tiers
	}
}

test_not_charged if {
	every class in ["session", "notify", "answer"] {
		limits.limit == [] with input as fixtures.of_server("x", class) with data.tiers as _tiers
	}
	facts := object.union(fixtures.of_server("sampling/createMessage", "use"), {"context": {"direction": "server"}})
	limits.limit == [] with input as facts with data.tiers as _tiers
	backwards := object.union(fixtures.call, {"context": {"direction": "server"}})
	limits.limit == [] with input as backwards with data.tiers as _tiers
}

test_a_free_tier_has_no_bucket if {
	limits.limit == [] with input as _as(["free"]) with data.tiers as _tiers
	limits.tier == "free" with input as _as(["free"]) with data.tiers as _tiers
	limits.deny == set() with input as _as(["free"]) with data.tiers as _tiers
}

test_no_line_no_tier if {
	tiers := object.union(_tiers, {"order": [{"role": "admin", "tier": "gold"}]})
	not limits.tier with input as fixtures.call with data.tiers as tiers
	limits.limit == [] with input as fixtures.call with data.tiers as tiers
	limits.deny == set() with input as fixtures.call with data.tiers as tiers
	limits.deny == set() with input as fixtures.call with data.tiers as {}
}

test_deny_tier_that_is_not_in_the_table if {
	every role in ["typo", "unfinished"] {
		limits.deny == {"tier-unknown"} with input as _as([role]) with data.tiers as _tiers
	}
}

test_malformed_bucket_is_not_silent if {
	limits.limit == [{"name": "user"}] with input as _as(["broken"]) with data.tiers as _tiers
}

test_a_bucket_with_a_member_too_many_is_not_silent if {
	every entry in [
		object.union(_user, {"costs": 2}),
		object.union(_user, {"cost": 2, "bursts": 1}),
		object.remove(_user, ["per"]),
		object.union(object.remove(_user, ["burst"]), {"bursts": 20}),
		object.union(object.remove(_user, ["burst"]), {"cost": 1}),
		[1, 2, 3],
		"abc",
		{},
	] {
		tiers := {"order": [{"role": "*", "tier": "t"}], "tiers": {"t": {"user": entry}}}
		limits.limit == [{"name": "user"}] with input as fixtures.call with data.tiers as tiers
	}
}

test_a_cost_is_taken_over if {
	tiers := {"order": [{"role": "*", "tier": "t"}], "tiers": {"t": {"user": object.union(_user, {"cost": 3})}}}
	expected := object.union(_user, {"name": "user", "tier": "t", "key": _caller, "cost": 3})
	limits.limit == [expected] with input as fixtures.call with data.tiers as tiers
}

test_no_tenant_is_an_empty_part if {
	facts := fixtures.as_subject(fixtures.call, {"tenant": null})
	key := ["https://idp.example", "", "alice"]
	buckets := limits.limit with input as facts with data.tiers as _tiers
	{bucket.key | some bucket in buckets} == {key, array.concat(key, ["everything", "echo"])}
}

test_incomplete_caller_has_a_bucket_no_host_accepts if {
	every path in ["subject/issuer", "subject/tenant"] {
		buckets := limits.limit with input as fixtures.without(fixtures.call, path) with data.tiers as _tiers
		{bucket.key | some bucket in buckets} == {[]}
	}
	buckets := limits.limit with input as fixtures.as_subject(fixtures.call, {"tenant": 5}) with data.tiers as _tiers
	{bucket.key | some bucket in buckets} == {[]}
}

_shared := {
	"order": [{"role": "*", "tier": "team"}],
	"tiers": {"team": {"tenant": _tool, "user": _user, "tools": {"everything": {"*": _tool}}}},
}

_tenant_bucket(key) := object.union(_tool, {"name": "tenant", "tier": "team", "key": key})

test_callers_of_a_tenant_share_a_bucket if {
	every id in ["alice", "bob"] {
		buckets := limits.limit with input as fixtures.as_subject(fixtures.call, {"id": id}) with data.tiers as _shared
		sort([bucket.name | some bucket in buckets]) == ["tenant", "tool", "user"]
		_tenant_bucket(["https://idp.example", "acme"]) in buckets
	}
	other := fixtures.as_subject(fixtures.call, {"tenant": "globex", "issuer": "other"})
	buckets := limits.limit with input as other with data.tiers as _shared
	_tenant_bucket(["other", "globex"]) in buckets
}

test_nobody_s_tenant_has_no_bucket if {
	buckets := limits.limit with input as fixtures.as_subject(fixtures.call, {"tenant": null}) with data.tiers as _shared
	sort([bucket.name | some bucket in buckets]) == ["tool", "user"]
}

test_malformed_facts_are_not_charged if {
	every facts in fixtures.malformed {
		limits.limit == [] with input as facts with data.tiers as _tiers
	}
}

# The shipped data, or whatever stands in its place: each line and bucket can take effect.
test_data_is_well_formed if {
	every line in data.tiers.order {
		is_string(line.role)
		is_object(data.tiers.tiers[line.tier])
	}
	every tier in data.tiers.tiers {
		object.keys(tier) - {"user", "tenant", "tools"} == set()
	}
}
