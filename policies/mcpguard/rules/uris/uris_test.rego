package mcpguard.rules.uris_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.rules.uris

_read(id, canonical) := fixtures.of_uri("resources/read", id, canonical)

test_allow_canonical if uris.deny == set() with input as _read("file:///workspace/a", true)

test_allow_opaque if uris.deny == set() with input as _read("note:To do", false)

test_allow_what_names_no_uri if {
	uris.deny == set() with input as fixtures.call
	uris.deny == set() with input as fixtures.of_server("tools/list", "list")
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
		uris.deny == {"uri-not-canonical"} with input as _read(id, false)
	}
}

test_deny_what_is_no_uri if {
	facts := object.union(_read("demo:a", false), {"resource": {"id": "passwd", "uri": {"scheme": "", "path": "passwd"}}})
	uris.deny == {"uri-not-canonical"} with input as facts
}

test_deny_template_not_canonical if {
	facts := object.union(_read("file:///workspace/../{name}", false), {"resource": {"type": "resource_template"}})
	uris.deny == {"uri-not-canonical"} with input as facts
}

test_deny_missing_uri_member if {
	facts := _read("file:///workspace/a", true)
	every path in ["resource/uri", "resource/uri/canonical"] {
		uris.deny == {"uri-not-canonical"} with input as fixtures.without(facts, path)
	}
	every path in ["resource/uri/scheme", "resource/uri/authority", "resource/uri/path"] {
		uris.deny == {"uri-not-canonical"} with input as fixtures.without(_read("urn:a", false), path)
	}
	uris.deny == {"uri-not-canonical"} with input as _read("file:///workspace/a", "true")
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
		uris.deny == set() with input as fixtures.of_tool("read", arguments)
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
		uris.deny == {"path-unsafe"} with input as fixtures.of_tool("read", arguments)
		facts := object.union(
			fixtures.of_item("prompts/get", "prompt", "p"),
			{"resource": {"arguments": arguments}},
		)
		uris.deny == {"path-unsafe"} with input as facts
	}
}

test_deny_arguments_missing_or_malformed if {
	uris.deny == {"path-unsafe"} with input as fixtures.without(fixtures.call, "resource/arguments")
	every arguments in ["../a", ["../a"], null, 5] {
		uris.deny == {"path-unsafe"} with input as fixtures.of_tool("read", arguments)
	}
}

test_allow_item_question_without_arguments if {
	uris.deny == set() with input as fixtures.item(fixtures.call)
}

test_malformed_facts_name_nothing if {
	every facts in fixtures.malformed {
		uris.deny == set() with input as facts
	}
}
