package mcpguard.rules.destructive_tools_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.destructive_tools

_destructive := {
	"another": {"delete_file": "another:delete"},
	"everything": {"wipe": "tools:wipe"},
	"*": {"delete_*": "tools:delete", "delete_draft": "tools:draft", "wipe": "tools:any"},
}

_deny(facts) := deny if {
	deny := destructive_tools.deny with input as facts with data.destructive as _destructive
}

_challenge(facts) := challenge if {
	challenge := destructive_tools.challenge with input as facts with data.destructive as _destructive
}

_holding(id, scopes) := fixtures.as_subject(fixtures.of_tool(id, {}), {"scopes": scopes})

test_allow_tools_that_are_not_named if {
	_deny(fixtures.call) == set()
	_deny(fixtures.of_tool("undelete", {})) == set()
	_deny(fixtures.of_item("prompts/get", "prompt", "wipe")) == set()
}

test_allow_with_the_scope if {
	_deny(_holding("delete_file", ["tools:delete"])) == set()
	_deny(_holding("delete_draft", ["tools:draft"])) == set()
	_deny(_holding("wipe", ["tools:wipe", "tools:any"])) == set()
}

test_deny_without_the_scope if {
	_deny(_holding("delete_file", [])) == {"scope-missing"}
	_challenge(_holding("delete_file", [])) == {"tools:delete"}
	_deny(_holding("delete_draft", ["tools:delete"])) == {"scope-missing"}
	_challenge(_holding("wipe", ["tools:any"])) == {"tools:wipe"}
}

test_deny_the_item_question_too if {
	_deny(fixtures.item(_holding("delete_file", []))) == {"scope-missing"}
}

test_deny_missing_scopes if {
	_deny(fixtures.without(_holding("delete_file", []), "subject/scopes")) == {"scope-missing"}
	_deny(fixtures.without(_holding("delete_file", []), "subject")) == {"scope-missing"}
}

test_deny_missing_server_by_the_general_list if {
	_deny(fixtures.without(_holding("delete_file", []), "resource/server")) == {"scope-missing"}
}

_deny_by(destructive, facts) := deny if {
	deny := destructive_tools.deny with input as facts with data.destructive as destructive
}

_challenge_by(destructive, facts) := challenge if {
	challenge := destructive_tools.challenge with input as facts with data.destructive as destructive
}

_malformed := {"destructive-table-malformed"}

test_deny_every_tool_when_the_data_is_no_object if {
	every destructive in [[], ["echo"], [{"*": {}}], "echo", "", 5, 0, true, false, null] {
		_deny_by(destructive, fixtures.call) == _malformed
		_deny_by(destructive, fixtures.item(fixtures.call)) == _malformed
		_deny_by(destructive, fixtures.of_item("prompts/get", "prompt", "echo")) == set()
	}
}

test_deny_every_tool_of_a_server_whose_entry_is_no_object if {
	every entry in [[], ["delete_file"], "delete_file", "", 5, true, false, null] {
		_deny_by({"everything": entry}, fixtures.call) == _malformed
		_deny_by({"everything": entry}, fixtures.item(fixtures.call)) == _malformed
		_deny_by({"*": entry}, fixtures.call) == _malformed
		_deny_by({"*": entry}, fixtures.without(fixtures.call, "resource/server")) == _malformed
		_deny_by({"another": entry}, fixtures.call) == set()
		_deny_by({"everything": entry}, fixtures.of_item("prompts/get", "prompt", "echo")) == set()
	}
}

test_deny_a_tool_whose_scope_is_no_text if {
	every scope in ["", 5, 0, true, false, null, [], ["tools:wipe"], {"scope": "tools:wipe"}] {
		every destructive in [{"everything": {"wipe": scope}}, {"*": {"wi*": scope}}] {
			holding := _holding("wipe", ["tools:wipe", scope])
			_deny_by(destructive, holding) == _malformed
			_deny_by(destructive, fixtures.item(holding)) == _malformed
			_challenge_by(destructive, holding) == set()
			_deny_by(destructive, fixtures.call) == set()
		}
	}
}

test_deny_a_tool_under_a_starred_key_that_is_too_long if {
	beginning := concat("", [c | some _ in numbers.range(1, 65); c := "x"])
	destructive := {"everything": {concat("", [beginning, "*"]): "tools:wipe"}}
	name := concat("", [beginning, "tail"])
	_deny_by(destructive, _holding(name, ["tools:wipe"])) == _malformed
	_deny_by(destructive, fixtures.item(_holding(name, ["tools:wipe"]))) == _malformed
	_deny_by(destructive, _holding(concat("", ["y", name]), [])) == set()
	_deny_by(destructive, fixtures.call) == set()
}

# A challenge promises that the scope suffices. Beside a malformed entry it would not.
test_deny_malformed_beside_missing_without_a_challenge if {
	every other in [["wipe"], {"wipe": null}] {
		destructive := {"everything": {"wipe": "tools:wipe"}, "*": other}
		_deny_by(destructive, _holding("wipe", [])) == _malformed | {"scope-missing"}
		_challenge_by(destructive, _holding("wipe", [])) == set()
		_deny_by(destructive, _holding("wipe", ["tools:wipe"])) == _malformed
	}
}

test_allow_by_an_empty_table if {
	_deny_by({}, _holding("delete_file", [])) == set()
}

test_malformed_facts_are_nobody_s_tool if {
	every facts in fixtures.malformed {
		_deny(facts) == set()
	}
}

# The shipped data: every scope is a text that is not empty, else its tools are refused.
test_data_is_well_formed if {
	every table in data.destructive {
		every scope in table {
			is_string(scope)
			scope != ""
		}
	}
}
