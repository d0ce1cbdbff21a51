package mcpguard.lib.kinds_test

import data.mcpguard.lib.kinds

test_lists_by_type if {
	every type, list in {
		"tool": "tools",
		"prompt": "prompts",
		"resource": "resources",
		"resource_template": "resources",
	} {
		kinds.of(type) == list
		kinds.exists(list)
	}
}

test_what_is_no_item_has_none if {
	every type in ["server", "task", "completion", "tools", "", null, ["tool"]] {
		not kinds.of(type)
	}
}

test_other_lists_do_not_exist if {
	every name in ["tool", "methods", "*", "", null] {
		not kinds.exists(name)
	}
}
