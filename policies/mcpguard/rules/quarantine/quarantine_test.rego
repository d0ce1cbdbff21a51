package mcpguard.rules.quarantine_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.quarantine

_quarantine := {
	"servers": {
		"everything": {
			"tools": ["echo", "admin_*"],
			"prompts": ["simple"],
			"resources": ["demo://secret/*"],
		},
		"legacy": "all",
		"*": {"tools": ["shell"]},
	},
	"subjects": {"https://idp.example": ["mallory", "bot-*"]},
}

_deny(facts) := _deny_by(_quarantine, facts)

_deny_by(table, facts) := deny if {
	deny := quarantine.deny with input as facts with data.quarantine as table
}

_shut := {"quarantined"}

test_allow_what_is_not_named if {
	every facts in [
		fixtures.of_tool("get-sum", {}),
		fixtures.of_item("prompts/get", "prompt", "echo"),
		fixtures.of_uri("resources/read", "demo://open/a", true),
		fixtures.of_server("tools/list", "list"),
		object.union(fixtures.call, {"resource": {"server": "another"}}),
	] {
		_deny(facts) == set()
		_deny(fixtures.item(facts)) == set()
	}
}

test_deny_items if {
	every facts in [
		fixtures.call,
		fixtures.of_tool("admin_x", {}),
		fixtures.of_tool("shell", {}),
		fixtures.of_item("prompts/get", "prompt", "simple"),
		fixtures.of_uri("resources/read", "demo://secret/a", true),
		fixtures.of_item("resources/read", "resource_template", "demo://secret/{a}"),
		fixtures.without(fixtures.of_tool("shell", {}), "resource/server"),
	] {
		_deny(facts) == _shut
		_deny(fixtures.item(facts)) == _shut
	}
}

test_deny_a_whole_server if {
	every value in ["all", "", true, false, null, 5, [], ["echo"]] {
		table := {"servers": {"everything": value}}
		_deny_by(table, fixtures.call) == _shut
		_deny_by(table, fixtures.of_server("initialize", "session")) == _shut
		_deny_by(table, object.union(fixtures.call, {"resource": {"server": "another"}})) == set()
	}
	_deny_by({"servers": {"*": "all"}}, fixtures.call) == _shut
}

test_deny_a_caller if {
	every id in ["mallory", "bot-7"] {
		facts := fixtures.as_subject(fixtures.of_tool("get-sum", {}), {"id": id})
		_deny(facts) == _shut
		_deny(fixtures.item(facts)) == _shut
		_deny(fixtures.as_subject(facts, {"issuer": "another"})) == set()
		_deny(fixtures.as_subject(fixtures.of_server("initialize", "session"), {"id": id})) == _shut
	}
	_deny(fixtures.as_subject(fixtures.of_tool("get-sum", {}), {"id": "Mallory"})) == set()
}

test_empty_tables_shut_nothing if {
	every table in [{}, {"servers": {}, "subjects": {}}, {"servers": {"everything": {}}}, {"subjects": {"https://idp.example": []}}] {
		_deny_by(table, fixtures.call) == set()
	}
}

test_deny_what_an_entry_could_have_named if {
	every value in [[], ["echo"], "echo", "", 5, true, false, null] {
		_deny_by(value, fixtures.call) == _shut
		_deny_by({"servers": value}, fixtures.call) == _shut
		_deny_by({"subjects": value}, fixtures.call) == _shut
		_deny_by({"server": value}, fixtures.call) == _shut
	}
	every list in [{}, {"get-sum": true}, "get-sum", 5, true, null, [5]] {
		_deny_by({"servers": {"everything": {"tools": list}}}, fixtures.call) == _shut
		_deny_by({"servers": {"everything": {"prompts": list}}}, fixtures.call) == set()
		_deny_by({"subjects": {"https://idp.example": list}}, fixtures.call) == _shut
		_deny_by({"subjects": {"another": list}}, fixtures.call) == set()
	}
	_deny_by({"servers": {"everything": {"tool": ["get-sum"]}}}, fixtures.call) == _shut
	_deny_by({"server": {}}, fixtures.call) == _shut
}

test_malformed_facts_are_nobody if {
	every facts in fixtures.malformed {
		_deny(facts) == set()
	}
}
