package mcpguard.lib.facts_test

import data.mcpguard.fixtures_test as fixtures
import data.mcpguard.lib.facts

test_accessors_of_a_call if {
	facts.caller == ["https://idp.example", "acme", "alice"] with input as fixtures.call
	facts.role_keys == {"reader", "*"} with input as fixtures.call
	facts.scopes == set() with input as fixtures.call
	facts.action == "tools/call" with input as fixtures.call
	facts.class == "use" with input as fixtures.call
	facts.resource_type == "tool" with input as fixtures.call
	facts.resource_id == "echo" with input as fixtures.call
	facts.server == "everything" with input as fixtures.call
	facts.server_keys == {"everything", "*"} with input as fixtures.call
	facts.server_keys == {"*"} with input as {}
	facts.arguments == {} with input as fixtures.call
	facts.identified with input as fixtures.call
	not facts.from_server with input as fixtures.call
	not facts.is_item_question with input as fixtures.call
}

test_no_tenant_is_an_empty_part if {
	facts.caller == ["https://idp.example", "", "alice"] with input as fixtures.as_subject(fixtures.call, {"tenant": null})
	facts.caller == ["https://idp.example", "", "alice"] with input as fixtures.without(fixtures.call, "subject/tenant")
}

test_incomplete_caller_has_no_key if {
	facts.caller == [] with input as fixtures.without(fixtures.call, "subject/issuer")
	facts.caller == [] with input as {}
}

test_message_of_a_server if {
	facts.from_server with input as object.union(fixtures.call, {"context": {"direction": "server"}})
}

test_item_question if {
	facts.is_item_question with input as fixtures.item(fixtures.call)
	not facts.arguments with input as fixtures.item(fixtures.call)
}

test_deny_unidentified if {
	not facts.identified with input as fixtures.as_subject(fixtures.call, {"id": ""})
	not facts.identified with input as fixtures.without(fixtures.call, "subject/id")
}

test_step_up_is_for_tokens if {
	facts.can_step_up with input as fixtures.as_subject(fixtures.call, {"method": "jwt"})
	facts.can_step_up with input as fixtures.as_subject(fixtures.call, {"method": "oauth"})
	not facts.can_step_up with input as fixtures.call
	not facts.can_step_up with input as {}
}

test_uri_parts if {
	read := fixtures.of_uri("resources/read", "file:///workspace/a", true)
	facts.uri_is_canonical with input as read
	facts.uri_scheme == "file" with input as read
	facts.uri_authority == "" with input as read
	facts.uri_path == "/workspace/a" with input as read
	not facts.uri_is_canonical with input as fixtures.of_uri("resources/read", "file:///workspace/a", "true")
}

test_malformed_facts_say_nothing if {
	every facts_document in fixtures.malformed {
		not facts.identified with input as facts_document
		not facts.uri_is_canonical with input as facts_document
		not facts.can_step_up with input as facts_document
		not facts.from_server with input as facts_document
		not "*" in facts.role_keys with input as facts_document
	}
}
