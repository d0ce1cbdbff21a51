package mcpguard.lib.patterns_test

import data.mcpguard.lib.patterns

_names := ["echo", "delete*", "drop_*"]

test_names_in_the_list if {
	every name in ["echo", "delete", "delete_file", "deleteFile", "delete*", "drop_", "drop_x"] {
		patterns.match(_names, name)
	}
	every name in ["", "x", "*"] {
		patterns.match(["*"], name)
	}
}

test_other_names if {
	every name in ["", "ech", "echo2", "Echo", "delet", "drop", "drop-x", "undelete", 5, null, ["echo"]] {
		not patterns.match(_names, name)
	}
	not patterns.match([], "echo")
	not patterns.match([], "")
}

test_a_star_inside_is_no_pattern if {
	not patterns.match(["a*b"], "aXb")
	patterns.match(["a*b"], "a*b")
	not patterns.match(["a*b"], "a")
}

test_what_cannot_be_read_is_every_name if {
	every list in ["echo", "", 5, true, false, null, {}, {"echo": true}, [5], ["x", null], ["x", ["echo"]]] {
		patterns.match(list, "echo")
		patterns.match(list, "other")
	}
}

test_table if {
	patterns.table({}) == {}
	patterns.table({"a": ["b"]}) == {"a": ["b"]}
	every value in [[], ["a"], "a", "", 5, true, false, null] {
		patterns.table(value) == {"": ["*"]}
	}
}
