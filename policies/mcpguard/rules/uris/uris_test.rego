package mcpguard.rules.uris_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.uris

_paths := {"arguments": {"path": true, "paths": true, "file_path": true, "source": true}}

_deny(facts) := deny if {
	deny := uris.deny with input as facts with data.paths as _paths
}

_read(id, canonical) := fixtures.of_uri("resources/read", id, canonical)

test_allow_canonical if _deny(_read("file:///workspace/a", true)) == set()

test_allow_opaque if _deny(_read("note:To do", false)) == set()

test_allow_what_names_no_uri if {
	_deny(fixtures.call) == set()
	_deny(fixtures.of_server("tools/list", "list")) == set()
}

test_deny_not_canonical if {
	every id in [
		"file:///workspace/../etc/passwd",
		"demo://host/a/%2e%2e/b",
		"file:../etc/passwd",
		"http:a",
		"https:a",
		"ftp:a",
		"ws:a",
		"wss:a",
		"file:a",
		"demo:/a",
		"demo:a/../b",
		"demo:a\\b",
		"demo:a/b",
		"demo:%2e%2e",
		"demo:..",
	] {
		_deny(_read(id, false)) == {"uri-not-canonical"}
	}
}

test_deny_what_is_no_uri if {
	facts := object.union(_read("demo:a", false), {"resource": {"id": "passwd", "uri": {"scheme": "", "path": "passwd"}}})
	_deny(facts) == {"uri-not-canonical"}
}

test_deny_template_not_canonical if {
	facts := object.union(_read("file:///workspace/../{name}", false), {"resource": {"type": "resource_template"}})
	_deny(facts) == {"uri-not-canonical"}
}

test_deny_missing_uri_member if {
	facts := _read("file:///workspace/a", true)
	every path in ["resource/uri", "resource/uri/canonical"] {
		_deny(fixtures.without(facts, path)) == {"uri-not-canonical"}
	}
	every path in ["resource/uri/scheme", "resource/uri/authority", "resource/uri/path"] {
		_deny(fixtures.without(_read("urn:a", false), path)) == {"uri-not-canonical"}
	}
	_deny(_read("file:///workspace/a", "true")) == {"uri-not-canonical"}
}

test_allow_plain_paths if {
	every arguments in [
		{},
		{"path": "/workspace/a.txt"},
		{"path": "a..b"},
		{"paths": ["/a", "/b"]},
		{"path": 5},
		{"message": "../ is not a path here \\"},
	] {
		_deny(fixtures.of_tool("read", arguments)) == set()
	}
}

test_deny_unsafe_paths if {
	every arguments in [
		{"path": "../etc"},
		{"path": "/workspace/../etc"},
		{"path": ".."},
		{"path": "a\\b"},
		{"path": "a\u0000.txt"},
		{"file_path": "../x"},
		{"paths": ["/a", "../b"]},
		{"source": {"nested": ["a", {"deep": "../b"}]}},
	] {
		_deny(fixtures.of_tool("read", arguments)) == {"path-unsafe"}
		facts := object.union(
			fixtures.of_item("prompts/get", "prompt", "p"),
			{"resource": {"arguments": arguments}},
		)
		_deny(facts) == {"path-unsafe"}
	}
}

test_deny_arguments_missing_or_malformed if {
	_deny(fixtures.without(fixtures.call, "resource/arguments")) == {"path-unsafe"}
	every arguments in ["../a", ["../a"], null, 5] {
		_deny(fixtures.of_tool("read", arguments)) == {"path-unsafe"}
	}
}

test_allow_item_question_without_arguments if {
	_deny(fixtures.item(fixtures.call)) == set()
}

test_malformed_facts_name_nothing if {
	every facts in fixtures.malformed {
		_deny(facts) == set()
	}
}
