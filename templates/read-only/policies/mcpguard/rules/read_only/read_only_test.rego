package mcpguard.rules.read_only_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.read_only

_listed := {"tools": {"everything": ["listed"], "*": ["listed-anywhere"]}}

_deny(facts) := deny if {
	deny := read_only.deny with input as facts with data.read_only as _listed
}

_tool(id, annotations) := object.union(
	fixtures.of_tool(id, {}),
	{"resource": {"known": true, "annotations": annotations}},
)

_refused := {"not-read-only"}

test_allow_what_the_server_marks if {
	facts := _tool("get", {"readOnlyHint": true})
	_deny(facts) == set()
	_deny(fixtures.item(facts)) == set()
}

test_allow_what_is_listed if {
	_deny(_tool("listed", {"readOnlyHint": false})) == set()
	_deny(fixtures.of_tool("listed", {})) == set()
	_deny(object.union(fixtures.of_tool("listed-anywhere", {}), {"resource": {"server": "another"}})) == set()
}

test_deny_everything_else if {
	every annotations in [{}, {"readOnlyHint": false}, {"readOnlyHint": "true"}, {"destructiveHint": false}] {
		facts := _tool("set", annotations)
		_deny(facts) == _refused
		_deny(fixtures.item(facts)) == _refused
	}
}

test_deny_what_another_server_lists if {
	_deny(object.union(fixtures.of_tool("listed", {}), {"resource": {"server": "another"}})) == _refused
}

test_deny_what_is_not_known if _deny(fixtures.of_tool("set", {})) == _refused

test_deny_when_the_list_cannot_be_read if {
	every value in ["listed", {"tools": ["listed"]}, {"tools": {"everything": "listed"}}, null] {
		read_only.deny == _refused with input as fixtures.of_tool("listed", {}) with data.read_only as value
	}
}

test_prompts_and_resources_are_no_tools if {
	_deny(fixtures.of_item("prompts/get", "prompt", "set")) == set()
	_deny(fixtures.of_uri("resources/read", "demo://a", true)) == set()
}
