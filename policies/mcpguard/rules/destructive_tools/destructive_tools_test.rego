package mcpguard.rules.destructive_tools_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.destructive_tools

_destructive := {
	"another": {"delete_file": "another:delete"},
	"everything": {"wipe": "tools:wipe", "broken": {"scope": "tools:wipe"}, "nothing": null},
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

test_deny_malformed_data_without_a_challenge if {
	_deny(_holding("broken", ["tools:wipe"])) == {"scope-missing"}
	_challenge(_holding("broken", ["tools:wipe"])) == set()
	_deny(_holding("nothing", [])) == {"scope-missing"}
}

test_malformed_facts_are_nobody_s_tool if {
	every facts in fixtures.malformed {
		_deny(facts) == set()
	}
}

# The shipped data: every scope is a text, else its tools are refused to everybody.
test_data_is_well_formed if {
	every table in data.destructive {
		every scope in table {
			is_string(scope)
		}
	}
}
