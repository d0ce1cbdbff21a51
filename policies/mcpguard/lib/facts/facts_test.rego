package mcpguard.lib.facts_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.lib.facts

test_item_question if {
	facts.is_item_question with input as fixtures.item(fixtures.call)
	not facts.is_item_question with input as fixtures.call
	not facts.is_item_question with input as fixtures.without(fixtures.call, "context/question")
}

test_step_up_is_for_tokens if {
	facts.can_step_up with input as fixtures.as_subject(fixtures.call, {"method": "jwt"})
	facts.can_step_up with input as fixtures.as_subject(fixtures.call, {"method": "oauth"})
	every method in ["api-key", "anonymous", "client-cert", "", null] {
		not facts.can_step_up with input as fixtures.as_subject(fixtures.call, {"method": method})
	}
	not facts.can_step_up with input as {}
}

test_server_keys if {
	facts.server_keys == ["everything", "*"] with input as fixtures.call
	facts.server_keys == ["*"] with input as {}
}

test_role_keys if {
	facts.role_keys == ["reader", "*"] with input as fixtures.call
	facts.role_keys == ["*"] with input as fixtures.as_subject(fixtures.call, {"roles": []})
}

test_nobody_has_no_role_keys if {
	every id in ["", null, 5, ["alice"]] {
		facts.role_keys == [] with input as fixtures.as_subject(fixtures.call, {"id": id})
	}
	facts.role_keys == [] with input as fixtures.without(fixtures.call, "subject/id")
}

test_malformed_facts_say_nothing if {
	every facts_document in fixtures.malformed {
		not facts.can_step_up with input as facts_document
		facts.role_keys == [] with input as facts_document
	}
}

test_what_is_no_item_question_is_false if {
	facts.is_item_question == false with input as {}
}

test_only_true_says_read_only if {
	annotated := object.union(fixtures.call, {"resource": {"annotations": {"readOnlyHint": true}}})
	facts.says_read_only with input as annotated
	every hint in [false, "true", 1, null, [], {}] {
		not _says_read_only({"resource": {"annotations": {"readOnlyHint": hint}}})
	}
	every malformed in fixtures.malformed {
		not _says_read_only(malformed)
	}
}

_says_read_only(given) if facts.says_read_only with input as given
