package mcpguard.rules.pins_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.pins

_old := "sha256:aa"

_pins := {
	"everything": {
		"tools": {"echo": _old},
		"prompts": {"*": "required", "simple": _old},
		"resources": {"demo://a": _old, "*": "required"},
	},
	"empty": {},
	"another": {"tools": {"*": "required"}},
}

_deny(facts) := _deny_by(_pins, facts)

_deny_by(table, facts) := deny if {
	deny := pins.deny with input as facts with data.pins as table
}

_with_digest(facts, digest) := object.union(facts, {"resource": {"known": true, "digest": digest}})

_prompt := fixtures.of_item("prompts/get", "prompt", "simple")

_read := fixtures.of_uri("resources/read", "demo://a", true)

_template := fixtures.of_item("resources/read", "resource_template", "demo://a")

test_allow_the_pinned_definition if {
	every facts in [fixtures.call, _prompt, _read, _template] {
		_deny(_with_digest(facts, _old)) == set()
		_deny(fixtures.item(_with_digest(facts, _old))) == set()
	}
}

test_deny_another_definition if {
	every facts in [fixtures.call, _prompt, _read, _template] {
		every digest in ["sha256:bb", "", "required", null, [_old]] {
			_deny(_with_digest(facts, digest)) == {"definition-changed"}
			_deny(fixtures.item(_with_digest(facts, digest))) == {"definition-changed"}
		}
	}
}

test_deny_an_unknown_definition if {
	every facts in [fixtures.call, _prompt, _read, _template] {
		_deny(facts) == {"definition-changed"}
	}
}

test_allow_what_is_not_pinned if {
	_deny(_with_digest(fixtures.of_tool("get-sum", {}), _old)) == set()
	_deny(fixtures.of_tool("get-sum", {})) == set()
	_deny(object.union(fixtures.call, {"resource": {"server": "third"}})) == set()
	_deny(object.union(fixtures.call, {"resource": {"server": "empty"}})) == set()
	_deny(fixtures.without(fixtures.call, "resource/server")) == set()
	_deny_by({}, fixtures.call) == set()
}

test_deny_what_is_not_pinned_where_pins_are_required if {
	_deny(_with_digest(fixtures.of_item("prompts/get", "prompt", "other"), _old)) == {"definition-unpinned"}
	_deny(fixtures.of_uri("resources/read", "demo://b", true)) == {"definition-unpinned"}
	_deny(object.union(fixtures.call, {"resource": {"server": "another"}})) == {"definition-unpinned"}
	every value in ["required", "", false, null, 5] {
		_deny_by({"everything": {"tools": {"*": value}}}, fixtures.call) == {"definition-unpinned"}
	}
}

test_pins_are_for_items if {
	every facts in [fixtures.of_server("tools/list", "list"), fixtures.of_item("tasks/get", "task", "echo")] {
		_deny(facts) == set()
		_deny_by({"everything": null}, facts) == set()
		_deny_by(null, facts) == set()
	}
}

test_deny_by_pins_that_cannot_be_read if {
	every value in [[], ["echo"], "echo", "", 5, true, false, null] {
		_deny_by(value, fixtures.call) == {"definition-unpinned"}
		_deny_by({"everything": value}, fixtures.call) == {"definition-unpinned"}
		_deny_by({"everything": {"tools": value}}, fixtures.call) == {"definition-unpinned"}
		_deny_by({"another": value}, fixtures.call) == set()
		_deny_by({"everything": {"prompts": value}}, fixtures.call) == set()
	}
	_deny_by({"everything": {"tool": {}}}, fixtures.call) == {"definition-unpinned"}
	_deny_by({"everything": {"tool": {"get-sum": _old}, "tools": {"echo": _old}}}, _with_digest(fixtures.call, _old)) == set()
}

test_a_pin_that_is_no_digest_fits_nothing if {
	every value in ["", 5, true, false, null, [_old], {}] {
		_deny_by({"everything": {"tools": {"echo": value}}}, fixtures.call) == {"definition-changed"}
		_deny_by({"everything": {"tools": {"echo": value}}}, _with_digest(fixtures.call, _old)) == {"definition-changed"}
	}
}

test_malformed_facts_are_no_item if {
	every facts in fixtures.malformed {
		_deny(facts) == set()
	}
}
