package mcpguard.rules.grants_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.grants

_grants := {
	"reader": {
		"everything": {
			"tools": {
				"echo": {},
				"read_*": {},
				"read_secret": {"arguments": {"reason": {"enum": ["audit"]}}},
				"create_issue": {"arguments": {"repo": {"prefix": "acme/"}, "labels": {"maxItems": 2}}},
				"resize": {"arguments": {"width": {"min": 1, "max": 100}, "title": {"maxLength": 3}}},
			},
			"prompts": {"simple": {}, "city": {"arguments": {"city": {"enum": ["Bern"]}}}},
			"resources": {"file:///workspace/": {}},
			"methods": {"sampling/createMessage": {}, "tasks/*": {}, "custom/known": {}},
		},
		"*": {"tools": {"ping_me": {}}},
	},
	"*": {"everything": {"tools": {"public": {}}}},
	"other": {"everything": {"tools": {"create_issue": {}}}},
	"broken": {"everything": {"tools": {
		"nothing": null,
		"text": "yes",
		"empty_text": "",
		"empty_list": [],
		"both": {"arguments": {"a": {"enum": [1]}}, "argument": {}},
		"misspelt": {"argument": {"a": {"enum": [1]}}},
		"list": {"arguments": ["a"]},
		"unknown_bound": {"arguments": {"a": {"suffix": "x"}}},
		"bound_is_no_object": {"arguments": {"a": "x"}},
		"bound_is_a_list": {"arguments": {"a": []}},
	}}},
	"one_sided": {"everything": {
		"tools": {
			"at_least": {"arguments": {"n": {"min": 1}}},
			"at_most": {"arguments": {"n": {"max": 9}}},
		},
		"prompts": {"nothing": null},
		"resources": {"file:///nothing/": null, "file:///bounded/": {"arguments": {"a": {"min": 1}}}},
		"methods": {"nothing": null, "bounded": {"arguments": {"a": {"min": 1}}}},
	}},
}

_permit(facts) := permit if {
	permit := grants.permit with input as facts with data.grants as _grants with data.tenants as {}
}

_unmet(facts) := unmet if {
	unmet := grants.unmet with input as facts with data.grants as _grants with data.tenants as {}
}

_tenants := {
	"acme": {
		"reader": {"everything": {"tools": {
			"acme_tool": {},
			"bounded": {"arguments": {"n": {"max": 9}}},
		}}},
		"*": {"*": {"tools": {"acme_public": {}}}},
	},
	"globex": {"reader": {"everything": {"tools": {"globex_tool": {}}}}},
}

_by_tenant(facts) := permit if {
	permit := grants.permit with input as facts with data.grants as _grants with data.tenants as _tenants
}

test_allow_by_the_tenant if {
	_by_tenant(fixtures.of_tool("acme_tool", {})) == {"tool-granted"}
	_by_tenant(fixtures.item(fixtures.of_tool("acme_tool", {}))) == {"tool-granted"}
	_by_tenant(fixtures.as_subject(fixtures.of_tool("acme_public", {}), {"roles": []})) == {"tool-granted"}
	_by_tenant(fixtures.of_tool("bounded", {"n": 9})) == {"tool-granted"}
}

test_allow_by_the_tenant_beside_the_general_grants if {
	_by_tenant(fixtures.call) == {"tool-granted"}
	_by_tenant(fixtures.as_subject(fixtures.call, {"tenant": null})) == {"tool-granted"}
}

test_allow_by_one_of_the_two_alone if {
	grants.permit == {"tool-granted"} with input as fixtures.of_tool("acme_tool", {}) with data.grants as "none" with data.tenants as _tenants
	grants.permit == {"tool-granted"} with input as fixtures.call with data.grants as _grants with data.tenants as "none"
}

test_deny_grants_of_another_tenant if {
	_by_tenant(fixtures.of_tool("globex_tool", {})) == set()
	every tenant in [null, "", "initech", "*", 5, ["acme"]] {
		facts := fixtures.as_subject(fixtures.of_tool("acme_tool", {}), {"tenant": tenant})
		_by_tenant(facts) == set()
	}
	_by_tenant(fixtures.without(fixtures.of_tool("acme_tool", {}), "subject/tenant")) == set()
	_by_tenant(fixtures.as_subject(fixtures.of_tool("acme_tool", {}), {"roles": ["other"]})) == set()
	_by_tenant(fixtures.as_subject(fixtures.of_tool("acme_public", {}), {"id": ""})) == set()
}

test_unmet_bounds_are_told if {
	_unmet(fixtures.of_tool("create_issue", {})) == {"argument-out-of-bounds"}
	facts := fixtures.of_tool("bounded", {"n": 10})
	_by_tenant(facts) == set()
	grants.unmet == {"argument-out-of-bounds"} with input as facts with data.grants as {} with data.tenants as _tenants
}

test_unmet_needs_an_entry_with_bounds if {
	every facts in [
		fixtures.call,
		fixtures.of_tool("get-env", {}),
		fixtures.item(fixtures.of_tool("create_issue", {})),
		fixtures.as_subject(fixtures.of_tool("create_issue", {}), {"roles": ["other"]}),
		fixtures.of_item("tools/list", "tool", "create_issue"),
		fixtures.as_subject(fixtures.of_tool("misspelt", {}), {"roles": ["broken"]}),
	] {
		_unmet(facts) == set()
	}
	every facts in fixtures.malformed {
		_unmet(facts) == set()
	}
}

test_allow_exact_tool if {
	_permit(fixtures.call) == {"tool-granted"}
	_permit(fixtures.item(fixtures.call)) == {"tool-granted"}
}

test_allow_tool_prefix if _permit(fixtures.of_tool("read_file", {})) == {"tool-granted"}

test_allow_any_server if {
	facts := object.union(fixtures.of_tool("ping_me", {}), {"resource": {"server": "another"}})
	_permit(facts) == {"tool-granted"}
}

test_allow_everybody_identified if {
	facts := fixtures.as_subject(fixtures.of_tool("public", {}), {"roles": []})
	_permit(facts) == {"tool-granted"}
	_permit(fixtures.as_subject(facts, {"id": "anonymous", "kind": "anonymous"})) == {"tool-granted"}
	_permit(fixtures.as_subject(facts, {"id": ""})) == set()
	_permit(fixtures.without(facts, "subject")) == set()
}

test_allow_second_role_without_bounds if {
	facts := fixtures.as_subject(fixtures.of_tool("create_issue", {}), {"roles": ["reader", "other"]})
	_permit(facts) == {"tool-granted"}
}

test_allow_bounds_that_hold if {
	_permit(fixtures.of_tool("create_issue", {"repo": "acme/site", "labels": ["a", "b"]})) == {"tool-granted"}
	_permit(fixtures.of_tool("create_issue", {"repo": "acme/", "labels": [], "more": 1})) == {"tool-granted"}
	_permit(fixtures.of_tool("resize", {"width": 1, "title": "abc"})) == {"tool-granted"}
	_permit(fixtures.of_tool("resize", {"width": 100, "title": ""})) == {"tool-granted"}
	_permit(fixtures.of_tool("read_secret", {"reason": "audit"})) == {"tool-granted"}
}

test_allow_item_question_whatever_the_bounds if {
	every tool in ["create_issue", "resize", "read_secret"] {
		_permit(fixtures.item(fixtures.of_tool(tool, {}))) == {"tool-granted"}
	}
}

test_deny_bounds_that_do_not_hold if {
	every arguments in [
		{},
		{"repo": "acme/site"},
		{"labels": []},
		{"repo": "other/site", "labels": []},
		{"repo": "acme/../other", "labels": []},
		{"repo": "acme/a\\b", "labels": []},
		{"repo": ["acme/site"], "labels": []},
		{"repo": 5, "labels": []},
		{"repo": null, "labels": []},
		{"repo": "acme/site", "labels": ["a", "b", "c"]},
		{"repo": "acme/site", "labels": "a"},
		{"repo": "acme/site", "labels": {}},
		"acme/site",
		null,
	] {
		_permit(fixtures.of_tool("create_issue", arguments)) == set()
	}
	every arguments in [
		{"width": 0, "title": ""},
		{"width": 101, "title": ""},
		{"width": "50", "title": ""},
		{"width": null, "title": ""},
		{"width": 50, "title": "abcd"},
		{"width": 50, "title": ["a"]},
		{"width": 50},
	] {
		_permit(fixtures.of_tool("resize", arguments)) == set()
	}
}

test_deny_message_without_arguments if {
	_permit(fixtures.without(fixtures.of_tool("create_issue", {}), "resource/arguments")) == set()
}

test_deny_bounds_of_the_more_specific_key if {
	_permit(fixtures.of_tool("read_secret", {"reason": "curiosity"})) == set()
}

test_deny_what_is_not_granted if {
	_permit(fixtures.of_tool("get-env", {})) == set()
	_permit(fixtures.of_tool("Echo", {})) == set()
	_permit(fixtures.of_tool("", {})) == set()
	_permit(object.union(fixtures.call, {"resource": {"server": "another"}})) == set()
	_permit(fixtures.as_subject(fixtures.call, {"roles": []})) == set()
	_permit(fixtures.as_subject(fixtures.call, {"roles": ["nobody"]})) == set()
}

test_deny_entries_that_are_malformed if {
	every tool in ["nothing", "text", "empty_text", "empty_list", "both", "misspelt", "list"] {
		facts := fixtures.as_subject(fixtures.of_tool(tool, {"a": 1}), {"roles": ["broken"]})
		_permit(facts) == set()
		_permit(fixtures.item(facts)) == set()
	}
}

test_deny_bounds_that_are_malformed if {
	every tool in ["unknown_bound", "bound_is_no_object", "bound_is_a_list"] {
		facts := fixtures.as_subject(fixtures.of_tool(tool, {"a": "x"}), {"roles": ["broken"]})
		_permit(facts) == set()
	}
}

test_deny_values_that_sort_beside_numbers if {
	every tool, values in {"at_least": ["5", [5], {}], "at_most": [null, false, true]} {
		every value in values {
			_permit(fixtures.as_subject(fixtures.of_tool(tool, {"n": value}), {"roles": ["one_sided"]})) == set()
		}
	}
	_permit(fixtures.as_subject(fixtures.of_tool("at_least", {"n": 5}), {"roles": ["one_sided"]})) == {"tool-granted"}
}

test_deny_malformed_or_unmet_entries_of_other_lists if {
	every facts in [
		fixtures.of_item("prompts/get", "prompt", "nothing"),
		fixtures.of_item("completion/complete", "prompt", "nothing"),
		fixtures.of_uri("resources/read", "file:///nothing/a", true),
		fixtures.of_uri("resources/read", "file:///bounded/a", true),
		fixtures.of_item("completion/complete", "resource_template", "file:///nothing/{a}"),
		fixtures.of_server("nothing", "unknown"),
		fixtures.of_server("bounded", "unknown"),
	] {
		_permit(fixtures.as_subject(facts, {"roles": ["one_sided"]})) == set()
	}
}

test_deny_missing_member if {
	every path in ["subject/roles", "action/name", "resource/type", "resource/id", "resource/server"] {
		_permit(fixtures.without(fixtures.call, path)) == set()
	}
}

test_deny_missing_question_asks_for_the_bounds if {
	facts := fixtures.item(fixtures.of_tool("create_issue", {}))
	_permit(fixtures.without(facts, "context/question")) == set()
}

test_allow_prompt if {
	_permit(fixtures.of_item("prompts/get", "prompt", "simple")) == {"prompt-granted"}
	facts := object.union(
		fixtures.of_item("prompts/get", "prompt", "city"),
		{"resource": {"arguments": {"city": "Bern"}}},
	)
	_permit(facts) == {"prompt-granted"}
}

test_deny_prompt if {
	_permit(fixtures.of_item("prompts/get", "prompt", "other")) == set()
	_permit(fixtures.of_item("prompts/get", "prompt", "city")) == set()
}

test_allow_completion_of_what_is_granted if {
	_permit(fixtures.of_item("completion/complete", "prompt", "city")) == {"completion-granted"}
	_permit(fixtures.of_item("completion/complete", "resource_template", "file:///workspace/{name}")) == {"completion-granted"}
}

test_deny_completion_of_what_is_not if {
	_permit(fixtures.of_item("completion/complete", "prompt", "other")) == set()
	_permit(fixtures.of_item("completion/complete", "resource_template", "file:///etc/{name}")) == set()
	_permit(fixtures.of_item("completion/complete", "completion", "city")) == set()
}

test_allow_resource if {
	every action in ["resources/read", "resources/subscribe", "resources/unsubscribe"] {
		_permit(fixtures.of_uri(action, "file:///workspace/a", true)) == {"resource-granted"}
	}
	_permit(fixtures.of_item("resources/read", "resource_template", "file:///workspace/{a}")) == {"resource-granted"}
}

test_deny_resource if {
	_permit(fixtures.of_uri("resources/read", "file:///etc/passwd", true)) == set()
	_permit(fixtures.of_uri("resources/read", "file:///workspace2/a", true)) == set()
}

test_allow_method if {
	_permit(fixtures.of_server("sampling/createMessage", "use")) == {"method-granted"}
	_permit(fixtures.of_item("tasks/get", "task", "t-1")) == {"method-granted"}
}

test_allow_unknown_method_by_its_name if {
	_permit(fixtures.of_server("custom/known", "unknown")) == {"method-granted"}
	_permit(fixtures.of_server("custom/known", "notify")) == set()
}

test_a_star_is_no_pattern_for_uris if {
	table := {"reader": {"everything": {"resources": {"file:///other*": {}}}}}
	facts := fixtures.of_uri("resources/read", "file:///other/x", true)
	grants.permit == set() with input as facts with data.grants as table with data.tenants as {}
}

test_deny_method if {
	_permit(fixtures.of_server("elicitation/create", "use")) == set()
	_permit(fixtures.of_server("custom/method", "unknown")) == set()
}

test_deny_method_grant_for_an_item if {
	facts := fixtures.of_tool("get-env", {})
	everything := {"reader": {"everything": {"methods": {"*": {}}}}}
	grants.permit == set() with input as facts with data.grants as everything with data.tenants as {}
}

test_deny_action_that_does_not_fit_the_resource if {
	_permit(fixtures.of_item("prompts/get", "tool", "echo")) == set()
	_permit(fixtures.of_item("tools/call", "prompt", "simple")) == set()
	_permit(fixtures.of_item("tools/call", "resource", "file:///workspace/a")) == set()
	_permit(fixtures.of_item("prompts/get", "tool", "simple")) == set()
	_permit(fixtures.of_item("resources/read", "tool", "file:///workspace/a")) == set()
	_permit(fixtures.of_item("completion/complete", "resource", "file:///workspace/a")) == set()
	_permit(fixtures.of_server("sampling/createMessage", "list")) == set()
}

test_deny_malformed if {
	every facts in fixtures.malformed {
		_permit(facts) == set()
	}
}

test_deny_without_data if {
	every table in [{}, {"reader": ["everything"]}] {
		grants.permit == set() with input as fixtures.call with data.grants as table with data.tenants as {}
	}
}
