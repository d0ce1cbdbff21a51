package mcpguard.lib.keys_test

import data.mcpguard.lib.keys

_table := {"echo": {}, "read_*": {}, "read_file*": {}, "*": {}}

_long := object.union(_table, {key: {} | some n in numbers.range(1, 100); key := concat("", ["t", format_int(n, 10)])})

_names := {
	"echo": "echo",
	"read_": "read_*",
	"read_x": "read_*",
	"read_file": "read_file*",
	"read_files": "read_file*",
	"read": "*",
	"": "*",
	"*": "*",
	"read_*": "read_*",
	"Echo": "*",
	"écho": "*",
}

test_name_most_specific_key_wins if {
	every name, key in _names {
		keys.for_name(_table, name) == key
	}
}

test_name_long_table_gives_the_same_keys if {
	every name, key in _names {
		keys.for_name(_long, name) == key
	}
	keys.for_name(_long, "t100") == "t100"
	keys.for_name(_long, "t101") == "*"
}

test_name_no_key if {
	every table in [object.remove(_table, ["*"]), object.remove(_long, ["*"]), {}] {
		every name in ["other", "", "ech", "echo ", "rea", 5, null, ["echo"], {"echo": 1}] {
			not keys.for_name(table, name)
		}
	}
}

test_name_one_letter_is_a_beginning if {
	keys.for_name({"r*": {}, "*": {}}, "read") == "r*"
	keys.for_name(object.union(_long, {"r*": {}}), "ride") == "r*"
}

test_name_that_is_no_text_has_no_key if {
	every name in [5, null, true, ["a"], {}] {
		not keys.for_name({"*": {}}, name)
		not keys.for_name(_long, name)
	}
}

test_name_star_inside_is_no_pattern if {
	not keys.for_name({"a*b": {}, "a**": {}}, "aXb")
	not keys.for_name({"a": {}}, "ab")
	keys.for_name({"a**": {}}, "a*x") == "a**"
}

test_name_beginning_is_bounded if {
	beginning := concat("", [c | some _ in numbers.range(1, 64); c := "x"])
	table := {concat("", [beginning, "*"]): {}}
	name := concat("", [beginning, "tail"])
	keys.for_name(table, name) == concat("", [beginning, "*"])
	too_long := {concat("", [beginning, "t*"]): {}}
	not keys.for_name(too_long, name)
	not keys.for_name(object.union(_without_star, too_long), name)
}

_without_star := object.remove(_long, ["*"])

test_name_false_and_null_entries_are_keys if {
	keys.for_name({"echo": false, "*": {}}, "echo") == "echo"
	keys.for_name({"echo": null, "*": {}}, "echo") == "echo"
}

_uris := {
	"file:///workspace/": {},
	"file:///workspace/private/": {},
	"file:///etc/hosts": {},
	"demo://a": {},
}

test_uri_most_specific_key_wins if {
	every uri, key in {
		"file:///workspace/": "file:///workspace/",
		"file:///workspace/a/b.txt": "file:///workspace/",
		"file:///workspace/private/x": "file:///workspace/private/",
		"file:///workspace/{+path}": "file:///workspace/",
		"file:///etc/hosts": "file:///etc/hosts",
		"demo://a": "demo://a",
	} {
		keys.for_uri(_uris, uri) == key
	}
}

test_uri_no_key if {
	every uri in [
		"file:///workspace",
		"file:///workspace-secret/a",
		"file:///etc/hosts.bak",
		"file:///etc/hosts/a",
		"FILE:///workspace/a",
		"urn:a",
		"",
		"/",
		5,
		null,
		["file:///workspace/"],
	] {
		not keys.for_uri(_uris, uri)
	}
}

test_uri_star if {
	table := object.union(_uris, {"*": {}})
	keys.for_uri(table, "urn:a") == "*"
	keys.for_uri(table, "file:///elsewhere") == "*"
	keys.for_uri(table, "file:///workspace/a") == "file:///workspace/"
	not keys.for_uri(table, 5)
}

test_uri_without_slash_has_no_ancestor if {
	not keys.for_uri({"a/": {}, "/": {}}, "a")
}

test_uri_first_segment_is_an_ancestor if {
	keys.for_uri({"a/": {}}, "a/b") == "a/"
	keys.for_uri({"a/": {}}, "a/") == "a/"
	not keys.for_uri({"/": {}}, "x:/a")
}

_many(n) := concat("", [s | some _ in numbers.range(1, n); s := "a/"])

test_uri_the_last_segment_that_counts if {
	keys.for_uri({_many(32): {}}, concat("", [_many(40), "b"])) == _many(32)
	not keys.for_uri({_many(33): {}}, concat("", [_many(40), "b"]))
}

test_uri_segments_are_bounded if {
	deep := concat("", ["x:", concat("", [s | some _ in numbers.range(1, 40); s := "/a"])])
	keys.for_uri({"x:/a/": {}}, deep) == "x:/a/"
	not keys.for_uri({concat("", [deep, "/"]): {}}, concat("", [deep, "/b"]))
}
