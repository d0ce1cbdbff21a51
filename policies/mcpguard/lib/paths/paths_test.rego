package mcpguard.lib.paths_test

import data.mcpguard.lib.paths

test_allow_plain if {
	every text in ["", "a", "/workspace/a.txt", "a..b", "..a", "a../b", "...", ".", "./a", "/"] {
		paths.is_plain(text)
	}
}

test_deny_climbing_nul_and_backslash if {
	every text in ["..", "../a", "a/..", "a/../b", "/..", "a\u0000b", "\u0000", "a\\b", "..\\a"] {
		not paths.is_plain(text)
	}
}

test_deny_what_is_no_text if {
	every value in [5, null, true, ["a"], {"a": "b"}] {
		not paths.is_plain(value)
	}
}
