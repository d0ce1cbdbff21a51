package mcpguard.rules.destructive_tools_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.destructive_tools

_destructive := {
	"another": {"another:delete": ["delete_file"]},
	"everything": {"tools:wipe": ["wipe"]},
	"*": {"tools:delete": ["delete*"], "tools:any": ["wipe"]},
}

_deny(facts) := _deny_by(_destructive, {}, facts)

_challenge(facts) := _challenge_by(_destructive, {}, facts)

_deny_by(destructive, hints, facts) := deny if {
	deny := destructive_tools.deny with input as facts
		with data.destructive as destructive
		with data.hints as hints
}

_challenge_by(destructive, hints, facts) := challenge if {
	challenge := destructive_tools.challenge with input as facts
		with data.destructive as destructive
		with data.hints as hints
}

_holding(id, scopes) := fixtures.as_subject(fixtures.of_tool(id, {}), {"scopes": scopes})

test_allow_tools_that_are_not_named if {
	_deny(fixtures.call) == set()
	_deny(fixtures.of_tool("undelete", {})) == set()
	_deny(fixtures.of_item("prompts/get", "prompt", "wipe")) == set()
}

test_allow_with_the_scope if {
	_deny(_holding("delete_file", ["tools:delete"])) == set()
	_deny(_holding("wipe", ["other", "tools:wipe", "tools:any"])) == set()
	_challenge(_holding("wipe", ["tools:wipe", "tools:any"])) == set()
}

test_deny_without_the_scope if {
	_deny(_holding("delete_file", [])) == {"scope-missing"}
	_challenge(_holding("delete_file", [])) == {"tools:delete"}
	_deny(_holding("deleteFile", ["tools:wipe"])) == {"scope-missing"}
}

test_deny_without_one_of_several_scopes if {
	_deny(_holding("wipe", ["tools:any"])) == {"scope-missing"}
	_challenge(_holding("wipe", ["tools:any"])) == {"tools:wipe"}
	_challenge(_holding("wipe", ["tools:wipe"])) == {"tools:any"}
	_challenge(_holding("wipe", [])) == {"tools:any", "tools:wipe"}
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

_hints := {"*": {"unknown": "s:unknown", "destructiveHint": "s:hint", "noReadOnlyHint": "s:writes"}}

_said(annotations) := object.union(fixtures.call, {"resource": {"known": true, "annotations": annotations}})

_hinted(facts) := _challenge_by({}, _hints, facts)

test_hints_of_a_tool_that_only_reads if {
	_hinted(_said({"readOnlyHint": true})) == set()
	_hinted(_said({"readOnlyHint": true, "destructiveHint": false})) == set()
	_deny_by({}, _hints, _said({"readOnlyHint": true})) == set()
}

test_hint_that_it_destroys if {
	_hinted(_said({"readOnlyHint": true, "destructiveHint": true})) == {"s:hint"}
	_hinted(_said({"readOnlyHint": true, "destructiveHint": "no"})) == {"s:hint"}
	_hinted(_said({"readOnlyHint": true, "destructiveHint": null})) == {"s:hint"}
	_deny_by({}, _hints, _said({"destructiveHint": true})) == {"scope-missing"}
}

test_hint_that_it_only_reads_is_missing if {
	every value in [false, null, "true", 1] {
		_hinted(_said({"readOnlyHint": value})) == {"s:writes"}
	}
	_hinted(_said({})) == {"s:writes"}
	_hinted(fixtures.without(_said({}), "resource/annotations")) == {"s:writes"}
}

test_unknown_definition if {
	_hinted(fixtures.call) == {"s:unknown", "s:writes"}
	_hinted(fixtures.without(fixtures.call, "resource/known")) == {"s:unknown", "s:writes"}
	_hinted(object.union(_said({"readOnlyHint": true}), {"resource": {"known": "true"}})) == {"s:unknown"}
}

test_hints_are_for_tools if {
	_deny_by({}, _hints, fixtures.of_item("prompts/get", "prompt", "echo")) == set()
	_deny_by({}, _hints, fixtures.of_server("tools/list", "list")) == set()
}

test_signs_that_are_not_listed_do_not_count if {
	_deny_by({}, {}, fixtures.call) == set()
	_deny_by({}, {"*": {}}, fixtures.call) == set()
	_deny_by({}, {"another": _hints["*"]}, fixtures.call) == set()
	_challenge_by({}, {"*": {"unknown": "s:unknown"}}, fixtures.call) == {"s:unknown"}
}

test_hints_of_the_server_replace_the_general_ones if {
	_deny_by({}, object.union(_hints, {"everything": {}}), fixtures.call) == set()
	own := object.union(_hints, {"everything": {"unknown": "s:own"}})
	_challenge_by({}, own, fixtures.call) == {"s:own"}
}

test_hints_of_a_missing_server_are_the_general_ones if {
	facts := fixtures.without(fixtures.call, "resource/server")
	_challenge_by({}, _hints, facts) == {"s:unknown", "s:writes"}
}

test_a_sign_that_is_misspelt_is_shown_by_every_tool if {
	hints := {"*": {"readOnly": "s:typo"}}
	_challenge_by({}, hints, _said({"readOnlyHint": true})) == {"s:typo"}
}

test_a_hint_lifts_nothing if {
	facts := object.union(_holding("delete_file", []), {"resource": {"known": true, "annotations": {"readOnlyHint": true}}})
	_deny_by(_destructive, _hints, facts) == {"scope-missing"}
}

_malformed := {"destructive-table-malformed"}

_no_objects := [[], ["echo"], [{"*": {}}], "echo", "", 5, 0, true, false, null]

test_deny_every_tool_when_the_data_is_no_object if {
	every value in _no_objects {
		every facts in [fixtures.call, fixtures.item(fixtures.call)] {
			_deny_by(value, {}, facts) == _malformed
			_deny_by({}, value, facts) == _malformed
		}
		_deny_by(value, value, fixtures.of_item("prompts/get", "prompt", "echo")) == set()
	}
}

test_deny_every_tool_of_a_server_whose_entry_is_no_object if {
	every value in _no_objects {
		every server in ["everything", "*"] {
			_deny_by({server: value}, {}, fixtures.call) == _malformed
			_deny_by({}, {server: value}, fixtures.call) == _malformed
		}
		_deny_by({"*": value}, {}, fixtures.without(fixtures.call, "resource/server")) == _malformed
		_deny_by({"another": value}, {"another": value}, fixtures.call) == set()
	}
}

test_a_list_that_cannot_be_read_names_every_tool if {
	every list in [{}, {"delete_file": true}, "delete_file", "", 5, true, false, null, [5], ["x", null]] {
		_deny_by({"everything": {"tools:wipe": list}}, {}, fixtures.call) == {"scope-missing"}
		_deny_by({"everything": {"tools:wipe": list}}, {}, _holding("echo", ["tools:wipe"])) == set()
	}
}

test_deny_a_tool_whose_scope_is_no_text if {
	_deny_by({"everything": {"": ["wipe"]}}, {}, _holding("wipe", [""])) == _malformed
	_deny_by({"everything": {"": ["wipe"]}}, {}, fixtures.call) == set()
	every scope in ["", 5, 0, true, false, null, [], ["tools:wipe"], {"scope": "tools:wipe"}] {
		holding := _holding("wipe", ["tools:wipe", scope])
		_deny_by({}, {"*": {"unknown": scope}}, holding) == _malformed
		_challenge_by({}, {"*": {"unknown": scope}}, holding) == set()
	}
}

# A challenge promises that the scope suffices. Beside a malformed entry it would not.
test_deny_malformed_beside_missing_without_a_challenge if {
	destructive := {"everything": {"tools:wipe": ["wipe"]}, "*": ["wipe"]}
	_deny_by(destructive, {}, _holding("wipe", [])) == _malformed | {"scope-missing"}
	_challenge_by(destructive, {}, _holding("wipe", [])) == set()
	_deny_by(destructive, {}, _holding("wipe", ["tools:wipe"])) == _malformed
}

test_allow_without_data if {
	destructive_tools.deny == set() with input as _holding("delete_file", [])
		with data.destructive as {}
		with data.hints as {}
}

test_malformed_facts_are_nobody_s_tool if {
	every facts in fixtures.malformed {
		_deny_by(_destructive, _hints, facts) == set()
	}
}
